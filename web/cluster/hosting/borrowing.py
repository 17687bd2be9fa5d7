"""Scoring for a host without a detector: samples of all its streams travel in batches to scorers of other hosts.

A sample stays in the ring until its score is there, and is copied once, into the batch that travels: what is under way
to each scorer is bounded. Live samples are given up for newer ones, and where no scorer answers; others wait.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from inference.batching import Intake
from inference.manifest import InputSpec
from inference.scorer import SampleDropped, ScoringFailed
from inference.taxonomy import Taxonomy
from stream.sample import Pixels, Sample

from .lending import Answer, Detector, RemoteScorer
from .loan import Loan
from .underway import BATCH, idlest

_GATHER_S = 0.05
"""What comes so soon after the first travels with it: a call costs as much as thirty samples in it do."""
_LIVE_MOST = 256
_LIVE_A_STREAM = 4
_LIVE_S = 1.0
"""A live sample that waited longer is of no use: newer ones wait behind it."""
_TIMES = 3
"""A sample that so many scorers were lost over is not sent again."""
_STRAINED_S = 1.0
_log = logging.getLogger("gorewatch.host")
_Asked = asyncio.Task[tuple[Answer, ...]]


@dataclass(slots=True, eq=False)
class _Job:
    lane: int
    pixels: Pixels
    future: asyncio.Future[Any]
    """Of a float or a `Taxonomy`."""
    all_told: bool
    live: bool
    at_s: float
    """When it was submitted."""
    times: int = 0
    """That it was sent, and no answer came."""


class BorrowedLane:
    """One stream's way to the scorers: a `web.around.SampleLane`."""

    def __init__(self, borrowed: "Borrowed", number: int) -> None:
        self._borrowed = borrowed
        self._number = number
        self._closed = False

    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        """As `inference.scorer.Lane.submit`."""
        return self._queue(sample, live=live, all_told=False)

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        """As `inference.scorer.Lane.tell`."""
        return self._queue(sample, live=live, all_told=True)

    def close(self) -> None:
        """Give up what waits. Idempotent; what is under way is still scored."""
        self._closed = True
        self._borrowed.forget(self._number)

    def _queue(self, sample: Sample, *, live: bool, all_told: bool) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        job = _Job(self._number, sample.pixels, future, all_told, live, self._borrowed.now_s)
        self._borrowed.queue(job, closed=self._closed)
        return future


class Borrowed:
    """Lives on one event loop. `know` tells which scorers there are."""

    def __init__(self, detector: Detector, picture: InputSpec, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._detector = detector
        self._nothing = np.empty((0, picture.height, picture.width, 3), np.uint8)
        self._clock = clock
        self._intake: Intake[_Job] = Intake(
            max_batch=BATCH, max_wait_s=_GATHER_S, size=_LIVE_MOST, per_live_stream=_LIVE_A_STREAM
        )
        self._loans: dict[str, Loan] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._asking: dict[_Asked, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._lanes = 0
        self._lacking = False
        """It was told that no scorer answers."""
        self._strained_until_s = clock()
        self._closed = False

    @property
    def strained(self) -> bool:
        """Live samples were given up within the last second, for want of a scorer."""
        return self._clock() < self._strained_until_s

    @property
    def now_s(self) -> float:
        """By its clock."""
        return self._clock()

    @property
    def scorers(self) -> int:
        """How many answer."""
        return len(self._answering)

    def lane(self) -> BorrowedLane:
        """For one more stream."""
        self._lanes += 1
        return BorrowedLane(self, self._lanes)

    def know(self, scorers: Mapping[str, RemoteScorer]) -> None:
        """These there are, by their ids, and no others."""
        if self._closed:
            return
        for scorer_id in self._loans.keys() - scorers.keys():
            del self._loans[scorer_id]
            self._keeping.pop(scorer_id).cancel()
            for asked in [one for one, of in self._asking.items() if of == scorer_id]:
                asked.cancel()
        for scorer_id in scorers.keys() - self._loans.keys():
            loan = self._loans[scorer_id] = Loan(
                scorer_id,
                scorers[scorer_id],
                self._detector,
                nothing=self._nothing,
                changed=self._changed,
                clock=self._clock,
            )
            self._keeping[scorer_id] = asyncio.create_task(loan.run(), name=f"scorer-{scorer_id}")

    async def aclose(self) -> None:
        """Give up what waits and what is under way. Idempotent."""
        self._closed = True
        tasks: set[asyncio.Task[Any]] = {*self._keeping.values(), *self._asking}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._give_up(self._intake.drain(), "shutdown")
        if self._timer is not None:
            self._timer.cancel()

    def queue(self, job: _Job, *, closed: bool) -> None:
        """What `BorrowedLane.submit` does."""
        if closed or self._closed:
            self._give_up([job], "closed" if closed else "shutdown")
        elif job.pixels.shape != self._nothing.shape[1:]:
            job.future.set_exception(ScoringFailed(f"the picture is {job.pixels.shape}"))
        elif job.live and not self.scorers:
            self._lack([job])
        else:
            given_up = self._intake.add(job.lane, job, live=job.live, now_s=self._clock())
            self._give_up(given_up, "newer", strained=True)
            self._hand_over()

    def forget(self, lane: int) -> None:
        """What `BorrowedLane.close` does."""
        self._give_up(self._intake.remove(lane), "closed")

    @property
    def _answering(self) -> dict[str, Loan]:
        return {scorer_id: loan for scorer_id, loan in self._loans.items() if loan.ready}

    def _changed(self) -> None:
        if self.scorers:
            if self._lacking:
                _log.info("a scorer answers again")
            self._lacking = False
            self._hand_over()
        elif not self._closed:
            self._requeue(self._intake.drain())

    def _requeue(self, jobs: Sequence[_Job]) -> None:
        """Those that wait for a scorer; the live ones do not, where none answers."""
        if not self.scorers:
            self._lack([job for job in jobs if job.live])
            jobs = [job for job in jobs if not job.live]
        for job in jobs:
            self._intake.add(job.lane, job, live=job.live, now_s=self._clock())

    def _lack(self, jobs: Sequence[_Job]) -> None:
        if jobs and not self._lacking:
            self._lacking = True
            _log.error("none of %d scorers answers: live samples are given up until one does", len(self._loans))
        self._give_up(jobs, "no_scorer", strained=True)

    def _hand_over(self) -> None:
        """Send closed batches to scorers that have room, and see to it that this is called when the next one closes."""
        while not self._closed and (closes_at_s := self._intake.closes_at()) is not None:
            there = self._answering
            chosen = idlest({scorer_id: loan.under_way for scorer_id, loan in there.items()})
            if chosen is None:
                return  # It is called when one answers.
            now_s = self._clock()
            jobs = self._intake.take(now_s, there[chosen].under_way.room)
            if not jobs:
                self._wake_in(closes_at_s - now_s)
                return
            self._give_up([job for job in jobs if job.live and job.at_s < now_s - _LIVE_S], "newer", strained=True)
            if wanted := [job for job in jobs if not job.future.done()]:
                self._send(chosen, wanted)

    def _wake_in(self, delay_s: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._woken)

    def _woken(self) -> None:
        self._timer = None
        self._hand_over()

    def _send(self, scorer_id: str, jobs: Sequence[_Job]) -> None:
        # Copied at once: the memory of a sample that is cancelled is used anew.
        pictures = np.stack([job.pixels for job in jobs])
        asked = self._loans[scorer_id].ask(pictures, [job.all_told for job in jobs])
        task = asyncio.create_task(asked, name=f"asking-{scorer_id}")
        self._asking[task] = scorer_id
        task.add_done_callback(partial(self._settle, jobs))

    def _settle(self, jobs: Sequence[_Job], asked: _Asked) -> None:
        del self._asking[asked]
        if asked.cancelled() or asked.exception() is not None:
            self._lose(jobs)
        else:
            for job, answer in zip(jobs, asked.result(), strict=True):
                _resolve(job.future, answer)
        self._hand_over()

    def _lose(self, jobs: Sequence[_Job]) -> None:
        """Their scorer does not answer."""
        if self._closed:
            self._give_up(jobs, "shutdown")
            return
        for job in jobs:
            job.times += 1
        lost = [job for job in jobs if job.live or job.times >= _TIMES]
        self._give_up(lost, "scorer_lost", strained=True)
        self._requeue([job for job in jobs if not job.future.done()])

    def _give_up(self, jobs: Sequence[_Job], reason: str, *, strained: bool = False) -> None:
        if jobs and strained:
            self._strained_until_s = self._clock() + _STRAINED_S
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(SampleDropped(reason))


def _resolve(future: asyncio.Future[Any], answer: Answer) -> None:
    if future.done():
        return
    if isinstance(answer, str):
        future.set_exception(ScoringFailed(answer))
    else:
        future.set_result(answer)
