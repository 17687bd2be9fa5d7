"""One host as the service sees it: taken on, given orders, heard, given up when it falls silent, and taken on again."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from stream.errors import HostLost

from .hosted import HostedSource
from .messages import Batch, Counted, Lapsed, Load, Open, Order, Receive, Taken
from .placing import HostState, Scorer
from .reasons import why

SILENT_S = 4.0
"""An answer comes within a second: later than this it is not waited for."""
_BEGIN_TIMEOUT_S = 60.0
"""A host that is started loads its detector and starts its workers first."""
PAUSE_S = 0.5
_ORDERS_AFTER_S = 0.01
_TAKEN_AFTER_S = 0.15
"""What was taken goes along with the next question, unless that takes longer: a call costs more than what it says."""
_CLOCKS = 64
MOVED = HostLost("The host that watched it has too much to do.")
DRAINED = HostLost("The host that watched it is taken out of service.")
_log = logging.getLogger("gorewatch.hosts")


class Remote(Protocol):
    """A host, wherever it is. Each raises an exception of any kind when it is not reached."""

    async def begin(self, term: int) -> bool: ...
    async def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None: ...
    async def reports(self, term: int, taken: Sequence[Taken]) -> Batch | Lapsed: ...


class HostLink:
    """Lives on one event loop; `run` keeps it going. `changed` is called when it is up, gone, or has more room."""

    def __init__(
        self,
        host_id: str,
        remote: Remote,
        *,
        most_streams: int,
        cpus: float,
        changed: Callable[[], None],
        scorer: Scorer = "own",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = host_id
        self.scorer: Scorer = scorer
        self.up = self.was_up = False
        self.draining = False
        """It takes no more streams."""
        self.load = Load()
        self.times_lost = 0
        self._remote = remote
        self._changed = changed
        self._clock = clock
        self._term = 0
        self._new = HostState(id=host_id, most_streams=most_streams, cpus=cpus)
        self._state = self._new
        self._sources: dict[int, HostedSource] = {}
        self._orders: list[Order] = []
        self._taken: dict[int, int] = {}
        self._ordered = asyncio.Event()
        self._behind_s: deque[float] = deque(maxlen=_CLOCKS)
        self._trouble = ""
        """Why it was not reached, as it was told last."""

    @property
    def state(self) -> HostState:
        return self._state

    @property
    def stored(self) -> int:
        """Of its streams, those that read what does not change."""
        return sum(source.stored is True for source in self._sources.values())

    @property
    def takes_streams(self) -> bool:
        return self.up and not self.draining

    def open(self, number: int, order: Order) -> HostedSource:
        """Have it open a source of that number, which no other has."""
        source = HostedSource(number, order=self._order, forget=self._forget, clock=self._clock)
        if isinstance(order, Receive) or (isinstance(order, Open) and order.address.is_live_protocol):
            source.stored = False
        self._sources[number] = source
        self._state = self._state.given()
        self._order(order)
        return source

    def give_away(self, failure: HostLost, *, stored: bool = True) -> int:
        """Lose its sources, so that they are opened elsewhere; how many they were.

        `stored`: those too that cannot go on elsewhere, or may not.
        """
        sources = [source for source in self._sources.values() if stored or source.stored is False]
        for source in sources:
            source.lose(failure.failure())
        return len(sources)

    def give_one_away(self) -> bool:
        """Lose the live source that came last, so that it is opened elsewhere; whether there was one."""
        for source in reversed(self._sources.values()):
            if source.stored is False:
                source.lose(MOVED.failure())
                return True
        return False

    async def run(self) -> None:
        """Until cancelled. A host that cannot be reached is tried again and again."""
        while True:
            self._term += 1
            try:
                async with asyncio.timeout(_BEGIN_TIMEOUT_S):
                    begun = await self._remote.begin(self._term)
                if begun:
                    await self._go_on()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever the engine raises, the host is not there
                self._tell_loss(error)
            finally:
                self._lose_all()
            await asyncio.sleep(PAUSE_S)

    async def _go_on(self) -> None:
        """As long as it answers."""
        self.up = self.was_up = True
        self._trouble = ""
        _log.info("the host %s takes streams", self.id)
        self._changed()
        ordering = asyncio.create_task(self._send_orders(), name=f"orders-{self.id}")
        try:
            while not ordering.done():
                async with asyncio.timeout(SILENT_S):
                    batch = await self._remote.reports(self._term, self._all_taken())
                if isinstance(batch, Lapsed):
                    return
                self._hear(batch)
            ordering.result()
        finally:
            ordering.cancel()
            await asyncio.wait({ordering})
            if not ordering.cancelled():
                ordering.exception()

    def _hear(self, batch: Batch) -> None:
        self._behind_s.append(self._clock() - batch.sent_s)
        # The fastest answer of late is the one that says most about the clocks.
        behind_s = min(self._behind_s)
        for report in batch.reports:
            source = self._sources.get(report.source)
            if source is not None:
                source.hear(report, behind_s=behind_s)
                if self.draining and source.stored is False:
                    source.lose(DRAINED.failure())
        counted = any(isinstance(report, Counted) for report in batch.reports)
        if counted or not self._sources:
            self.load = batch.load
            self._state = self._state.measured(batch.load.busy)
            self._changed()

    async def _send_orders(self) -> None:
        while True:
            await self._ordered.wait()
            await asyncio.sleep(_ORDERS_AFTER_S)
            self._ordered.clear()
            orders: list[Order] = [*self._orders, *self._all_taken()]
            self._orders.clear()
            if not orders:
                continue
            async with asyncio.timeout(SILENT_S):
                if isinstance(await self._remote.order(self._term, orders), Lapsed):
                    return

    def _order(self, order: Order) -> None:
        if not self.up:
            return
        if isinstance(order, Taken):
            if not self._taken:
                asyncio.get_running_loop().call_later(_TAKEN_AFTER_S, self._ordered.set)
            self._taken[order.source] = self._taken.get(order.source, 0) + order.samples
        else:
            self._orders.append(order)
            self._ordered.set()

    def _all_taken(self) -> list[Taken]:
        taken, self._taken = self._taken, {}
        return [Taken(number, count) for number, count in taken.items()]

    def _forget(self, number: int) -> None:
        if self._sources.pop(number, None) is not None:
            self._state = self._state.left()
            self._changed()

    def _tell_loss(self, error: Exception) -> None:
        reason = why(error)
        if self.up:
            _log.error("the host %s is lost, with %d streams: %s", self.id, len(self._sources), reason)
        elif reason != self._trouble:
            _log.error("the host %s does not come up: %s", self.id, reason)
        self._trouble = reason

    def _lose_all(self) -> None:
        if not self.up:
            return
        self.up = False
        self.times_lost += 1
        self.give_away(HostLost("The host that watched it is gone."))
        self._orders.clear()
        self._taken.clear()
        self._behind_s.clear()
        self._state = self._new
        self._changed()
