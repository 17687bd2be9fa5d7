"""A source that a host reads and scores, as the service judges it, and the lane that its samples go through."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import numpy as np

from inference.taxonomy import Taxonomy
from stream.errors import ConnectionLost, Failure
from stream.mailbox import Mailbox
from stream.negotiation import Negotiation
from stream.sample import Counters, Sample, State, Status

from ...around import SampleLane
from ...scored_sample import Jpeg, ScoredSample
from .messages import Answered, Close, Counted, Hurry, Order, Report, Restarted, Sampled, Stated, Taken, Trickle

T = TypeVar("T")

_ANSWER_TIMEOUT_S = 15.0
_RESTART_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 2.0
_ELSEWHERE = np.empty((0, 0, 3), np.uint8)


class HostedSource:
    """A `stream.sample.Source` of `ScoredSample`s. It keeps no more than a host sends ahead.

    `order` hands an order to the host, `forget` is called once it is over.
    """

    def __init__(
        self,
        number: int,
        *,
        order: Callable[[Order], None],
        forget: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = number
        self._order = order
        self._forget = forget
        self._clock = clock
        self._items: Mailbox[Sample | Status] = Mailbox()
        self._items.put(Status(State.CONNECTING))
        self._samples = 0
        self._counters = Counters()
        self._vacant = False
        self.stored: bool | None = None
        """It reads what does not change: no other host could go on where it is. None until that is known."""
        self._done = asyncio.Event()
        self._opened = False
        self._negotiation = Negotiation()

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        while True:
            item = await self._items.get()
            if item is not None:
                yield item
            if isinstance(item, Status) and item.state.final:
                return

    async def next_within(self, within_s: float | None) -> Sample | Status | None:
        return await self._items.get(within_s)

    def release(self, sample: Sample) -> None:
        del sample
        if not self._done.is_set():
            self._order(Taken(self.number, 1))

    def counters(self) -> Counters:
        return self._counters

    def hurry(self, for_s: float) -> None:
        if not self._done.is_set():
            self._order(Hurry(self.number, for_s))

    async def answer(self) -> str:
        """The SDP answer of a source that receives WebRTC. Raises `stream.errors.SourceError`."""
        return await self._negotiation.answer(within_s=_ANSWER_TIMEOUT_S)

    @property
    def vacant(self) -> bool:
        """Of a source that receives WebRTC: it had media, and it has none any more."""
        return self._vacant or self._done.is_set()

    def trickle(self, fragment: str) -> None:
        self._order(Trickle(self.number, fragment, restart=False))

    async def restart_ice(self, fragment: str) -> str | None:
        """The fragment that answers a new ICE session, None if it cannot be had."""
        order = Trickle(self.number, fragment, restart=True)
        return await self._negotiation.restart(lambda: self._order(order), within_s=_RESTART_TIMEOUT_S)

    def give_up(self) -> None:
        """Another publisher takes its place."""
        self.lose(ConnectionLost("The publisher fell silent and another one took its place.").failure())

    def lose(self, failure: Failure) -> None:
        """Its host, or its place there, is gone."""
        if not self._done.is_set():
            self._order(Close(self.number))
            self._end(Status(State.FAILED, failure=failure))

    async def aclose(self) -> None:
        if self._done.is_set():
            return
        self._order(Close(self.number))
        if not self._opened:
            # An opening that is given up has no end to tell of.
            self._end(Status(State.ENDED))
            return
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await self._done.wait()
        except TimeoutError:
            self._end(Status(State.ENDED))

    def hear(self, report: Report, *, behind_s: float) -> None:
        """Take what its host tells; the host's clock is `behind_s` behind this machine's."""
        match report:
            case Sampled():
                self._items.put(self._sample(report, behind_s))
            case Counted(counters=counters, vacant=vacant):
                self._counters, self._vacant = counters, vacant
            case Stated(status=status) if status.state.final:
                self._end(status)
            case Stated(status=status):
                if status.info is not None:
                    self._opened = True
                    self.stored = not status.info.live
                if status.state is not State.CONNECTING:
                    self._items.put(status)
            case Answered(answer=answer):
                self._negotiation.answered(answer)
            case Restarted(fragment=fragment):
                self._negotiation.restarted(fragment)

    def _sample(self, sampled: Sampled, behind_s: float) -> ScoredSample:
        number, self._samples = self._samples, self._samples + 1
        return ScoredSample(
            pixels=_ELSEWHERE,
            position_s=sampled.position_s,
            captured_s=min(sampled.captured_s + behind_s, self._clock()),
            epoch=sampled.epoch,
            number=number,
            raw=sampled.raw,
            taxonomy=sampled.taxonomy,
            picture=None if sampled.jpeg is None else Jpeg(sampled.jpeg),
        )

    def _end(self, end: Status) -> None:
        if self._done.is_set():
            return
        self._done.set()
        self._forget(self.number)
        self._negotiation.end(end.failure)
        self._items.put(end)


class MixedLane:
    """A `web.around.SampleLane`: what a host has scored has its score; all else goes through the scorer here."""

    def __init__(self, here: SampleLane) -> None:
        self._here = here

    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        if isinstance(sample, ScoredSample):
            return _there(sample.raw)
        return self._here.submit(sample, live=live)

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        if isinstance(sample, ScoredSample):
            assert sample.taxonomy is not None, "it was opened to be asked for scores alone"
            return _there(sample.taxonomy)
        return self._here.tell(sample, live=live)

    def close(self) -> None:
        self._here.close()


def _there(value: T) -> asyncio.Future[T]:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future
