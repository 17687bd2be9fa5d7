"""Scores read from the store a few blocks at a time: bounded, without losing a peak."""

import logging
from dataclasses import replace

import pytest

from inference.scores import Point
from tests.web.store.test_blocks import wave
from tests.web.whatif.past import blocks_of
from web.recording.series import read_series
from web.recording.thinning import Series, Thinner
from web.store import scores
from web.store.blocks import MOST_SAMPLES, Judged, encode
from web.store.store import Store


def taken(samples: list[Judged], *, max_points: int, said: int | None = None) -> Series:
    blocks = [encode(samples[at : at + MOST_SAMPLES]) for at in range(0, len(samples), MOST_SAMPLES)]
    thinner = Thinner(samples=said or len(samples), blocks=len(blocks))
    for block in blocks:
        thinner.take([block], damaged=lambda error: pytest.fail(str(error)))
    return thinner.series(max_points)


@pytest.mark.parametrize("count", [1, 100, 5000, 30_000])
def test_peaks_stay_whatever_is_thinned_out(count: int) -> None:
    samples = wave(count)
    found = taken(samples, max_points=50)
    assert len(found.points) <= 50
    assert found.samples == count
    assert found.prob == max(sample.prob for sample in samples) == max(point.prob for point in found.points)
    assert max(point.raw for point in found.points) == max(sample.raw for sample in samples)
    positions = [point.position_s for point in found.points]
    assert positions == sorted(set(positions))


def test_few_are_all_there() -> None:
    samples = wave(900)
    assert taken(samples, max_points=1000).points == tuple(Point(one.position_s, one.raw, one.prob) for one in samples)


def test_more_than_was_said_are_bounded_too() -> None:
    found = taken(wave(50_000), max_points=100_000, said=10)
    assert found.samples == 50_000
    assert len(found.points) <= 40_000


def test_nothing_is_no_series() -> None:
    assert Thinner(samples=0, blocks=0).series(10) == Series((), 0, None)


async def test_a_range_is_read_with_both_its_ends_over_many_pages(store: Store) -> None:
    samples = wave(40 * MOST_SAMPLES)
    async with store.writing() as tx:
        await scores.put(tx, blocks_of("med_a", samples))
        await scores.put(tx, blocks_of("med_b", wave(9)))
    whole = await read_series(store, "med_a", max_points=20_000)
    assert len(whole.points) == whole.samples == len(samples)
    part = await read_series(store, "med_a", max_points=20_000, from_s=100.0, to_s=200.0)
    assert [point.position_s for point in part.points] == [100.0 + at / 2 for at in range(201)]
    assert await read_series(store, "med_c", max_points=10) == Series((), 0, None)


async def test_what_is_damaged_is_passed_over_and_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first, second = blocks_of("med_a", wave(2 * MOST_SAMPLES))
    async with store.writing() as tx:
        await scores.put(tx, [replace(first, data=first.data[:-3]), second])
    with caplog.at_level(logging.ERROR):
        found = await read_series(store, "med_a", max_points=1000)
    assert found.samples == MOST_SAMPLES
    assert "scores of med_a are damaged" in caplog.text
