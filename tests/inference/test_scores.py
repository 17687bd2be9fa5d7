import random

import pytest

from inference.scores import Point, ScoreHistory, downsample


def points(seed: int, count: int) -> list[Point]:
    rng = random.Random(seed)
    return [Point(number * 0.5, rng.random(), rng.random()) for number in range(count)]


def test_a_short_media_keeps_every_point() -> None:
    history = ScoreHistory(limit=100)
    given = points(1, 99)
    for point in given:
        history.add(point)
    assert history.points() == given


@pytest.mark.parametrize("seed", range(10))
def test_a_long_one_stays_bounded_and_keeps_its_peaks(seed: int) -> None:
    history = ScoreHistory(limit=64)
    given = points(seed, 5000)
    for number, point in enumerate(given, start=1):
        history.add(point)
        if number % 97 == 0:
            kept = history.points()
            assert len(kept) <= 64 + 2
            assert max(kept, key=lambda p: p.prob) == max(given[:number], key=lambda p: p.prob)
            assert max(p.raw for p in kept) == max(p.raw for p in given[:number])
            assert kept == sorted(kept, key=lambda p: p.position_s)
            assert set(kept) <= set(given)


def test_the_first_hour_of_a_day_is_as_fine_as_the_last() -> None:
    history = ScoreHistory()
    for number in range(24 * 3600 * 2):
        history.add(Point(number * 0.5, 0.1 + number % 7 / 100, 0.1 + number % 11 / 100))
    kept = history.points()
    assert 3600 <= len(kept) <= 7200
    hours = [sum(hour * 3600 <= p.position_s < (hour + 1) * 3600 for p in kept) for hour in range(24)]
    assert min(hours) > 0.8 * max(hours)


def test_a_dip_in_a_long_high_stretch_can_be_seen() -> None:
    flat = [Point(float(number), 0.9, 0.9) for number in range(1000)]
    flat[500] = Point(500.0, 0.1, 0.3)
    assert flat[500] in downsample(flat, 100)


@pytest.mark.parametrize("max_points", [2, 3, 10, 99, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_downsampling_keeps_to_its_limit_and_the_peaks(seed: int, max_points: int) -> None:
    given = points(seed, 700)
    fewer = downsample(given, max_points)
    assert len(fewer) <= max_points
    assert max(p.prob for p in fewer) == max(p.prob for p in given)
    assert max(p.raw for p in fewer) == max(p.raw for p in given)
    assert fewer == sorted(fewer, key=lambda p: p.position_s)


def test_few_points_are_left_alone() -> None:
    given = points(1, 10)
    assert downsample(given, 10) == given
    assert downsample([], 2) == []


def test_limits_that_cannot_keep_a_peak_are_refused() -> None:
    with pytest.raises(ValueError, match="2 points"):
        downsample([], 1)
    for limit in (4, 10):
        with pytest.raises(ValueError, match="multiple of 4"):
            ScoreHistory(limit=limit)
