"""Keeps a live source going when the worker that decoded it dies: opened again, as a new epoch of the same media."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

from stream.errors import Failure, SourceError, WorkerLost
from stream.sample import Counters, Sample, Source, State, Status

_LEAST_STEP_S = 0.001


@dataclass(frozen=True, slots=True)
class _Shift:
    """What is added to the samples of one opening, so that a media's own never go back."""

    position_s: float = 0.0
    epoch: int = 0
    number: int = 0


@dataclass(slots=True)
class _Total:
    """Counters of the openings that are over."""

    frames: int = 0
    samples: int = 0
    decode_errors: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def add(self, counters: Counters) -> None:
        self.frames += counters.frames
        self.samples += counters.samples
        self.decode_errors += counters.decode_errors
        for reason, count in counters.dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count


class Reopening:
    """A `Source` over sources that `open_source` gives, one after the other.

    A live one that ends with one of the codes `after` is opened again, at most `attempts` times in `within_s` seconds
    and never if that is 0; in between the state is `RECONNECTING`. Only a worker that died (`worker_lost`) is a reason
    before the first sample. Positions, epochs and numbers go on from what was seen; the time lost counts as media time.
    Anything else that ends it ends this source too, and so does a stored file's worker: its bytes may have killed it.
    Errors raised by `open_source` become `FAILED`.
    """

    def __init__(
        self,
        open_source: Callable[[], Awaitable[Source]],
        *,
        live: bool,
        attempts: int = 3,
        within_s: float = 60.0,
        after: frozenset[str] = frozenset({WorkerLost.code}),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_source = open_source
        self._live = live
        self._attempts = attempts
        self._within_s = within_s
        self._after = after
        self._clock = clock
        self._lost_s: list[float] = []
        self._inner: Source | None = None
        self._held: dict[int, tuple[Source, Sample]] = {}
        self._shift: _Shift | None = _Shift()
        self._last: Sample | None = None
        self._over = _Total()
        self._reason = WorkerLost.code
        self._closed = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        while True:
            end = Status(State.ENDED)
            try:
                inner = await self._open()
            except SourceError as error:
                inner = None
                end = Status(State.FAILED, failure=error.failure())
            if inner is not None:
                async for item in inner:
                    if isinstance(item, Status) and item.state.final:
                        end = item
                        break
                    yield self._seen(inner, item)
                self._over.add(inner.counters())
                self._inner = None
                await inner.aclose()
            if not self._comes_back(end.failure):
                yield end
                return
            self._shift = None
            yield Status(State.RECONNECTING, reason=self._reason)

    def release(self, sample: Sample) -> None:
        held = self._held.pop(sample.number, None)
        if held is not None:
            inner, original = held
            inner.release(original)

    def counters(self) -> Counters:
        total = _Total()
        total.add(Counters(self._over.frames, self._over.samples, self._over.decode_errors, self._over.dropped))
        if self._inner is not None:
            total.add(self._inner.counters())
        return Counters(total.frames, total.samples, total.decode_errors, total.dropped)

    async def aclose(self) -> None:
        self._closed.set()
        if self._inner is not None:
            await self._inner.aclose()

    async def _open(self) -> Source | None:
        """The next opening, None when this source was closed before it came."""
        opening = asyncio.ensure_future(self._open_source())
        closed = asyncio.create_task(self._closed.wait())
        try:
            await asyncio.wait({opening, closed}, return_when=asyncio.FIRST_COMPLETED)
            if self._closed.is_set():
                return None
            self._inner = await opening
            return self._inner
        finally:
            closed.cancel()
            if self._inner is None:
                await _discard(opening)

    def _seen(self, inner: Source, item: Sample | Status) -> Sample | Status:
        if isinstance(item, Status):
            if item.info is not None:
                self._live = self._live or item.info.live
            # An opening that is not the first is part of `RECONNECTING` until its first frame.
            again = item.state is State.CONNECTING and bool(self._lost_s)
            return Status(State.RECONNECTING, reason=self._reason) if again else item
        if self._shift is None:
            self._shift = self._shift_for(item)
        shift = self._shift
        moved = replace(
            item,
            position_s=item.position_s + shift.position_s,
            epoch=item.epoch + shift.epoch,
            number=item.number + shift.number,
        )
        self._held[moved.number] = (inner, item)
        self._last = moved
        return moved

    def _shift_for(self, first: Sample) -> _Shift:
        last = self._last
        if last is None:
            return _Shift()
        lost_s = max(first.captured_s - last.captured_s, _LEAST_STEP_S)
        return _Shift(
            position_s=last.position_s + lost_s - first.position_s,
            epoch=last.epoch + 1 - first.epoch,
            number=last.number + 1 - first.number,
        )

    def _comes_back(self, failure: Failure | None) -> bool:
        if failure is None or (failure.code != WorkerLost.code and self._last is None):
            return False
        self._reason = failure.code
        lost = failure.code in self._after
        if not (lost and self._live and self._within_s > 0.0) or self._closed.is_set():
            return False
        now_s = self._clock()
        self._lost_s = [lost_s for lost_s in self._lost_s if now_s - lost_s < self._within_s]
        if len(self._lost_s) >= self._attempts:
            return False
        self._lost_s.append(now_s)
        return True


async def _discard(opening: asyncio.Future[Source]) -> None:
    """Give up an opening, and close its source if there is one already."""
    opening.cancel()
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().aclose()
