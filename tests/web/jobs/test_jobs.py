"""Jobs behind a real HTTP server and in a real store, their sources and scores played by the test."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.until import until
from tests.web.jobs.world import START_S, STORED, World, wanted
from tests.web.store.test_jobs import JOB
from web.access.caller import ANYBODY
from web.delivery.delivery import Style
from web.ids import new_id
from web.jobs.counts import JobCounts
from web.jobs.folder import MediaFolder
from web.jobs.sweeping import Sweeper
from web.names import ShuttingDown
from web.store import deliveries, jobs, uploads
from web.store.job import JobStatus
from web.store.uploads import Upload

"""With the same credentials for all while no key was made."""


async def test_a_stored_video_is_read_again_after_a_restart_and_gives_the_same(world: World) -> None:
    probs = [0.1, 0.9, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1]
    async with world.running() as (running, pool):
        job = await running.submit(wanted(), ANYBODY)
        source = await pool.source()
        source.live(STORED)
        for number in range(3):
            source.sample(float(number), probs[number])
        await world.until(job.id, lambda job: job.operations >= 2)
    assert (await world.until(job.id, bool)).status is JobStatus.ONGOING
    async with world.running() as (_, pool):
        source = await pool.source()
        source.live(STORED)
        for number, prob in enumerate(probs):
            source.sample(float(number), prob)
        source.end()
        ended = await world.until(job.id, lambda job: job.status is not JobStatus.ONGOING)
    assert (ended.status, ended.operations, ended.progress) == (JobStatus.FINISHED, 8, 1.0)
    assert await world.frames(job.id) == [(number + 1, number * 1000) for number in range(8)]
    assert await world.statuses(job.id) == ["ongoing", "ongoing", "finished"]


async def test_a_live_stream_goes_on_after_a_restart(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted("rtsp://camera.example/"), ANYBODY)
        assert job.progress is None
        source = await pool.source()
        source.live()
        for number in range(3):
            source.sample(float(number), 0.1)
        await world.until(job.id, lambda job: job.operations >= 2)
    known = await world.frames(job.id)
    world.now_s += 30.0
    async with world.running() as (running, pool):
        source = await pool.source()
        source.live()
        source.sample(0.0, 0.9)
        again = await world.until(job.id, lambda job: job.operations > len(known))
        await running.stop(again)
        stopped = await world.until(job.id, lambda job: job.status is JobStatus.STOPPED)
        assert source.closed
        await running.stop(stopped)
    assert await world.frames(job.id) == [*known, (len(known) + 1, known[-1][1] + 31_000)]
    assert await world.statuses(job.id) == ["ongoing", "stopped"]


@pytest.mark.parametrize("seconds", [4, 8])
async def test_a_video_that_is_read_faster_than_it_can_be_stopped_is_stopped_all_the_same(
    world: World, seconds: int
) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted(max_duration_s=3.0), ANYBODY)
        source = await pool.source()
        source.live(STORED)
        for number in range(seconds):
            source.sample(float(number), 0.1)
        source.end()
        ended = await world.until(job.id, lambda job: job.status is not JobStatus.ONGOING)
    assert ended.status is JobStatus.STOPPED
    assert [position for _, position in await world.frames(job.id)] == [0, 1000, 2000]


async def test_a_job_ends_when_its_time_is_up_by_the_clock_too(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted("rtsp://camera.example/", max_duration_s=60.0), ANYBODY)
        source = await pool.source()
        source.live()
        source.sample(0.0, 0.1)
        world.now_s += 60.0
        ended = await world.until(job.id, lambda job: job.status is not JobStatus.ONGOING)
        assert ended.status is JobStatus.STOPPED
        assert source.closed


async def test_a_job_that_is_stopped_while_the_service_stops_is_not_taken_up_again(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted("rtsp://camera.example/"), ANYBODY)
        (await pool.source()).live()
        await asyncio.gather(running.stop(job), running.aclose())
    assert (await world.until(job.id, bool)).status is JobStatus.STOPPED
    assert await world.statuses(job.id) == ["stopped"]


async def test_no_job_begins_while_the_service_stops(world: World) -> None:
    async with world.running() as (running, _):
        await running.aclose()
        with pytest.raises(ShuttingDown):
            await running.submit(wanted(), ANYBODY)
        async with world.store.reading() as tx:
            assert await jobs.ongoing(tx) == ()


async def test_two_stops_are_one(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted("rtsp://camera.example/"), ANYBODY)
        (await pool.source()).live()
        await asyncio.gather(running.stop(job), running.stop(job))
    assert (await world.until(job.id, bool)).status is JobStatus.STOPPED
    assert await world.statuses(job.id) == ["stopped"]


async def test_a_job_can_be_stopped_before_its_source_is_open(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted("rtsp://camera.example/"), ANYBODY)
        await running.stop(job)
        assert all(source.closed for source in pool.sources)
    assert (await world.until(job.id, bool)).status is JobStatus.STOPPED
    assert await world.statuses(job.id) == ["stopped"]


async def test_a_file_that_was_sent_is_there_until_its_job_ends(world: World) -> None:
    sent = world.folder.incoming / "upload-1"
    sent.write_bytes(b"video")
    async with world.running() as (running, pool):
        job = await running.submit(wanted(sent), ANYBODY)
        sent.unlink()
        source = await pool.source()
        assert pool.addresses[0].url == str(world.folder.path(job.id))
        assert world.folder.path(job.id).read_bytes() == b"video"
        assert source.options.kind == "video"
        source.fail("decode_failed", "In words that nobody sees.")
        failed = await world.until(job.id, lambda job: job.status is not JobStatus.ONGOING)
        assert failed.error is not None
        assert (failed.error.type, failed.error.code, failed.error.message) == (
            "media_error",
            63,
            "The media is damaged",
        )
        # The file goes when the end is in the store.
        await world.gone(job.id)


def test_what_was_sent_is_for_nobody_else_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir(mode=0o755)
    MediaFolder(tmp_path).prepare()
    assert (tmp_path / "media").stat().st_mode & 0o777 == 0o700


async def test_what_gives_no_frame_at_all_is_a_failure(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted(), ANYBODY)
        source = await pool.source()
        source.live(STORED)
        source.end()
        ended = await world.until(job.id, lambda job: job.status is not JobStatus.ONGOING)
    assert ended.status is JobStatus.FAILURE
    assert await world.statuses(job.id) == ["failure"]


async def test_what_is_too_old_is_cleared_away_with_its_files(world: World) -> None:
    sweeper = Sweeper(world.store, world.folder, job_hours=24, clock=lambda: world.now_s)
    async with world.running() as (running, pool):
        job = await running.submit(wanted(), ANYBODY)
        (await pool.source()).fail()
        await world.until(job.id, lambda job: job.status is not JobStatus.ONGOING)
    upload = Upload(media_id=new_id("med"), key_id=None, token_hash="x", expires_s=START_S + 3600.0, region="default")
    world.folder.path(upload.media_id).write_bytes(b"video")
    async with world.store.writing() as tx:
        await uploads.add(tx, upload)
    world.now_s += 3600.0
    await sweeper.sweep()
    assert not world.folder.path(upload.media_id).exists()
    await world.until(job.id, lambda job: job.finished_s is not None)
    world.now_s = START_S + 24 * 3600.0 + 1.0
    await sweeper.sweep()
    async with world.store.reading() as tx:
        assert await jobs.find(tx, job.id) is None
        assert await deliveries.listed(tx, styles=tuple(Style), limit=1) == ()


async def test_what_an_earlier_service_was_in_the_middle_of_is_let_go(world: World) -> None:
    begun, whole = (
        Upload(media_id=new_id("med"), key_id=None, token_hash=token, expires_s=START_S + 60.0, region="default")
        for token in "ab"
    )
    async with world.store.writing() as tx:
        for upload in (begun, whole):
            await uploads.add(tx, upload)
            await uploads.claim(tx, upload.token_hash, now_s=START_S)
        await uploads.arrived(tx, whole.media_id, path=str(world.folder.path(whole.media_id)))
    (world.folder.incoming / begun.media_id).write_bytes(b"half")
    for media_id in (whole.media_id, "med_of_nobody"):
        world.folder.path(media_id).write_bytes(b"video")
    world.folder.prepare()
    await Sweeper(world.store, world.folder, job_hours=24, clock=lambda: world.now_s).tidy()
    assert not (world.folder.incoming / begun.media_id).exists()
    assert not world.folder.path("med_of_nobody").exists()
    assert world.folder.path(whole.media_id).exists()
    async with world.store.writing() as tx:
        assert await uploads.claim(tx, "a", now_s=START_S) is not None
        assert await uploads.claim(tx, "b", now_s=START_S) is None


async def test_files_and_jobs_of_another_region_are_left_alone(world: World) -> None:
    theirs = Upload(media_id=new_id("med"), key_id=None, token_hash="x", expires_s=START_S, region="elsewhere")
    async with world.store.writing() as tx:
        await uploads.add(tx, replace(theirs, used_s=START_S - 1.0))
        await jobs.add(tx, replace(JOB, region="elsewhere"))
    await Sweeper(world.store, world.folder, job_hours=24, clock=lambda: world.now_s).tidy()
    async with world.running() as (running, _):
        assert running.counts() == JobCounts(running=0, waiting=0, ended={})
    async with world.store.reading() as tx:
        assert await uploads.find(tx, theirs.media_id) == replace(theirs, used_s=START_S - 1.0)


async def test_a_job_that_another_service_writes_down_as_stopped_ends(world: World) -> None:
    async with world.running() as (running, pool):
        job = await running.submit(wanted("rtsp://camera.example/"), ANYBODY)
        source = await pool.source()
        source.live()
        async with world.store.writing() as tx:
            assert await jobs.end(tx, job.id, JobStatus.STOPPED, at_s=world.now_s)
        source.sample(0.0, 0.1)
        await until(lambda: source.closed and not running.counts().running)
    assert await world.frames(job.id) == []
