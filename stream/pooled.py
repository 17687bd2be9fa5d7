"""A source that a worker process feeds, as the service reads it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from stream.errors import ConnectionLost, Failure, SourceTimeout
from stream.lifecycle import OFF_AIR
from stream.mailbox import Mailbox
from stream.messages import Answered, Done, GiveBack, Hurry, Opened, Picked, Progress, Restarted, Stop, Trickle
from stream.negotiation import Negotiation
from stream.options import SourceOptions
from stream.process import SourceReport, WorkerProcess
from stream.sample import Counters, Sample, State, Status

_GRACE_S = 5.0
"""What a worker gets on top of a source's own deadlines before it is taken to be stuck."""
_PATIENCE_S = 15.0
"""Between the segments of a live playlist FFmpeg sleeps, and nothing is heard; the worker's own deadline is shorter."""
_STOP_TIMEOUT_S = 2.0
_VACANT_S = 2.5
"""A publisher that sends is heard of every second."""
_RESTART_TIMEOUT_S = 8.0


class PooledSource:
    """A `stream.sample.Source`. Its queue holds no more than the ring's slots and a few statuses."""

    def __init__(
        self,
        number: int,
        process: WorkerProcess,
        options: SourceOptions,
        forget: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = number
        self._process = process
        self._options = options
        self._forget = forget
        self._clock = clock
        self._heard_s = clock()
        self._allowed_s = options.open_timeout_s + _GRACE_S
        self._items: Mailbox[Sample | Status] = Mailbox()
        self._items.put(Status(State.CONNECTING))
        self._slots: dict[int, int] = {}
        self._counters = Counters()
        self._done = asyncio.Event()
        self._opened = False
        self._negotiation = Negotiation()

    def __aiter__(self) -> AsyncIterator[Sample | Status]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[Sample | Status]:
        while True:
            item = await self.next_within(None)
            if item is not None:
                yield item
            if isinstance(item, Status) and item.state.final:
                return

    async def next_within(self, within_s: float | None) -> Sample | Status | None:
        while not self._items:
            left_s = self._heard_s + self._allowed_s - self._clock()
            if left_s <= 0.0:
                self._process.send(Stop(self.number))
                self._end(SourceTimeout("It made no headway for too long and was given up.").failure())
            elif within_s is not None and within_s < left_s:
                return await self._items.get(within_s)
            elif (item := await self._items.get(left_s)) is not None:
                return item
        return await self._items.get()

    def release(self, sample: Sample) -> None:
        slot = self._slots.pop(sample.number, None)
        if slot is not None:
            self._process.send(GiveBack([slot]))

    def counters(self) -> Counters:
        return self._counters

    def hurry(self, for_s: float) -> None:
        if self._options.adaptive and not self._done.is_set():
            self._process.send(Hurry(self.number, for_s))

    async def answer(self) -> str:
        """The SDP answer of a source that receives WebRTC. Raises `SourceError` when there is none in time."""
        return await self._negotiation.answer(within_s=self._options.open_timeout_s)

    @property
    def vacant(self) -> bool:
        """Of a source that receives WebRTC: it had media, and it has none any more."""
        silent = self._opened and self._clock() - self._heard_s > _VACANT_S
        return silent or self._done.is_set()

    def trickle(self, fragment: str) -> None:
        """Hand on what a WebRTC publisher sent after its offer."""
        self._process.send(Trickle(self.number, fragment, restart=False))

    async def restart_ice(self, fragment: str) -> str | None:
        """Begin a new ICE session. Returns the fragment that answers it, None if it cannot be had."""
        order = Trickle(self.number, fragment, restart=True)
        return await self._negotiation.restart(lambda: self._process.send(order), within_s=_RESTART_TIMEOUT_S)

    def give_up(self) -> None:
        """Another publisher takes its place."""
        self._process.send(Stop(self.number))
        self._end(ConnectionLost("The publisher fell silent and another one took its place.").failure())

    async def aclose(self) -> None:
        if not self._done.is_set():
            self._process.send(Stop(self.number))
            if not self._opened:
                # Its thread sits in an open that its own deadline will end, and nobody waits for that.
                self._end(None)
            try:
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await self._done.wait()
            except TimeoutError:
                # Its thread sits in a read that its own deadline will end; nobody waits for that.
                self._end(None)
        for slot in self._slots.values():
            self._process.send(GiveBack([slot]))
        self._slots.clear()

    def hear(self, report: SourceReport) -> None:
        """Take a report of the worker's about this source."""
        self._heard_s = self._clock()
        match report:
            case Picked():
                self._pick(report)
            case Progress(counters=counters):
                self._counters = counters
            case Restarted(fragment=fragment):
                self._negotiation.restarted(fragment)
            case Opened(info=info):
                self._allowed_s = self._longest_read_s(patient=info.patient)
                self._opened = True
                self._items.put(Status(State.LIVE, info=info))
            case Answered(answer=answer):
                self._negotiation.answered(answer)
            case Done(failure=failure, off_air=off_air):
                self._end(failure, reason=OFF_AIR if off_air else None)

    def lose(self, failure: Failure) -> None:
        """The worker has died."""
        self._end(failure)

    def _longest_read_s(self, *, patient: bool) -> float:
        return self._options.patience_s + _PATIENCE_S if patient else self._options.read_timeout_s + _GRACE_S

    def _pick(self, picked: Picked) -> None:
        self._slots[picked.number] = picked.slot
        sample = Sample(
            pixels=self._process.memory.view(picked.slot),
            position_s=picked.position_s,
            captured_s=picked.captured_s,
            epoch=picked.epoch,
            number=picked.number,
        )
        self._items.put(sample)

    def _end(self, failure: Failure | None, *, reason: str | None = None) -> None:
        if self._done.is_set():
            return
        self._done.set()
        self._forget(self.number)
        self._negotiation.end(failure)
        state = State.FAILED if failure is not None else State.ENDED
        self._items.put(Status(state, failure=failure, reason=reason))
