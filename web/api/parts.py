"""What the handlers work with: one frozen value, kept in the application."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from inference.stats import ScorerStats

from ..access.access import Access
from ..cluster.hosting.hosts import Hosts
from ..cluster.opening import Bus
from ..delivery.hub import Hub
from ..delivery.opening import Webhooks
from ..delivery.seats import Seats
from ..heats import Heats
from ..recording.pictures import Pictures
from ..recording.standing import Standing
from ..registry import Registry
from ..settings import Settings
from ..store.counts import Kept
from ..store.store import Store
from ..whatif.replays import Replays


@dataclass(frozen=True, slots=True)
class Detector:
    """The model in use, for people."""

    name: str
    version: str
    provider: str
    """Where it really runs."""
    variant: str
    """Which of its files is used."""
    heat_px: tuple[int, int] | None = None
    """Width and height of the pictures in which it tells where; None of one that does not."""


class Workers(Protocol):
    """What readiness and metrics ask of the pool."""

    @property
    def ready(self) -> bool: ...
    @property
    def restarts(self) -> int:
        """Workers replaced since the start."""
        ...


class Scoring(Protocol):
    """What metrics ask of the scorer."""

    def stats(self) -> ScorerStats: ...


class Exposition(Protocol):
    """The metrics as text."""

    def render(self, kept: Kept | None) -> tuple[bytes, Mapping[str, str]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Basics:
    """What every node has that people and programs talk to."""

    settings: Settings
    access: Access
    hub: Hub
    seats: Seats


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Basics):
    """Everything that the HTTP interface is in front of."""

    detector: Detector
    workers: Workers
    registry: Registry
    metrics: Exposition
    store: Store
    pictures: Pictures
    standing: Standing
    heats: Heats | None
    """None where the detector does not tell where it sees something."""
    replays: Replays
    webhooks: Webhooks
    bus: Bus | None
    hosts: Hosts | None
    """None where the service watches all streams itself."""


BASICS = web.AppKey("basics", Basics)
PARTS = web.AppKey("parts", Parts)


def basics_of(request: web.Request) -> Basics:
    return request.app[BASICS]


def parts_of(request: web.Request) -> Parts:
    return request.app[PARTS]
