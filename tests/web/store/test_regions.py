"""Rows of several services in one store: each has its own, and what was there before regions goes to the first."""

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.web.store.test_jobs import JOB
from tests.web.store.test_moderated import facts
from tests.web.store.test_standing import DOOR, YARD
from tests.web.store.test_uploads import UPLOAD
from web.store import events, jobs, media, meta, place, regions, standing, sweeping, uploads
from web.store.kept import MediaEnd
from web.store.store import Store

_TABLES = ("media", "jobs", "standing_streams", "uploads")


async def regions_in(tx: AsyncConnection, table: str) -> list[str | None]:
    """Of all rows, by their keys."""
    key = "media_id" if table == "uploads" else "id"
    return list(await tx.scalars(text(f"SELECT region FROM {table} ORDER BY {key}")))  # noqa: S608


async def test_what_was_there_before_regions_goes_to_the_first_service_that_starts(store: Store) -> None:
    over = facts(number=1)
    async with store.writing() as tx:
        await media.add(tx, [facts(), over])
        await media.end(tx, over.ref.media_id, MediaEnd(finished_s=9.0, operations=1, prob=0.5, summary=None))
        await jobs.add(tx, JOB)
        await jobs.add(tx, replace(JOB, id="med_z", idempotency_key=None))
        await jobs.end(tx, "med_z", jobs.JobStatus.STOPPED, at_s=9.0)
        await standing.add(tx, [DOOR])
        await uploads.add(tx, UPLOAD)
        for table in _TABLES:
            await tx.execute(text(f"UPDATE {table} SET region = NULL"))  # noqa: S608
        await meta.put(tx, "event_log_place", b"77")
    for region in ("eu", "us"):
        async with store.writing() as tx:
            await regions.take_over(tx, region)
    async with store.reading() as tx:
        assert {table: await regions_in(tx, table) for table in _TABLES} == {
            # What has ended is nobody's to go on with.
            "media": ["eu", None],
            "jobs": ["eu", None],
            "standing_streams": ["eu"],
            "uploads": ["eu"],
        }
        assert (await place.read(tx, "eu"), await place.read(tx, "us")) == (77, 0)
        assert await meta.get(tx, "event_log_place") is None


async def test_how_far_the_log_was_recorded_is_known_of_each_region(store: Store) -> None:
    longest = 32 * "x"
    async with store.writing() as tx:
        assert await place.move(tx, longest, 0, 5)
        assert await place.move(tx, "eu", 0, 7)
        assert not await place.move(tx, "eu", 5, 8)
        assert await place.move(tx, longest, 5, 6)
        await meta.put(tx, "event_log_place", b"77")
        await place.take_over(tx, "eu")
        assert (await place.read(tx, longest), await place.read(tx, "eu"), await place.read(tx, "us")) == (6, 7, 0)


async def test_a_region_lists_what_is_its_own(store: Store) -> None:
    async with store.writing() as tx:
        for number, region in enumerate(("eu", "us")):
            await media.add(tx, [facts(number=number)], region=region)
            await jobs.add(tx, replace(JOB, id=f"med_{region}", idempotency_key=None, region=region))
            await uploads.add(tx, replace(UPLOAD, media_id=f"med_{region}", token_hash=region, region=region))
        await standing.add(tx, [DOOR], region="eu")
        await standing.add(tx, [YARD], region="us")
        assert [one.region for one in await media.running(tx, region="us")] == ["us"]
        assert [one.region for one in await media.running(tx)] == ["eu", "us"]
        assert [job.id for job in await jobs.ongoing(tx, region="eu")] == ["med_eu"]
        assert [one.id for one in await standing.listed(tx, region="us")] == [YARD.id]
        assert [one.media_id for one in await uploads.expired(tx, now_s=1e12, region="eu")] == ["med_eu"]
        # A key's own limit is for all of them.
        assert await jobs.count_ongoing(tx, JOB.key_id) == 2
        # A file lies where it was taken in.
        claimed = await uploads.claim(tx, "us", now_s=1.0, region="eu")
        assert claimed is not None
        assert claimed.region == "eu"


async def test_a_name_in_another_region_is_told_of_and_left_alone(store: Store) -> None:
    async with store.writing() as tx:
        await standing.add(tx, [DOOR], region="eu")
        assert await standing.named_elsewhere(tx, DOOR.owner, DOOR.name, region="us") == "eu"
        assert await standing.named_elsewhere(tx, DOOR.owner, DOOR.name, region="eu") is None
        assert await standing.named_elsewhere(tx, "other", DOOR.name, region="us") is None
        await standing.add(tx, [replace(DOOR, id="str_z")], region="us")
        assert [one.id for one in await standing.listed(tx)] == [DOOR.id, "str_z"]


async def test_one_region_at_a_time_lets_go_of_what_is_old_until_it_does_not_come_again(store: Store) -> None:
    async def turn(region: str, now_s: float) -> tuple[bool, bool]:
        async with store.writing() as tx:
            told = await sweeping.turn(tx, region, now_s=now_s, lasts_s=10.0)
        return told.ours, told.alone

    assert await turn("eu", 100.0) == (True, True)
    assert await turn("us", 101.0) == (False, False)
    assert await turn("eu", 109.0) == (True, True)
    assert await turn("us", 118.0) == (False, False)
    assert await turn("us", 119.5) == (True, False)
    assert await turn("us", 121.0) == (True, True)
    assert await turn("eu", 122.0) == (False, False)
    # Its clock was years ahead.
    assert await turn("us", 1e9) == (True, True)
    assert await turn("eu", 130.0) == (True, False)


async def test_of_two_services_that_reserve_numbers_the_higher_reserve_stays(store: Store) -> None:
    async with store.writing() as tx:
        await events.raise_ceiling(tx, 50)
        await events.raise_ceiling(tx, 40)
        assert await events.ceiling(tx) == 50
