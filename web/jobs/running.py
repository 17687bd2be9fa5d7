"""One job while it runs: hears its stream, keeps what comes of it in the store, and ends it when its time is up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from inference.taxonomy import Taxonomy
from stream.errors import Failure
from stream.sample import State

from ..api.compat.arguments import GORE_2
from ..api.compat.errors import fault_of
from ..running import Stream
from ..store.errors import StoreError
from ..store.jobs import Job, JobError, JobFrame, JobStatus
from ..store.store import Store
from .fold import Fold
from .recording import Outcome, conclude, record

_PAUSE_S = 0.5
"""Between two writings of what need not be told at once."""
_log = logging.getLogger("gorewatch.jobs")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a job works with."""

    store: Store
    end_stream: Callable[[Stream], Awaitable[object]]
    owed: Callable[[], None]
    """Called when there are callbacks to be sent."""
    clock: Callable[[], float]
    """Unix seconds."""


class RunningJob:
    """A `web.running.Listener`. `run` is its life; it is over once its end is written down, or after `leave`."""

    def __init__(self, job: Job, known: Sequence[JobFrame], around: Surroundings, *, live: bool) -> None:
        """`known`: frames of an earlier run. `live`: what it is taken for until it is opened."""
        self.job = job
        self.stream: Stream | None = None
        """To be set before its first sample."""
        self._around = around
        self._fold = Fold(
            interval_s=job.interval_s,
            max_duration_s=job.max_duration_s,
            detailed=GORE_2 in job.models,
            known=known,
            live=live,
        )
        self._outcome: Outcome | None = None
        self._ending = False
        self.left = False
        """It is none of this service's any more."""
        self._ended_elsewhere = False
        self._troubled = False
        self._urgent = asyncio.Event()

    @property
    def status(self) -> JobStatus:
        """As its stream has it; the store may learn of it a moment later."""
        return JobStatus.ONGOING if self._outcome is None else self._outcome.status

    @property
    def waits(self) -> bool:
        """Its media is not open yet, or not again."""
        return self.stream is None or self.stream.state in (State.CONNECTING, State.RECONNECTING)

    def scored(self, position_s: float, gore: Taxonomy) -> None:
        if self.left or self._ending:
            return
        if not self._fold.begun:
            info = None if self.stream is None else self.stream.info
            assert info is not None, "a stream is open before its first sample"
            self._fold.begin(info, away_s=self._around.clock() - self.job.last_update_s)
        if self._fold.scored(position_s, gore) or self._fold.reached:
            self._urgent.set()

    def ended(self, failure: Failure | None, *, on_request: bool) -> None:
        if self.left:
            return
        self._fold.finish(to_the_end=failure is None and not on_request)
        if on_request or self._fold.reached:
            # Or its longest duration came, and the source's end sooner than the stop for that.
            self._outcome = Outcome(JobStatus.STOPPED)
        elif failure is not None:
            self._outcome = failed(failure)
        else:
            self._outcome = Outcome(JobStatus.FINISHED)
        self._urgent.set()

    def stop(self) -> None:
        """Have it end as stopped, soon."""
        self._ending = True
        self._urgent.set()

    def leave(self) -> None:
        """The service stops: what comes from now on is none of this job's, which is taken up at the next start."""
        self.left = True
        self._urgent.set()

    async def run(self) -> None:
        deadline_s = self.job.started_s + self.job.max_duration_s
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_S):
                    await self._urgent.wait()
            self._urgent.clear()
            over = self._ending or self._fold.reached or self._around.clock() >= deadline_s
            if over and self._outcome is None and not self.left and self.stream is not None:
                self._ending = True
                await self._around.end_stream(self.stream)
            outcome = None if self.left else self._outcome
            if (await self._write(outcome) and outcome is not None) or self.left:
                return
            if self._ended_elsewhere and self.stream is not None:
                await self._around.end_stream(self.stream)
                return

    async def _write(self, outcome: Outcome | None) -> bool:
        """Keep what has come; whether that could be done."""
        batch = self._fold.batch()
        if not (batch.frames or batch.notices or outcome):
            return True
        around = self._around
        try:
            async with around.store.writing() as tx:
                now_s = around.clock()
                still = await record(tx, self.job, batch, now_s=now_s)
                if outcome is not None:
                    await conclude(tx, self.job, outcome, now_s=now_s)
        except StoreError as error:
            if not self._troubled:
                _log.error("the job %s cannot be written down and waits: %s", self.job.id, error)
            self._troubled = True
            return False
        self._troubled = False
        # A service of another region, asked to stop the job, has written that down.
        self._ended_elsewhere = not still and outcome is None
        self._fold.written(batch)
        if batch.notices or outcome is not None:
            around.owed()
        return True


def failed(failure: Failure) -> Outcome:
    """The end of a job whose media is at fault, or that we failed, in the words of the interface."""
    fault = fault_of("decode_failed" if failure.code == "no_frames" else failure.code)
    return Outcome(JobStatus.FAILURE, JobError(fault.type, fault.code, fault.message))
