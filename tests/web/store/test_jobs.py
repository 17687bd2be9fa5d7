"""Jobs in the store."""

from dataclasses import replace

import pytest

from web.delivery.delivery import Owed, Style
from web.store import deliveries, jobs
from web.store.jobs import Job, JobError, JobFrame, JobStatus
from web.store.store import Store
from web.workflows import Rule, Workflow

JOB = Job(
    id="med_a",
    request_id="req_a",
    key_id="1",
    kind="stored",
    uri="https://example.com/a.mp4",
    address="https://user:secret@example.com/a.mp4",
    models=("gore", "gore-2.0"),
    interval_s=2.0,
    max_duration_s=1800.0,
    started_s=10.25,
    last_update_s=10.25,
)
FRAMES = (JobFrame(1, 0, 0.1), JobFrame(2, 2000, 0.25, {"gore": {"prob": 0.25, "classes": {"blood": 0.5}}}))


async def test_a_job_comes_back_as_it_went_in(store: Store) -> None:
    full = replace(
        JOB,
        id="med_b",
        key_id=None,
        callback_url="https://example.org/hook",
        workflow=Workflow(
            id="wfl_0123456789abcdefghijk", reject=(Rule(key="gore.classes.skull", over=0.25, text="No skulls"),)
        ),
        idempotency_key="order 7",
        status=JobStatus.FAILURE,
        operations=3,
        progress=0.5,
        error=JobError("media_error", 61, "It is gone."),
        finished_s=12.0,
    )
    async with store.writing() as tx:
        for job in (JOB, full):
            assert await jobs.add(tx, job) == job
            assert await jobs.find(tx, job.id) == job
        assert await jobs.find(tx, "med_c") is None


async def test_the_same_idempotency_key_of_the_same_key_gives_the_first_job(store: Store) -> None:
    first = replace(JOB, idempotency_key="order 7")
    async with store.writing() as tx:
        await jobs.add(tx, first)
        assert await jobs.add(tx, replace(first, id="med_b")) == first
        for number, key_id in enumerate(("2", None)):
            other = replace(first, id=f"med_c{number}", key_id=key_id)
            assert await jobs.add(tx, other) == other
        nobodys = replace(first, id="med_d", key_id=None)
        assert (await jobs.add(tx, nobodys)).id == "med_c1"
        for number in range(2):
            without = replace(JOB, id=f"med_e{number}")
            assert await jobs.add(tx, without) == without


async def test_a_job_goes_on_and_ends_once(store: Store) -> None:
    async with store.writing() as tx:
        await jobs.add(tx, JOB)
        assert await jobs.advance(tx, JOB.id, at_s=11.0, operations=1, progress=0.5, new_frames=FRAMES[:1])
        assert await jobs.advance(tx, JOB.id, at_s=12.0, operations=2, progress=None, new_frames=FRAMES[1:])
        assert await jobs.find(tx, JOB.id) == replace(JOB, last_update_s=12.0, operations=2)
        assert await jobs.frames(tx, JOB.id) == FRAMES
        assert await jobs.end(tx, JOB.id, JobStatus.STOPPED, at_s=13.0)
        ended = await jobs.find(tx, JOB.id)
        error = JobError("api_error", 91, "It broke.")
        assert not await jobs.end(tx, JOB.id, JobStatus.FAILURE, at_s=14.0, error=error)
        assert not await jobs.advance(tx, JOB.id, at_s=14.0, operations=3, progress=1.0, new_frames=[JobFrame(3, 1, 0)])
        assert await jobs.find(tx, JOB.id) == ended
        assert await jobs.frames(tx, JOB.id) == FRAMES
    assert ended == replace(JOB, status=JobStatus.STOPPED, last_update_s=13.0, operations=2, finished_s=13.0)


async def test_a_failure_keeps_its_reason(store: Store) -> None:
    error = JobError("media_error", 61, "“It” is gone.")
    async with store.writing() as tx:
        await jobs.add(tx, JOB)
        await jobs.end(tx, JOB.id, JobStatus.FAILURE, at_s=13.0, error=error)
        ended = await jobs.find(tx, JOB.id)
    assert ended is not None
    assert ended.error == error


async def test_what_has_not_ended_is_found_by_key_and_over_all(store: Store) -> None:
    async with store.writing() as tx:
        for number, key_id in enumerate(("1", "2", None, "1")):
            await jobs.add(tx, replace(JOB, id=f"med_{number}", key_id=key_id, started_s=10.0 - number))
        await jobs.end(tx, "med_0", JobStatus.FINISHED, at_s=11.0)
        assert [job.id for job in await jobs.ongoing(tx)] == ["med_3", "med_2", "med_1"]
        assert [job.id for job in await jobs.ongoing_of(tx, "1")] == ["med_3"]
        assert [job.id for job in await jobs.ongoing_of(tx, None)] == ["med_2"]
        assert [await jobs.count_ongoing(tx, key_id) for key_id in ("1", "2", None, "3")] == [1, 1, 1, 0]


@pytest.mark.parametrize(("before_s", "left"), [(13.0, True), (13.5, False)])
async def test_old_jobs_go_with_all_that_is_theirs(store: Store, before_s: float, left: bool) -> None:
    async with store.writing() as tx:
        await jobs.add(tx, replace(JOB, id="med_b"))
        await jobs.add(tx, JOB)
        await jobs.advance(tx, JOB.id, at_s=11.0, operations=1, progress=0.5, new_frames=FRAMES)
        owed = Owed(
            sender=JOB.id, number=1, style=Style.SIGHTENGINE, media_id=JOB.id, body=b"{}", url="http://h/", key_id="1"
        )
        await deliveries.add(tx, [owed], now_s=1.0)
        await jobs.end(tx, JOB.id, JobStatus.FINISHED, at_s=13.0)
        assert await jobs.forget(tx, ended_before_s=before_s) == (0 if left else 1)
        assert (await jobs.find(tx, JOB.id) is not None) is left
        assert bool(await jobs.frames(tx, JOB.id)) is left
        assert bool(await deliveries.listed(tx, styles=tuple(Style), limit=1)) is left
        assert await jobs.find(tx, "med_b") is not None
