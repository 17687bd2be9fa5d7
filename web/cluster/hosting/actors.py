"""What runs on the nodes of a Ray cluster, each in a process of its own, and what calls it from elsewhere.

Handles of Ray's actors are `Any`: they have the methods of their class, each with `remote`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...collecting import collect_rarely
from .lending import Answer, Detector, Pictures, Refused
from .messages import Batch, Lapsed, Order, Taken
from .parts import HostOptions, OpenHost, open_host, open_lender

_Part = TypeVar("_Part")


class _Opened(Generic[_Part]):
    """Opened once, by whoever asks first; again by the next one if that fails."""

    def __init__(self, new: Callable[[], AbstractAsyncContextManager[_Part]]) -> None:
        self._new = new
        self._parts = AsyncExitStack()
        self._opening: asyncio.Task[_Part] | None = None

    async def open(self) -> _Part:
        if self._opening is None:
            self._opening = asyncio.create_task(self._parts.enter_async_context(self._new()))
        try:
            return await self.there()
        except Exception:
            self._opening = None
            raise

    async def there(self) -> _Part:
        if self._opening is None:
            raise RuntimeError("it has not begun")
        return await asyncio.shield(self._opening)


class HostActor:
    """A `web.cluster.hosting.link.Remote`, and a `RemoteScorer`, on the machine that it stands for."""

    def __init__(self, options: HostOptions) -> None:
        logging.basicConfig(level=logging.INFO)
        self._options = options
        self._opened = _Opened(self.opening)
        self._scorers: Mapping[str, Any] = {}

    def opening(self) -> AbstractAsyncContextManager[OpenHost]:
        return open_host(self._options)

    async def begin(self, term: int, scorers: Mapping[str, Any]) -> bool:
        self._scorers = scorers
        opened = await self._opened.open()
        collect_rarely()
        self._borrow(opened)
        return await opened.host.begin(term)

    async def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None:
        return (await self._opened.there()).host.order(term, orders)

    async def reports(self, term: int, taken: Sequence[Taken]) -> Batch | Lapsed:
        return await (await self._opened.there()).host.reports(term, taken)

    async def know(self, scorers: Mapping[str, Any]) -> None:
        """These score for it from now on, if it has no detector."""
        self._scorers = scorers
        self._borrow(await self._opened.there())

    async def score(self, wanted: Detector, pictures: Pictures, told: Sequence[bool]) -> tuple[Answer, ...] | Refused:
        lender = (await self._opened.there()).lender
        if lender is None:
            raise RuntimeError("it has no detector")
        return await lender.score(wanted, pictures, told)

    def _borrow(self, opened: OpenHost) -> None:
        if opened.borrowed is not None:
            opened.borrowed.know({scorer_id: RayScorer(actor) for scorer_id, actor in self._scorers.items()})


class ScorerActor:
    """A `RemoteScorer` on a machine that watches no streams."""

    def __init__(self, options: HostOptions) -> None:
        logging.basicConfig(level=logging.INFO)
        self._opened = _Opened(lambda: open_lender(options))

    async def score(self, wanted: Detector, pictures: Pictures, told: Sequence[bool]) -> tuple[Answer, ...] | Refused:
        return await (await self._opened.open()).score(wanted, pictures, told)


@dataclass(slots=True)
class RayHost:
    """The `Remote` that the service talks to. `scorers` are those that it may borrow, now."""

    actor: Any
    scorers: Mapping[str, Any]

    async def begin(self, term: int) -> bool:
        return bool(await self.actor.begin.remote(term, dict(self.scorers)))

    async def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None:
        answer: Lapsed | None = await self.actor.order.remote(term, list(orders))
        return answer

    async def reports(self, term: int, taken: Sequence[Taken]) -> Batch | Lapsed:
        answer: Batch | Lapsed = await self.actor.reports.remote(term, list(taken))
        return answer

    def know(self, scorers: Mapping[str, Any]) -> None:
        """Have it told, once it has begun."""
        self.scorers = scorers
        self.actor.know.remote(dict(scorers))


@dataclass(frozen=True, slots=True)
class RayScorer:
    """The `RemoteScorer` that a host borrows."""

    actor: Any

    async def score(self, wanted: Detector, pictures: Pictures, told: Sequence[bool]) -> tuple[Answer, ...] | Refused:
        answers: tuple[Answer, ...] | Refused = await self.actor.score.remote(wanted, pictures, list(told))
        return answers
