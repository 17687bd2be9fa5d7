"""All jobs of this service: starts them, ends them, and takes them up again after a restart."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from inference.policy import Policy
from inference.summary import MediaRef
from stream.address import Address, parse
from stream.errors import InternalFault, SourceError

from ..access.caller import Caller
from ..ids import new_id
from ..names import NotAccepted, ShuttingDown
from ..registry import Registry
from ..running import Commission
from ..store import jobs as rows
from ..store import regions
from ..store.errors import StoreError
from ..store.jobs import Job, JobFrame, JobStatus
from ..store.store import Store
from ..workflows import Workflow
from .counts import JobCounts
from .folder import MediaFolder
from .recording import Outcome, conclude
from .running import RunningJob, Surroundings, failed

UPLOAD, ADDRESS = "upload", "address"
"""Kinds of jobs: a file that was sent here, or an address of what may be stored or live."""
_STOP_TIMEOUT_S = 10.0
_LEAVE_TIMEOUT_S = 1.0
_log = logging.getLogger("gorewatch.jobs")


class TooManyJobs(Exception):
    """As many run as may, of this key or in all."""


class KeyReused(Exception):
    """Another job has this idempotency key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A job that is asked for."""

    uri: str
    """What people see."""
    source: Address | Path
    """Where it is read, or the file that was sent: the job keeps it for itself."""
    models: tuple[str, ...]
    interval_s: float
    max_duration_s: float
    callback_url: str | None
    idempotency_key: str | None
    workflow: Workflow | None = None
    """It judges what the models answer."""


class Jobs:
    """Lives on one event loop. `clock` tells Unix seconds."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        folder: MediaFolder,
        policy: Policy,
        max_jobs: int,
        region: str = regions.DEFAULT,
        owed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._registry = registry
        self._folder = folder
        self._policy = policy
        self._max_jobs = max_jobs
        self._region = region
        self._clock = clock
        self._around = Surroundings(store, registry.end, owed, clock)
        self._running: dict[str, tuple[RunningJob, asyncio.Task[None]]] = {}
        self._ended: Counter[str] = Counter()
        self._closed = False

    def counts(self) -> JobCounts:
        waiting = sum(runner.waits for runner, _ in self._running.values())
        return JobCounts(running=len(self._running) - waiting, waiting=waiting, ended=dict(self._ended))

    def has(self, job_id: str) -> bool:
        """Whether it goes on here."""
        return job_id in self._running

    async def submit(self, wanted: Wanted, caller: Caller) -> Job:
        """Start a job, or find the one that the caller started with the same idempotency key.

        Raises `TooManyJobs`, `KeyReused`, `web.registry.NotAccepted` and `StoreError`.
        """
        job = self._new_job(wanted, caller)
        kept: Job | None = None
        try:
            if isinstance(wanted.source, Path):
                await asyncio.to_thread(self._folder.keep, wanted.source, job.id)
            async with self._store.writing() as tx:
                kept = await rows.add(tx, job)
                if kept.id == job.id:
                    if len(await rows.ongoing(tx, region=self._region)) > self._max_jobs:
                        raise TooManyJobs
                    if caller.max_jobs is not None and await rows.count_ongoing(tx, job.key_id) > caller.max_jobs:
                        raise TooManyJobs
                    self._start(job, ())
        except BaseException:
            # What was started is given up with the row that was undone.
            await self._abandon(job.id)
            raise
        if kept.id != job.id:
            await asyncio.to_thread(self._folder.drop, job.id)
            if _asked(kept) != _asked(job):
                raise KeyReused
        return kept

    async def stop(self, job: Job) -> None:
        """End a job as stopped; its end is written down when this returns. Nothing happens to one that has ended."""
        running = self._running.get(job.id)
        if running is not None:
            runner, task = running
            runner.stop()
            await asyncio.wait({task}, timeout=_STOP_TIMEOUT_S)
        # Also where the service stops in this moment, which leaves it to be taken up again.
        if job.status is JobStatus.ONGOING and (running is None or running[0].left):
            await self._conclude(job, Outcome(JobStatus.STOPPED))

    async def resume(self) -> None:
        """Take up the jobs that had not ended when the service did."""
        async with self._store.reading() as tx:
            found = [(job, await rows.frames(tx, job.id)) for job in await rows.ongoing(tx, region=self._region)]
        for job, known in found:
            try:
                self._start(job, known)
                _log.info("the job %s is taken up again after %d frames", job.id, len(known))
            except (SourceError, NotAccepted) as error:
                _log.error("the job %s cannot be taken up again: %s", job.id, error)
                await self._conclude(job, failed(InternalFault(str(error)).failure()))

    async def aclose(self) -> None:
        """Leave all jobs as they stand, to be taken up at the next start. Their streams are the registry's to end."""
        self._closed = True
        tasks = [task for _, task in self._running.values()]
        for runner, _ in self._running.values():
            runner.leave()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LEAVE_TIMEOUT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _new_job(self, wanted: Wanted, caller: Caller) -> Job:
        now_s = self._clock()
        job_id = new_id("med")
        sent = isinstance(wanted.source, Path)
        return Job(
            id=job_id,
            request_id=new_id("req"),
            key_id=caller.key_id,
            kind=UPLOAD if sent else ADDRESS,
            uri=wanted.uri,
            address=str(self._folder.path(job_id)) if isinstance(wanted.source, Path) else wanted.source.url,
            models=wanted.models,
            workflow=wanted.workflow,
            interval_s=wanted.interval_s,
            callback_url=wanted.callback_url,
            max_duration_s=wanted.max_duration_s,
            idempotency_key=wanted.idempotency_key,
            started_s=now_s,
            last_update_s=now_s,
            progress=None if not isinstance(wanted.source, Path) and wanted.source.is_live_protocol else 0.0,
            region=self._region,
        )

    def _start(self, job: Job, known: tuple[JobFrame, ...]) -> None:
        """Raises `NotAccepted`."""
        if self._closed:
            raise ShuttingDown("The service is stopping.")
        address = parse(job.address)
        runner = RunningJob(job, known, self._around, live=address.is_live_protocol)
        runner.stream = self._registry.add(
            address,
            name=None,
            # A frame an interval and no more: what is scored is what is answered.
            policy=replace(self._policy, fps=1.0 / job.interval_s, adaptive=False),
            trusted=False,
            shown=job.uri,
            owner=job.key_id,
            commission=Commission(
                media=MediaRef(request_id=job.request_id, media_id=job.id, uri=job.uri),
                listener=runner,
                kind="video" if job.kind == UPLOAD else "any",
            ),
        )
        task = asyncio.create_task(self._run(runner), name=f"job-{job.id}")
        self._running[job.id] = (runner, task)

    async def _run(self, runner: RunningJob) -> None:
        try:
            await runner.run()
        except Exception:
            _log.exception("the job %s broke off", runner.job.id)
            if runner.stream is not None:
                await self._registry.end(runner.stream)
            await self._conclude(runner.job, failed(InternalFault("It broke off.").failure()))
            return
        finally:
            self._running.pop(runner.job.id, None)
        if not runner.left:
            self._ended[runner.status.value] += 1
            await asyncio.to_thread(self._folder.drop, runner.job.id)

    async def _abandon(self, job_id: str) -> None:
        running = self._running.get(job_id)
        if running is not None:
            runner, task = running
            runner.leave()
            if runner.stream is not None:
                await self._registry.end(runner.stream)
            await asyncio.wait({task})
        await asyncio.to_thread(self._folder.drop, job_id)

    async def _conclude(self, job: Job, outcome: Outcome) -> None:
        try:
            async with self._store.writing() as tx:
                ended = await conclude(tx, job, outcome, now_s=self._clock())
        except StoreError as error:
            _log.error("the end of the job %s cannot be written down: %s", job.id, error)
            return
        self._ended[outcome.status.value] += ended
        self._around.owed()
        await asyncio.to_thread(self._folder.drop, job.id)


def _asked(job: Job) -> tuple[object, ...]:
    """What two calls with the same idempotency key must have alike."""
    return job.uri, job.kind, job.models, job.workflow, job.interval_s, job.max_duration_s, job.callback_url
