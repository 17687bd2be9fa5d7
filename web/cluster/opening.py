"""Opens how events travel, as the settings say; no logic."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from ..delivery.journal import EventLog
from ..recording.journal import Along
from ..settings import ConfigError, Settings
from ..store import events
from ..store.kept import MediaFacts
from ..store.store import Store
from .recording import LogRecorder, recording_log

MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Bus:
    """Where events travel between nodes, and what stores them."""

    log: EventLog
    recorder: LogRecorder


@asynccontextmanager
async def open_bus(
    settings: Settings, store: Store, *, describe: Callable[[str], MediaFacts | None], along: Sequence[Along]
) -> AsyncIterator[Bus | None]:
    """The event log and what records it in the store; None where events travel in memory.

    Raises `ConfigError` where the client of NATS is not installed, `StoreError` where NATS or the store fails.
    """
    if settings.bus == MEMORY:
        yield None
        return
    _need_client()
    from .log_opening import open_log  # it needs the client

    async with store.writing() as tx:
        above = await events.ceiling(tx)
    opening = open_log(
        settings.bus, region=settings.region, retention=settings.retention, describe=describe, above=above
    )
    async with (
        opening as log,
        recording_log(log, store, region=settings.region, along=along) as recorder,
    ):
        yield Bus(log, recorder)


@asynccontextmanager
async def followed_log(settings: Settings) -> AsyncIterator[EventLog]:
    """The event log of a service, for a node that reads along. Raises as `open_bus` does."""
    _need_client()
    from .log_opening import read_log  # it needs the client

    async with read_log(settings.bus) as log:
        yield log


def _need_client() -> None:
    if find_spec("nats") is None:
        raise ConfigError("Events on NATS need its client: pip install 'gorewatch[cluster]'.")
