"""The one loop that joins the four parts: samples from a source, scores from a lane, a judge, and who hears of it.

However a run ends, the source and the lane are closed, every sample is released and the closing events are published:
also when it is cancelled (then as finished, and the cancellation goes on) and when a part raises (then as failed, and
the error goes on). A task that is cancelled before its first step has done nothing: closing the source is then its
owner's business.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from inference.events import Event
from inference.judge import Scored
from inference.scorer import SampleDropped, ScoringFailed
from stream.errors import Failure, InternalFault, SourceError
from stream.sample import Sample, Source, Status

Result = TypeVar("Result", covariant=True)

_HURRY_S = 1.0
"""Of media time: as long as prob goes on rising, it is asked for again."""
_log = logging.getLogger(__name__)


class Scores(Protocol):
    """A lane of the scorer."""

    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]: ...

    def close(self) -> None: ...


class Judging(Protocol[Result]):
    """A judge of one media, or what stands for one where scores are handed on to be judged elsewhere."""

    @property
    def rising(self) -> bool: ...

    def feed(self, what: Scored | Status) -> list[Event]: ...

    def finish(self, timestamp_s: float, failure: Failure | None = None) -> list[Event]: ...

    def summary(self, timestamp_s: float) -> Result: ...


@dataclass(slots=True)
class Tally:
    """Running totals of one media, for whoever shows them while it runs."""

    scored: int = 0
    failed: int = 0
    """Samples that the model failed on."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Samples that the scorer gave up, by reason."""


async def run(
    source: Source,
    lane: Scores,
    judge: Judging[Result],
    publish: Callable[[Event], None],
    *,
    in_flight: int = 8,
    max_failures: int = 3,
    close_within_s: float = 10.0,
    now_unix_s: Callable[[], float] = time.time,
    tally: Tally | None = None,
) -> Result:
    """Moderate one media from its first sample to its terminal event, and return the judge's final summary.

    Up to `in_flight` samples are read ahead of the oldest one that is not scored. A sample that the scorer gives up
    is counted and passed over; `max_failures` failures of the model in a row end the media as failed. `publish` must
    not block. A source that does not close within `close_within_s` is left behind.
    """
    flow = _Flow(source, lane, judge, publish, in_flight=in_flight, max_failures=max_failures, tally=tally or Tally())
    failure: Failure | None = None
    try:
        failure = await flow.through()
    except SourceError as error:
        failure = error.failure()
    except Exception:
        failure = InternalFault("Moderating this media broke; the log of the service says why.").failure()
        raise
    finally:
        try:
            await _undisturbed(flow.shut(close_within_s))
        finally:
            timestamp_s = now_unix_s()
            for event in judge.finish(timestamp_s, failure):
                publish(event)
    return judge.summary(timestamp_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Pending:
    sample: Sample
    score: asyncio.Future[float]


class _Flow:
    """A reader that submits ahead, and a settler that takes the scores in order.

    A score that is there at once, with none before it that is not, is judged by the reader itself: of samples that were
    scored elsewhere it saves half of what each costs.
    """

    def __init__(
        self,
        source: Source,
        lane: Scores,
        judge: Judging[object],
        publish: Callable[[Event], None],
        *,
        in_flight: int,
        max_failures: int,
        tally: Tally,
    ) -> None:
        self._source = source
        self._lane = lane
        self._judge = judge
        self._publish = publish
        self._tally = tally
        self._max_failures = max_failures
        self._failures = 0
        self._hurried_s = -math.inf
        self._live = False
        self._over = False
        self._room = asyncio.Semaphore(in_flight)
        self._queue: asyncio.Queue[_Pending | Status | Failure | None] = asyncio.Queue()
        self._unsettled = 0
        """Items that were queued and are not settled; after a failure none is ever."""
        self._reader: asyncio.Task[None] | None = None

    async def through(self) -> Failure | None:
        """Until the source ends; the failure if it is the scoring that failed for good."""
        self._reader = asyncio.create_task(self._read(), name="gorewatch-pipeline-reader")
        failure = None
        while not self._over and failure is None:
            failure = await self._settle(await self._queue.get())
            if failure is None:
                self._unsettled -= 1
        if self._over:
            await self._reader
        return failure

    async def shut(self, close_within_s: float) -> None:
        """Stop reading, take back what is in flight, close both ends. Nothing here waits without a limit."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait({self._reader}, timeout=close_within_s)
            if self._reader.done() and not self._reader.cancelled():
                self._reader.exception()  # raised by `through`, unless something else ended the media first
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, _Pending):
                self._abandon(item)
        self._lane.close()
        try:
            async with asyncio.timeout(close_within_s):
                await self._source.aclose()
        except TimeoutError:
            _log.warning("a source did not close within %.1f s and is left behind", close_within_s)
        except Exception:
            _log.exception("closing a source failed")

    async def _read(self) -> None:
        try:
            items = aiter(self._source)
            while True:
                await self._room.acquire()
                # Nothing is awaited between getting a sample and queueing it: a cancellation would lose it there.
                # Nor is it kept in a variable here: the source may want its memory back while this waits.
                if not self._accept(await anext(items, None)):
                    return
        finally:
            self._queue.put_nowait(None)

    def _accept(self, item: Sample | Status | None) -> bool:
        if isinstance(item, Sample):
            pending = self._submit(item)
            if not self._unsettled and pending.score.done():
                failure = self._judge_sample(pending)
                if failure is not None:
                    self._put(failure)
            else:
                self._put(pending)
        elif isinstance(item, Status):
            self._live = item.info.droppable if item.info is not None else self._live
            self._put(item)
        return item is not None

    def _put(self, item: _Pending | Status | Failure) -> None:
        self._unsettled += 1
        self._queue.put_nowait(item)

    def _submit(self, sample: Sample) -> _Pending:
        try:
            return _Pending(sample, self._lane.submit(sample, live=self._live))
        except BaseException:
            self._source.release(sample)
            raise

    async def _settle(self, item: _Pending | Status | Failure | None) -> Failure | None:
        if item is None:
            self._over = True
        elif isinstance(item, Failure):
            return item
        elif isinstance(item, Status):
            self._room.release()
            self._tell(item)
        else:
            await self._scored(item)
            return self._judge_sample(item)
        return None

    async def _scored(self, item: _Pending) -> None:
        """Until its score is there, or it is known that there will be none."""
        try:
            await item.score
        except (SampleDropped, ScoringFailed):
            pass  # `_judge_sample` asks for it
        except BaseException:
            self._source.release(item.sample)
            self._room.release()
            raise

    def _judge_sample(self, item: _Pending) -> Failure | None:
        """Its score is there."""
        sample = item.sample
        try:
            raw = item.score.result()
        except SampleDropped as drop:
            self._tally.dropped[drop.reason] = self._tally.dropped.get(drop.reason, 0) + 1
            return None
        except ScoringFailed as error:
            self._tally.failed += 1
            self._failures += 1
            if self._failures < self._max_failures:
                return None
            _log.error("scoring failed %d times in a row: %s", self._failures, error)
            return Failure("scoring_failed", f"The detector failed {self._failures} times in a row; see its log.")
        finally:
            self._source.release(sample)
            self._room.release()
        self._failures = 0
        self._tally.scored += 1
        self._tell(Scored(sample.position_s, sample.captured_s, sample.epoch, raw))
        if self._judge.rising and sample.position_s >= self._hurried_s + _HURRY_S / 2:
            self._hurried_s = sample.position_s
            self._source.hurry(_HURRY_S)
        return None

    def _tell(self, what: Scored | Status) -> None:
        for event in self._judge.feed(what):
            self._publish(event)

    def _abandon(self, item: _Pending) -> None:
        item.score.cancel()
        if item.score.done() and not item.score.cancelled():
            item.score.exception()
        self._source.release(item.sample)


async def _undisturbed(work: Coroutine[None, None, None]) -> None:
    """Carry it through even if the caller is cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
