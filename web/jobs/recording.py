"""What becomes of a job, written down: frames and the callbacks that they give rise to in one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Owed, Style
from ..store import deliveries
from ..store import jobs as rows
from ..store.jobs import Job, JobError, JobFrame, JobStatus
from .fold import Batch
from .objects import encoded, job_json


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    status: JobStatus
    error: JobError | None = None


async def record(tx: AsyncConnection, job: Job, batch: Batch, *, now_s: float) -> bool:
    """Keep what has come of a job. False, and nothing is kept, if it has ended."""
    still = await rows.advance(
        tx,
        job.id,
        at_s=now_s,
        operations=batch.operations,
        progress=batch.progress,
        new_frames=batch.frames,
    )
    if not still or job.callback_url is None:
        return still
    so_far = replace(job, last_update_s=now_s, operations=batch.operations, progress=batch.progress)
    for frames in batch.notices:
        await _owe(tx, job, _body(so_far, frames), job.callback_url, now_s=now_s)
    return True


async def conclude(tx: AsyncConnection, job: Job, outcome: Outcome, *, now_s: float) -> bool:
    """End a job, and owe its last callback. False, and nothing changes, if it has ended."""
    if not await rows.end(tx, job.id, outcome.status, at_s=now_s, error=outcome.error):
        return False
    if job.callback_url is None:
        return True
    ended = await rows.find(tx, job.id)
    assert ended is not None, "it was changed just now"
    # In a thread: there may be megabytes of it.
    body = await asyncio.to_thread(_body, ended, await rows.frames(tx, job.id))
    await _owe(tx, job, body, job.callback_url, now_s=now_s)
    return True


def _body(job: Job, frames: Sequence[JobFrame]) -> bytes:
    return encoded(job_json(job, frames))


async def _owe(tx: AsyncConnection, job: Job, body: bytes, url: str, *, now_s: float) -> None:
    owed = Owed(
        sender=job.id,
        number=await deliveries.next_number(tx, job.id),
        style=Style.SIGHTENGINE,
        media_id=job.id,
        body=body,
        url=url,
        key_id=job.key_id,
    )
    await deliveries.add(tx, [owed], now_s=now_s)
