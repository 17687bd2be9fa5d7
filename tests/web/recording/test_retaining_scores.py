"""Scores as they age: thinned out to their peaks, and gone by the day, by the hour or by their number."""

from dataclasses import replace

import pytest

from stream.ids import make_id
from tests.web.recording.test_retaining import DAY_S, NOW_S, sweep
from tests.web.store.test_blocks import wave
from web.limits import Retention
from web.store import partitions, scores
from web.store.blocks import Judged
from web.store.days import day_at
from web.store.scores import Block, block_of
from web.store.store import Store


def peaks(samples: list[Judged]) -> tuple[float, float]:
    return max(sample.prob for sample in samples), max(sample.raw for sample in samples)


async def test_scores_are_thinned_out_after_a_day_and_go_after_a_month(store: Store) -> None:
    samples = wave(200)
    async with store.writing() as tx:
        for media_id, age in (("med_new", 0.5), ("med_day", 2.0), ("med_month", 31.0)):
            blocks = [block_of(media_id, samples[at : at + 100], at_s=NOW_S - age * DAY_S) for at in (0, 100)]
            await scores.put(tx, blocks)
        many = [block_of(f"med_{number}", samples[:20], at_s=NOW_S - 2 * DAY_S) for number in range(120)]
        await scores.put(tx, many)
    for _ in range(2):
        await sweep(store)
        async with store.reading() as tx:
            assert await scores.read(tx, "med_new") == samples
            thinned = await scores.read(tx, "med_day")
            assert len(thinned) == 20
            assert set(thinned) <= set(samples)
            assert peaks(thinned) == peaks(samples)
            assert len(await scores.read(tx, "med_day", from_s=50.0, to_s=60.0)) in (2, 3)
            assert await scores.read(tx, "med_month") == []
            assert [len(await scores.read(tx, f"med_{number}")) for number in (0, 119)] == [2, 2]


def media_of(age_days: float, number: int = 0) -> str:
    return make_id("med", int((NOW_S - age_days * DAY_S) * 1000), number.to_bytes(11, "big"))


def by_the_hour(media_id: str, *, first_day: float, last_day: float) -> list[Block]:
    """A block of ten samples an hour, from so many days ago to so many."""
    hours = int((first_day - last_day) * 24)
    samples = wave(10 * hours)
    at_s = [NOW_S - first_day * DAY_S + hour * 3600.0 for hour in range(hours)]
    return [block_of(media_id, samples[10 * hour : 10 * hour + 10], at_s=at_s[hour]) for hour in range(hours)]


async def days_there(store: Store) -> list[int]:
    async with store.reading() as tx:
        return sorted(day_at(NOW_S) - day for day in await partitions.there(tx) if day <= day_at(NOW_S))


async def test_of_a_media_that_never_ends_whole_days_go(store: Store) -> None:
    media_id = media_of(40.0)
    for age in range(40, -1, -1):
        await partitions.make_ahead(store, now_s=NOW_S - age * DAY_S)
    blocks = by_the_hour(media_id, first_day=40.0, last_day=0.0)
    samples = wave(10 * len(blocks))
    async with store.writing() as tx:
        await scores.put(tx, blocks)
    for now_s in (NOW_S, NOW_S, NOW_S + DAY_S):
        await sweep(store, Retention(scores_whole_days=50.0), now_s=now_s)
        async with store.reading() as tx:
            left = await scores.read(tx, media_id)
            on_server = partitions.partitioned(tx)
        # A day that has begun to be too old is there until it is over.
        first_s = day_at(now_s - 30 * DAY_S) * DAY_S if on_server else now_s - 30 * DAY_S
        assert left == samples[10 * sum(block.at_s < first_s for block in blocks) :]
        assert await days_there(store) == (
            [day for day in range(31) if NOW_S - day * DAY_S >= first_s] if on_server else []
        )


@pytest.mark.parametrize("days", [0.5, 3.0, 6.9])
async def test_scores_that_are_kept_for_some_days_go_by_the_hour(store: Store, days: float) -> None:
    media_id = media_of(10.0)
    for age in range(10, -1, -1):
        await partitions.make_ahead(store, now_s=NOW_S - age * DAY_S)
    blocks = by_the_hour(media_id, first_day=10.0, last_day=0.0)
    async with store.writing() as tx:
        await scores.put(tx, blocks)
    await sweep(store, Retention(scores_days=days, scores_whole_days=50.0))
    async with store.reading() as tx:
        assert await scores.count(tx) == sum(block.at_s >= NOW_S - days * DAY_S for block in blocks)


async def test_scores_of_days_that_have_no_partition_go_by_the_hour(store: Store) -> None:
    media_id = media_of(500.0)
    blocks = by_the_hour(media_id, first_day=33.0, last_day=27.0)
    async with store.writing() as tx:
        await scores.put(tx, [replace(block, day=block.day - 400) for block in blocks])
    await sweep(store)
    async with store.reading() as tx:
        assert await scores.count(tx) == 3 * 24


async def test_of_too_many_blocks_the_oldest_go_from_days_that_are_spared_too(store: Store) -> None:
    media_id = media_of(31.0)
    for age in range(31, 28, -1):
        await partitions.make_ahead(store, now_s=NOW_S - age * DAY_S)
    async with store.writing() as tx:
        await scores.put(tx, by_the_hour(media_id, first_day=30.0, last_day=29.0))
    await sweep(store, Retention(score_blocks_most=7))
    async with store.reading() as tx:
        assert await scores.count(tx) == 7


async def test_scores_over_days_are_thinned_out_to_their_peaks_and_stay_in_order(store: Store) -> None:
    media_id = media_of(5.0)
    for age in range(5, -1, -1):
        await partitions.make_ahead(store, now_s=NOW_S - age * DAY_S)
    blocks = by_the_hour(media_id, first_day=5.0, last_day=0.0)
    samples = wave(10 * len(blocks))
    async with store.writing() as tx:
        await scores.put(tx, blocks)
    await sweep(store)
    async with store.reading() as tx:
        left = await scores.read(tx, media_id)
    whole = samples[-240:]
    assert left[-240:] == whole
    thinned = left[:-240]
    assert len(thinned) < 4 * 240 / 3
    assert peaks(thinned) == peaks(samples[:-240])
    assert [sample.position_s for sample in left] == sorted(sample.position_s for sample in left)


async def test_damaged_scores_do_not_stop_it(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    old = block_of("med_a", wave(20), at_s=NOW_S - 2 * DAY_S)
    async with store.writing() as tx:
        await scores.put(tx, [replace(old, data=b"noise"), replace(old, media_id="med_b")])
    await sweep(store)
    async with store.reading() as tx:
        assert await scores.read(tx, "med_a") == []
        assert len(await scores.read(tx, "med_b")) == 2
    assert "scores of med_a are damaged" in caplog.text


async def test_of_too_many_blocks_the_oldest_go(store: Store) -> None:
    async with store.writing() as tx:
        await scores.put(tx, [block_of(f"med_{number}", wave(5), at_s=NOW_S - number) for number in range(9)])
    await sweep(store, Retention(score_blocks_most=3))
    async with store.reading() as tx:
        left = [bool(await scores.read(tx, f"med_{number}")) for number in range(9)]
    assert left == [True] * 3 + [False] * 6
