"""Intervals against published values."""

import numpy as np
import pytest

from web.bench.alerts.intervals import clustered_interval, count_interval, share_interval


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (200, 200, 0.981, 1.0)]
)
def test_share(hits: int, of: int, low: float, high: float) -> None:
    assert list(share_interval(hits, of)) == pytest.approx([low, high], abs=1e-3)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39), (100, 81.36, 121.63), (2000, 1913.3, 2089.6)],
)
def test_count(count: int, low: float, high: float) -> None:
    assert list(count_interval(count)) == pytest.approx([low, high], rel=2e-3)


def test_what_has_no_interval() -> None:
    for hits, of in ((0, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="no share"):
            share_interval(hits, of)
    with pytest.raises(ValueError, match="negative"):
        count_interval(-1)
    with pytest.raises(ValueError, match="weight"):
        clustered_interval([], [], np.random.default_rng(0))


def test_events_that_come_from_few_places_are_less_sure() -> None:
    rng = np.random.default_rng(0)
    spread = clustered_interval([1] * 20 + [0] * 80, [1.0] * 100, rng)
    heaped = clustered_interval([20] + [0] * 99, [1.0] * 100, rng)
    assert spread[0] == pytest.approx(0.12, abs=0.03)
    assert spread[1] == pytest.approx(0.28, abs=0.03)
    assert heaped[0] == 0.0
    assert heaped[1] > spread[1]
