"""A host: reads and scores the sources that the service gives to it, and tells what it finds."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from dataclasses import dataclass

from inference.overheard import Overheard
from inference.pipeline import Tally, run
from stream.errors import InternalFault, SourceError
from stream.sample import Pixels, Source, State, Status

from ...around import Pool, SampleLane
from ...publishing import ReceivedSource
from .messages import (
    Answered,
    Batch,
    Close,
    Hurry,
    Lapsed,
    Load,
    Open,
    Order,
    Receive,
    Report,
    Restarted,
    Stated,
    Taken,
    Trickle,
)
from .watched import Watched

_WAIT_S = 1.0
"""For something to tell, before nothing is told."""
_GATHER_S = 0.1
"""What comes so soon after the first is told with it: a call costs more than what it carries."""
_COUNT_EVERY_S = 1.0
LEASE_S = 8.0
"""Not asked for so long, a host ends its sources: somebody else has them by then, or nobody wants them."""
_CLOSE_TIMEOUT_S = 3.0
_log = logging.getLogger("gorewatch.host")


@dataclass(slots=True)
class _Seat:
    """A source that is opened or watched."""

    task: asyncio.Task[None] | None = None
    source: Source | None = None
    watched: Watched | None = None
    received: ReceivedSource | None = None


class Host:
    """Lives on one event loop. `new_lane` gives a way into the scorer, `load` tells how busy the machine is."""

    def __init__(
        self,
        pool: Pool,
        new_lane: Callable[[], SampleLane],
        *,
        compress: Callable[[Pixels], bytes],
        load: Callable[[int], Load],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._new_lane = new_lane
        self._compress = compress
        self._load = load
        self._clock = clock
        self._term = 0
        self._lapsed = True
        """Nobody asked for too long, or nobody has begun: what the term had is ended, and only another one begins."""
        self._asked_s = clock()
        self._seats: dict[int, _Seat] = {}
        self._outbox: deque[Report] = deque()
        self._to_tell = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()

    async def begin(self, term: int) -> bool:
        """Take orders of this term from now on, with no source yet. False if a later one has begun."""
        if term <= self._term:
            return False
        self._term = term
        self._asked_s = self._clock()
        await self._end_all()
        if self._term != term:
            return False
        self._lapsed = False
        return True

    def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None:
        """Do these, in this order. Nothing is waited for."""
        if not self._holds(term):
            return Lapsed()
        for order in orders:
            self._do(order)
        return None

    async def reports(self, term: int, taken: Sequence[Taken] = ()) -> Batch | Lapsed:
        """What there is to tell, within a second; nobody else may ask meanwhile. `taken` is done first."""
        if self.order(term, taken) is not None:
            return Lapsed()
        self._asked_s = self._clock()
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._to_tell.wait()
            await asyncio.sleep(_GATHER_S)
        except TimeoutError:
            pass
        if not self._holds(term):
            return Lapsed()
        self._asked_s = self._clock()
        told, self._outbox = tuple(self._outbox), deque()
        self._to_tell.clear()
        return Batch(self._clock(), told, self._load(len(self._seats)))

    async def run(self) -> None:
        """Count, and end what nobody asks for any more, until cancelled."""
        while True:
            await asyncio.sleep(_COUNT_EVERY_S)
            if self._seats and self._clock() - self._asked_s > LEASE_S:
                self._lapsed = True
                _log.error("nobody has asked for %d sources for %g s: they are ended", len(self._seats), LEASE_S)
                await self._end_all()
            for seat in list(self._seats.values()):
                if seat.watched is not None:
                    seat.watched.count(vacant=seat.received is not None and seat.received.vacant)

    async def aclose(self) -> None:
        """End all sources. Idempotent."""
        self._lapsed = True
        await self._end_all()

    def _holds(self, term: int) -> bool:
        return term == self._term and not self._lapsed

    def _do(self, order: Order) -> None:
        match order:
            case Open() | Receive():
                seat = self._seats[order.source] = _Seat()
                seat.task = asyncio.create_task(
                    self._watch(order, seat), name=f"source-{order.source}", context=Context()
                )
            case _:
                if (seat_there := self._seats.get(order.source)) is not None:
                    self._tell(order, seat_there)

    def _tell(self, order: Trickle | Hurry | Taken | Close, seat: _Seat) -> None:
        match order:
            case Hurry():
                if seat.watched is not None:
                    seat.watched.hurry(order.for_s)
            case Taken():
                if seat.watched is not None:
                    seat.watched.taken(order.samples)
            case Trickle():
                if seat.received is not None:
                    self._trickle(order, seat.received)
            case Close():
                if seat.watched is not None:
                    self._later(seat.watched.aclose())
                elif seat.task is not None:
                    seat.task.cancel()

    def _trickle(self, order: Trickle, received: ReceivedSource) -> None:
        if order.restart:
            self._later(self._restart(order, received))
        else:
            received.trickle(order.fragment)

    async def _restart(self, order: Trickle, received: ReceivedSource) -> None:
        self._send(Restarted(order.source, await received.restart_ice(order.fragment)))

    async def _watch(self, order: Open | Receive, seat: _Seat) -> None:
        end = Status(State.ENDED)
        try:
            source = await self._opened(order, seat)
            tally = Tally()
            watched = Watched(order.source, source, tally, send=self._send, compress=self._compress)
            seat.watched = watched
            lane = self._new_lane()
            told = isinstance(order, Open) and order.all_told
            await run(
                watched,
                Overheard(lane, watched.told) if told else lane,
                watched,
                _nobody,
                close_within_s=_CLOSE_TIMEOUT_S,
                tally=tally,
            )
            return
        except SourceError as error:
            end = Status(State.FAILED, failure=error.failure())
        except Exception:
            _log.exception("watching a source broke")
            if seat.watched is not None:
                return  # it has told its end
            failure = InternalFault("A host failed while it opened this stream; its log says why.").failure()
            end = Status(State.FAILED, failure=failure)
        finally:
            if self._seats.get(order.source) is seat:
                del self._seats[order.source]
        self._send(Stated(order.source, end))

    async def _opened(self, order: Open | Receive, seat: _Seat) -> Source:
        if isinstance(order, Open):
            return await self._pool.pull(order.address, order.options)
        seat.received, answer = await self._pool.receive(order.offer, order.options)
        self._send(Answered(order.source, answer))
        return seat.received

    def _send(self, report: Report) -> None:
        self._outbox.append(report)
        self._to_tell.set()

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _end_all(self) -> None:
        tasks = [seat.task for seat in self._seats.values() if seat.task is not None]
        self._seats.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2 * _CLOSE_TIMEOUT_S)
        # What they said at their end is of no interest to whoever begins anew.
        self._outbox.clear()
        self._to_tell.clear()


def _nobody(_: object) -> None:
    """Hears of events: there are none here."""
