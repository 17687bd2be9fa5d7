"""The asynchronous front of the detector: one bounded intake over all streams, named threads, futures.

Everything but the model's own work happens on the event loop, so that there is no lock: the intake, the timer that
closes a batch by age, the hand-over of a closed batch to a thread that is free, and the futures. A thread waits for
its next batch, copies the pixels into its own batch array (the only copy made in the service process), runs the model
and posts all results with one call. A batch is closed no earlier than a thread can take it, so that what is dropped
for something newer is dropped as late as possible. Each thread first warms the model up by itself: the CUDA provider
keeps the handles of its libraries for each thread that runs a session, and making them takes longer than a batch.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from inference.batching import Intake
from inference.heat import Heat
from inference.scoring import Ask, BatchRunner, Outcome, Scoring, post
from inference.stats import Counts, ScorerStats
from inference.taxonomy import Taxonomy
from stream.sample import Pixels, Sample

_log = logging.getLogger(__name__)


class SampleDropped(Exception):
    """A sample was given up unscored. `reason`: `newer` (live, overload), `closed` (its lane) or `shutdown`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the sample was dropped: {reason}")
        self.reason = reason


class ScoringFailed(Exception):
    """The model could not score a sample, or gave something that is no probability."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    pixels: Pixels
    future: asyncio.Future[Any]
    """Of a float, a `Taxonomy` or a `Heat`, as is asked for."""
    at_s: float
    """When it was submitted, by the scorer's clock."""
    ask: Ask = "score"


_Warm = asyncio.Future[Exception | None]
_Outcome = tuple[_Job, Outcome]
_Batches = queue.SimpleQueue[list[_Job] | None]


class Lane:
    """One stream's way into the scorer. Used on the scorer's event loop."""

    def __init__(self, scorer: "Scorer", number: int) -> None:
        self._scorer = scorer
        self._number = number
        self._closed = False

    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        """The future raw score of a sample, whose pixels must stay valid until it is done.

        It fails with `SampleDropped` or `ScoringFailed`. Cancelling it takes the sample back if no thread has it yet.
        Raises RuntimeError before the scorer is started.
        """
        return self._scorer.submit(self._number, sample.pixels, live=live, closed=self._closed)

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        """The same, with all that gore-2.0 tells of it."""
        return self._scorer.tell(self._number, sample.pixels, live=live, closed=self._closed)

    def heat(self, pixels: Pixels) -> asyncio.Future[Heat]:
        """Where the model sees gore in a picture that is kept, which waits for its turn as those of stored media do."""
        return self._scorer.heat(self._number, pixels, closed=self._closed)

    def close(self) -> None:
        """Give up what waits. Idempotent; what a thread has already is still scored."""
        self._closed = True
        self._scorer.forget(self._number)


class Scorer:
    """Scores the samples of all streams with one model. Started, used and closed on one event loop."""

    def __init__(
        self,
        model: Scoring,
        *,
        max_batch: int = 4,
        max_wait_s: float = 0.0,
        threads: int = 1,
        intake_size: int = 256,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A batch closes at `max_batch` samples or `max_wait_s` after its oldest; `intake_size` bounds live samples.

        With no wait a free thread takes whatever is there, and batches form while all threads are busy.
        """
        if threads < 1:
            raise ValueError("a scorer needs a thread")
        self._model = model
        self._max_batch = max_batch
        self._clock = clock
        self._intake: Intake[_Job] = Intake(max_batch=max_batch, max_wait_s=max_wait_s, size=intake_size)
        self._batches: _Batches = queue.SimpleQueue()
        self._warming: list[_Warm] = []
        self._names = [f"gorewatch-scorer-{number}" for number in range(threads)]
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._free = threads
        self._running = 0
        self._taken: set[_Job] = set()
        self._stopping = False
        self._all_ended = asyncio.Event()
        self._lanes = 0
        self._counts = Counts()

    async def __aenter__(self) -> Self:
        """Start, and wait until it is ready."""
        self.start()
        try:
            await self.ready()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def start(self) -> None:
        """Start the threads. To be called once, on the event loop that will submit."""
        if self._loop is not None:
            raise RuntimeError("the scorer was started before")
        self._loop = asyncio.get_running_loop()
        self._running = len(self._names)
        for name in self._names:
            warm = self._loop.create_future()
            # A daemon: a model that hangs must not keep the process from ending.
            thread = threading.Thread(target=self._work, args=(self._loop, warm), name=name, daemon=True)
            self._warming.append(warm)
            self._threads.append(thread)
            thread.start()

    async def ready(self) -> None:
        """Wait until every thread has warmed the model up. Raises what that raised."""
        for error in await asyncio.gather(*self._warming):
            if error is not None:
                raise error

    async def aclose(self, deadline_s: float = 5.0) -> None:
        """Score what waits, for at most `deadline_s`, then give up the rest (`shutdown`). Idempotent.

        When it returns, also when it is cancelled, every future is done. A thread whose model does not return in time
        is left behind and its results are ignored.
        """
        self._stopping = True
        self._hand_over()
        try:
            if self._running:
                async with asyncio.timeout(deadline_s):
                    await self._all_ended.wait()
        except TimeoutError:
            _log.warning("the model did not finish within %.1f s; what waits for it is given up", deadline_s)
        finally:
            jobs = [*self._intake.drain(), *self._taken]
            self._taken.clear()
            self._give_up(jobs, "shutdown")
        if not self._running:
            for thread in self._threads:
                thread.join()  # It has posted its last word: microseconds.

    def lane(self) -> Lane:
        """A lane for one more stream."""
        self._lanes += 1
        return Lane(self, self._lanes)

    def stats(self) -> ScorerStats:
        """The counts as they stand."""
        return self._counts.stats(waiting=len(self._intake), in_flight=len(self._taken))

    def submit(self, lane: int, pixels: Pixels, *, live: bool, closed: bool = False) -> asyncio.Future[float]:
        """What `Lane.submit` does."""
        return self._queue(lane, _Job(pixels, self._new_future(), self._clock()), live=live, closed=closed)

    def tell(self, lane: int, pixels: Pixels, *, live: bool = False, closed: bool = False) -> asyncio.Future[Taxonomy]:
        """What `Lane.tell` does."""
        return self._queue(lane, _Job(pixels, self._new_future(), self._clock(), "taxonomy"), live=live, closed=closed)

    def heat(self, lane: int, pixels: Pixels, *, closed: bool = False) -> asyncio.Future[Heat]:
        """What `Lane.heat` does."""
        return self._queue(lane, _Job(pixels, self._new_future(), self._clock(), "heat"), live=False, closed=closed)

    def _new_future(self) -> asyncio.Future[Any]:
        if self._loop is None:
            raise RuntimeError("the scorer is not started")
        return self._loop.create_future()

    def _queue(self, lane: int, job: _Job, *, live: bool, closed: bool) -> asyncio.Future[Any]:
        if closed or self._stopping:
            self._give_up([job], "closed" if closed else "shutdown")
            return job.future
        if given_up := self._intake.add(lane, job, live=live, now_s=self._clock()):
            self._give_up(given_up, "newer")
        self._hand_over()
        return job.future

    def forget(self, lane: int) -> None:
        """What `Lane.close` does."""
        self._give_up(self._intake.remove(lane), "closed")

    def _hand_over(self) -> None:
        """Give closed batches to free threads, and see to it that this is called again when the next one closes."""
        while self._free and (closes_at_s := self._intake.closes_at()) is not None:
            now_s = max(self._clock(), closes_at_s) if self._stopping else self._clock()
            jobs = self._intake.take(now_s)
            if not jobs:
                self._wake_in(closes_at_s - now_s)
                return
            wanted = [job for job in jobs if not job.future.cancelled()]
            if len(wanted) < len(jobs):
                self._counts.dropped("cancelled", len(jobs) - len(wanted))
            if wanted:
                self._free -= 1
                self._taken.update(wanted)
                self._batches.put(wanted)
        if self._stopping and not self._intake and self._free == len(self._threads):
            for _ in self._threads:
                self._batches.put(None)

    def _wake_in(self, delay_s: float) -> None:
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(delay_s, self._woken)

    def _woken(self) -> None:
        self._timer = None
        self._hand_over()

    def _work(self, loop: asyncio.AbstractEventLoop, warm: _Warm) -> None:
        """A thread, from start to end."""
        runner = BatchRunner(self._model, self._max_batch)
        post(loop, _settle, warm, runner.warm())
        while self._work_once(loop, runner):
            pass
        post(loop, self._thread_ended)

    def _work_once(self, loop: asyncio.AbstractEventLoop, runner: BatchRunner) -> bool:
        """One batch; False when there will be none. No reference to a sample's pixels outlives it."""
        jobs = self._batches.get()
        if jobs is None:
            return False
        outcomes: list[_Outcome] = []
        for ask in {job.ask for job in jobs}:
            alike = [job for job in jobs if job.ask == ask]
            outcomes += zip(alike, runner.run([job.pixels for job in alike], ask), strict=True)
        return post(loop, self._deliver, outcomes)

    def _deliver(self, outcomes: list[_Outcome]) -> None:
        """A thread is through with a batch."""
        self._free += 1
        self._hand_over()
        now_s = self._clock()
        self._counts.batch(len(outcomes))
        for job, outcome in outcomes:
            if job not in self._taken:
                continue  # `aclose` did not wait for it
            self._taken.remove(job)
            if job.future.cancelled():
                self._counts.dropped("cancelled")
            elif isinstance(outcome, str):
                self._counts.failed(outcome)
                job.future.set_exception(ScoringFailed(outcome))
            else:
                self._counts.scored(now_s - job.at_s)
                job.future.set_result(outcome)

    def _thread_ended(self) -> None:
        self._running -= 1
        if not self._running:
            self._all_ended.set()

    def _give_up(self, jobs: Sequence[_Job], reason: str) -> None:
        for job in jobs:
            self._counts.dropped("cancelled" if job.future.cancelled() else reason)
            if not job.future.done():
                job.future.set_exception(SampleDropped(reason))


def _settle(warm: _Warm, error: Exception | None) -> None:
    if not warm.done():  # else nobody waits any more
        warm.set_result(error)
