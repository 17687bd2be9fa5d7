"""Keeps one live source going: watches its silence, opens it again when it is lost, and knows when it is over."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from stream.errors import Failure, SourceError, SourceTimeout
from stream.lifecycle import OFF_AIR, Backoff, Happening, after, blames_the_source, verdict
from stream.sample import Counters, Sample, Source, State, Status
from stream.watch import Watched

_LEAST_STEP_S = 0.001
_LEAST_OPEN_S = 1.0
"""For the last try, which begins when the time is up."""
_BACKOFF = Backoff()
_LEAST_PATIENCE_S = 10.0
_MOST_WORKERS = 3
"""That a source may take with it within `reconnect_for_s` before it is held to be the cause."""


@dataclass(frozen=True, slots=True)
class _Shift:
    """What is added to the samples of one opening, so that a media's own never go back."""

    position_s: float = 0.0
    epoch: int = 0
    number: int = 0

    def applied(self, sample: Sample) -> Sample:
        return replace(
            sample,
            position_s=sample.position_s + self.position_s,
            epoch=sample.epoch + self.epoch,
            number=sample.number + self.number,
        )


_AS_IT_IS, _NOTHING_OVER = _Shift(), Counters()
"""Of what was opened once, as nearly everything is."""


class Reopening:
    """A `Source` over sources that `open_source` gives, one after the other: all of them one media.

    A live one that is lost after it gave frames is opened again, with growing delays, until frames come or
    `reconnect_for_s` seconds have passed; in between the state is `RECONNECTING`, with the latest failure. Never if
    that is 0. One that is connected and silent for `stall_after_s` seconds is `STALLED`; after a while it counts as
    lost. `stream.lifecycle` has the rules. Positions, epochs and numbers go on; the time lost counts as media time.

    One that `was_live` when somebody else read it is taken to have given frames: where it is not there, it is waited
    for from the first try on. What it is now is known once it is open.
    """

    def __init__(
        self,
        open_source: Callable[[], Awaitable[Source]],
        *,
        live: bool,
        was_live: bool = False,
        stall_after_s: float = 5.0,
        reconnect_for_s: float = 60.0,
        backoff: Backoff = _BACKOFF,
        entropy: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_source = open_source
        self._presumed = was_live and not live
        self._live = live or was_live
        self._stall_after_s = stall_after_s
        self._reconnect_for_s = reconnect_for_s
        self._backoff = backoff
        self._entropy = entropy
        self._clock = clock
        self._state = State.CONNECTING
        self._had_frames = was_live
        self._tries = 0
        self._lost_at_s: float | None = None
        self._went_off_air = False
        self._workers_lost_s: list[float] = []
        self._inner: Source | None = None
        self._held: dict[int, tuple[Source, Sample]] = {}
        self._shift: _Shift | None = _AS_IT_IS
        self._last: Sample | None = None
        self._over = _NOTHING_OVER
        self._closed = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        while True:
            end = Status(State.ENDED)
            try:
                inner = await self._open()
            except SourceError as error:
                inner, end = None, Status(State.FAILED, failure=error.failure())
            if inner is not None:
                watched = self._watch(inner)
                try:
                    while True:
                        item = await watched.next()
                        if isinstance(item, Status) and item.state.final:
                            end = self._made_of(item, watched)
                            break
                        yield self._seen(inner, item, watched)
                finally:
                    await watched.aclose()
                await self._leave(inner)
            status = self._next(end)
            yield status
            if status.state.final:
                return
            if await self._closed_meanwhile():
                yield Status(State.ENDED)
                return

    def release(self, sample: Sample) -> None:
        held = self._held.pop(sample.number, None)
        if held is not None:
            inner, original = held
            inner.release(original)

    def counters(self) -> Counters:
        if self._inner is None:
            return self._over
        now = self._inner.counters()
        return now if self._over is _NOTHING_OVER else self._over.plus(now)

    def hurry(self, for_s: float) -> None:
        if self._inner is not None:
            self._inner.hurry(for_s)

    async def aclose(self) -> None:
        self._closed.set()
        if self._inner is not None:
            await self._inner.aclose()

    async def _open(self) -> Source | None:
        """The next opening, None when this source was closed before it came. Raises `SourceError`."""
        opening = asyncio.ensure_future(self._open_source())
        closed = asyncio.create_task(self._closed.wait())
        try:
            left_s = self._left_s()
            timeout_s = None if left_s is None else max(left_s, _LEAST_OPEN_S)
            await asyncio.wait({opening, closed}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if self._closed.is_set():
                return None
            if not opening.done():
                raise SourceTimeout("It did not come back in time.")
            self._inner = opening.result()
            return self._inner
        finally:
            closed.cancel()
            if self._inner is None:
                await _discard(opening)

    def _watch(self, inner: Source) -> Watched:
        return Watched(
            inner,
            stall_after_s=self._stall_after_s,
            patience_s=max(self._reconnect_for_s, _LEAST_PATIENCE_S),
            clock=self._clock,
        )

    def _made_of(self, end: Status, watched: Watched) -> Status:
        """How an opening ended, with what can be seen from here."""
        lasted_s = 0.0 if watched.live_since_s is None else self._clock() - watched.live_since_s
        if lasted_s >= self._backoff.stable_s:
            self._tries = 0
        return replace(end, reason=None) if watched.came_early else end

    async def _leave(self, inner: Source) -> None:
        self._over = replace(self._over.plus(inner.counters()), lag_s=None)
        self._inner = None
        await inner.aclose()

    async def _closed_meanwhile(self) -> bool:
        """Wait for the next try; True if this source is closed before."""
        delay_s = self._backoff.delay_s(self._tries, self._entropy())
        self._tries += 1
        self._over = replace(self._over, reconnects=self._over.reconnects + 1)
        try:
            async with asyncio.timeout(min(delay_s, self._left_s() or 0.0)):
                return await self._closed.wait()
        except TimeoutError:
            return False

    def _left_s(self) -> float | None:
        """Of the time in which it may come back; None while it is not lost."""
        if self._lost_at_s is None:
            return None
        return max(self._lost_at_s + self._reconnect_for_s - self._clock(), 0.0)

    def _seen(self, inner: Source, item: Sample | Status, watched: Watched) -> Sample | Status:
        if isinstance(item, Status):
            return self._heard(item, watched)
        if self._shift is None:
            self._shift = self._shift_for(item)
        moved = item if self._shift is _AS_IT_IS else self._shift.applied(item)
        self._held[moved.number] = (inner, item)
        self._last = moved
        return moved

    def _heard(self, status: Status, watched: Watched) -> Status:
        if status.state is State.CONNECTING:
            # An opening that is not the first is part of `RECONNECTING` until its first frame.
            return Status(self._state)
        if status.state is State.LIVE:
            self._live = (self._live and not self._presumed) or (watched.info is not None and watched.info.live)
            self._presumed = False
            self._had_frames = True
            self._lost_at_s = None
            self._went_off_air = False
        happening = Happening.SILENCE if status.state is State.STALLED else Happening.FRAMES
        self._state = after(self._state, happening)
        return replace(status, state=self._state)

    def _shift_for(self, first: Sample) -> _Shift:
        last = self._last
        if last is None:
            return _AS_IT_IS
        lost_s = max(first.captured_s - last.captured_s, _LEAST_STEP_S)
        return _Shift(
            position_s=last.position_s + lost_s - first.position_s,
            epoch=last.epoch + 1 - first.epoch,
            number=last.number + 1 - first.number,
        )

    def _next(self, end: Status) -> Status:
        """What the end of an opening leads to."""
        off_air = end.reason == OFF_AIR
        happening = verdict(end.failure, off_air=off_air, live=self._live, had_frames=self._had_frames)
        if self._closed.is_set():
            happening = Happening.OVER
        elif happening is Happening.LOSS:
            happening = self._lose(end.failure)
        self._state = after(self._state, happening)
        if self._state is State.ENDED:
            return Status(State.ENDED)
        if self._state is State.FAILED:
            return Status(State.FAILED, failure=end.failure)
        self._shift = None
        reason = OFF_AIR if end.failure is None else end.failure.code
        return Status(self._state, failure=end.failure, reason=reason)

    def _lose(self, failure: Failure | None) -> Happening:
        """A loss, or what it is in the end: time is up, or it has taken too many workers with it."""
        now_s = self._clock()
        if self._lost_at_s is None:
            self._lost_at_s = now_s
            self._went_off_air = failure is None
        if blames_the_source(failure):
            recent_s = [lost_s for lost_s in self._workers_lost_s if now_s - lost_s < self._reconnect_for_s]
            self._workers_lost_s = [*recent_s, now_s]
            if len(self._workers_lost_s) > _MOST_WORKERS:
                return Happening.FAULT
        if now_s - self._lost_at_s < self._reconnect_for_s:
            return Happening.LOSS
        return Happening.OVER if self._went_off_air else Happening.FAULT


async def _discard(opening: asyncio.Future[Source]) -> None:
    """Give up an opening, and close its source if there is one already."""
    opening.cancel()
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().aclose()
