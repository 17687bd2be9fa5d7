"""Jobs: videos and live streams that the `/1.0` half watches, with the frames that were scored."""

import json
from collections.abc import Iterable

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..workflows import workflow_from, workflow_text
from . import regions
from .job import Job, JobError, JobFrame, JobStatus, Json
from .tables import NOBODY, job_frames, jobs
from .upsert import insert_into

__all__ = ["Job", "JobError", "JobFrame", "JobStatus", "Json"]


async def add(tx: AsyncConnection, job: Job) -> Job:
    """Keep a new job and return it; or the job that its key has under the same idempotency key already."""
    adding = insert_into(tx, jobs).on_conflict_do_nothing(index_elements=["key_id", "idempotency_key"])
    added = await tx.execute(
        adding.values(
            id=job.id,
            request_id=job.request_id,
            key_id=job.key_id or NOBODY,
            kind=job.kind,
            uri=job.uri,
            address=job.address,
            models=" ".join(job.models),
            interval=job.interval_s,
            workflow=None if job.workflow is None else workflow_text(job.workflow),
            callback_url=job.callback_url,
            max_duration=job.max_duration_s,
            idempotency_key=job.idempotency_key,
            status=job.status.value,
            started=job.started_s,
            last_update=job.last_update_s,
            operations=job.operations,
            progress=job.progress,
            error=_error_text(job.error),
            finished=job.finished_s,
            region=job.region,
        )
    )
    if added.rowcount:
        return job
    same = (jobs.c.key_id == (job.key_id or NOBODY)) & (jobs.c.idempotency_key == job.idempotency_key)
    return _job((await tx.execute(select(jobs).where(same))).mappings().one())


async def find(tx: AsyncConnection, job_id: str) -> Job | None:
    row = (await tx.execute(select(jobs).where(jobs.c.id == job_id))).mappings().one_or_none()
    return None if row is None else _job(row)


async def ongoing(tx: AsyncConnection, *, region: str | None = None) -> tuple[Job, ...]:
    """Those of every key that have not ended, oldest first; of one region or of all."""
    wanted = select(jobs).where(jobs.c.status == JobStatus.ONGOING.value, *regions.of(jobs.c.region, region))
    rows = await tx.execute(wanted.order_by(jobs.c.started, jobs.c.id))
    return tuple(_job(row) for row in rows.mappings())


async def ongoing_of(tx: AsyncConnection, key_id: str | None) -> tuple[Job, ...]:
    """Those of one key that have not ended, in every region, oldest first."""
    wanted = (jobs.c.status == JobStatus.ONGOING.value) & (jobs.c.key_id == (key_id or NOBODY))
    rows = await tx.execute(select(jobs).where(wanted).order_by(jobs.c.started, jobs.c.id))
    return tuple(_job(row) for row in rows.mappings())


async def count_ongoing(tx: AsyncConnection, key_id: str | None) -> int:
    """Those of one key that have not ended, in every region."""
    wanted = (jobs.c.status == JobStatus.ONGOING.value) & (jobs.c.key_id == (key_id or NOBODY))
    count: int = (await tx.execute(select(func.count()).select_from(jobs).where(wanted))).scalar_one()
    return count


async def advance(
    tx: AsyncConnection,
    job_id: str,
    *,
    at_s: float,
    operations: int,
    progress: float | None,
    new_frames: Iterable[JobFrame] = (),
) -> bool:
    """Note how far a job is and keep its new frames. False, and nothing is kept, once it has ended."""
    still = (jobs.c.id == job_id) & (jobs.c.status == JobStatus.ONGOING.value)
    values = {"last_update": at_s, "operations": operations, "progress": progress}
    if not (await tx.execute(update(jobs).where(still).values(values))).rowcount:
        return False
    rows = [
        {
            "job_id": job_id,
            "number": frame.number,
            "position_ms": frame.position_ms,
            "prob": frame.prob,
            "detail": None if frame.detail is None else json.dumps(frame.detail, separators=(",", ":")),
        }
        for frame in new_frames
    ]
    if rows:
        await tx.execute(insert(job_frames), rows)
    return True


async def end(
    tx: AsyncConnection, job_id: str, status: JobStatus, *, at_s: float, error: JobError | None = None
) -> bool:
    """End a job for good. False, and nothing changes, if it has ended already."""
    still = (jobs.c.id == job_id) & (jobs.c.status == JobStatus.ONGOING.value)
    values = {"status": status.value, "last_update": at_s, "finished": at_s, "error": _error_text(error)}
    return (await tx.execute(update(jobs).where(still).values(values))).rowcount > 0


async def frames(tx: AsyncConnection, job_id: str) -> tuple[JobFrame, ...]:
    """All of a job, in order."""
    rows = await tx.execute(select(job_frames).where(job_frames.c.job_id == job_id).order_by(job_frames.c.number))
    return tuple(
        JobFrame(
            row["number"],
            row["position_ms"],
            row["prob"],
            None if row["detail"] is None else json.loads(row["detail"]),
        )
        for row in rows.mappings()
    )


async def forget(tx: AsyncConnection, *, ended_before_s: float) -> int:
    """Delete jobs that ended before a time, with their frames and callbacks; how many."""
    return (await tx.execute(delete(jobs).where(jobs.c.finished < ended_before_s))).rowcount


def _error_text(error: JobError | None) -> str | None:
    if error is None:
        return None
    return json.dumps({"type": error.type, "code": error.code, "message": error.message})


def _job(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        request_id=row["request_id"],
        key_id=row["key_id"] or None,
        kind=row["kind"],
        uri=row["uri"],
        address=row["address"],
        models=tuple(row["models"].split()),
        interval_s=row["interval"],
        workflow=None if row["workflow"] is None else workflow_from(row["workflow"]),
        callback_url=row["callback_url"],
        max_duration_s=row["max_duration"],
        idempotency_key=row["idempotency_key"],
        status=JobStatus(row["status"]),
        started_s=row["started"],
        last_update_s=row["last_update"],
        operations=row["operations"],
        progress=row["progress"],
        error=None if row["error"] is None else JobError(**json.loads(row["error"])),
        finished_s=row["finished"],
        region=row["region"],
    )
