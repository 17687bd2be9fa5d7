"""Intervals are as wide as chance makes them, and repeat with the seed."""

import time

import numpy as np
import numpy.typing as npt
import pytest

from inference.evaluation.bootstrap import percentiles, resampled, wilson
from inference.evaluation.estimates import estimates


def _drawn(gore: npt.NDArray[np.bool_], groups: list[str] | None, resamples: int = 200) -> npt.NDArray[np.integer]:
    return np.concatenate(list(resampled(gore, groups, resamples=resamples, rng=np.random.default_rng(1))))


def test_each_resample_has_as_many_of_each_kind() -> None:
    gore = np.arange(50) < 20
    drawn = _drawn(gore, None)
    assert drawn.shape == (200, 50)
    assert set(drawn[:, gore].sum(axis=1)) == {20}
    assert set(drawn[:, ~gore].sum(axis=1)) == {30}
    assert drawn.mean(axis=0) == pytest.approx(1.0, abs=0.3)


def test_a_group_is_drawn_as_a_whole() -> None:
    gore = np.array([True, True, True, False, False, True, False])
    groups = ["a", "a", "b", "c", "d", "e", "e"]
    drawn = _drawn(gore, groups)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 5] == 1).all(), "the only group with both kinds is always drawn"
    assert set(drawn[:, 0] + drawn[:, 2]) == {2}


def test_many_pictures_come_in_blocks() -> None:
    blocks = list(resampled(np.ones(100_000, bool), None, resamples=25, rng=np.random.default_rng(1)))
    assert len(blocks) > 1
    assert sum(len(block) for block in blocks) == 25


def test_frames_of_few_videos_give_a_wider_interval_than_as_many_pictures() -> None:
    rng = np.random.default_rng(5)
    video = np.repeat(np.arange(20), 50)
    gore = video < 10
    prob = np.clip(0.5 + 0.2 * gore + rng.normal(0.0, 0.25, 20)[video], 0.0, 1.0)
    widths = []
    for groups in (None, [str(one) for one in video]):
        headline, _ = estimates(prob, gore, groups, resamples=300, rng=np.random.default_rng(1))
        assert headline.auroc.low is not None
        assert headline.auroc.high is not None
        widths.append(headline.auroc.high - headline.auroc.low)
    assert widths[1] > 3 * widths[0]


def test_the_interval_covers_what_it_claims_to() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(100):
        gore = np.arange(200) < 100
        called = rng.random(200) < np.where(gore, 0.8, 0.1)
        headline, _ = estimates(called.astype(float), gore, None, resamples=200, rng=rng)
        assert headline.recall.low is not None
        assert headline.recall.high is not None
        covered += headline.recall.low <= 0.8 <= headline.recall.high
    assert 85 <= covered <= 100


def test_the_same_seed_gives_the_same_intervals() -> None:
    gore = np.arange(60) < 20
    prob = np.random.default_rng(2).random(60)
    found = [estimates(prob, gore, None, resamples=50, rng=np.random.default_rng(9)) for _ in range(2)]
    assert found[0] == found[1]


def test_a_share_without_an_error_still_has_an_interval() -> None:
    gore = np.arange(40) < 20
    headline, table = estimates(gore * 0.98 + 0.01, gore, None, resamples=50, rng=np.random.default_rng(1))
    assert headline.recall.value == 1.0
    assert headline.recall.low == pytest.approx(wilson(1.0, 20).low)
    assert headline.false_positives.high == pytest.approx(wilson(0.0, 20).high)
    assert table[0].recall == headline.recall


def test_without_resamples_there_are_no_intervals() -> None:
    gore = np.arange(10) < 5
    headline, _ = estimates(gore * 0.9, gore, None, resamples=0, rng=np.random.default_rng(1))
    assert (headline.auroc.value, headline.auroc.low, headline.auroc.high) == (1.0, None, None)


def test_an_interval_needs_a_figure_in_most_resamples() -> None:
    assert percentiles(np.array([np.nan, np.nan, np.nan, 1.0])) is None
    found = percentiles(np.array([np.nan, *np.linspace(0.0, 1.0, 101)]))
    assert found is not None
    assert found.low == pytest.approx(0.025)
    assert found.high == pytest.approx(0.975)


@pytest.mark.parametrize(("hits", "count", "low", "high"), [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)])
def test_wilson_of_known_cases(hits: int, count: int, low: float, high: float) -> None:
    # Newcombe 1998, table I.
    found = wilson(hits / count, count)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_a_thousand_resamples_of_seven_thousand_pictures_take_seconds() -> None:
    rng = np.random.default_rng(1)
    gore = rng.random(7000) < 0.3
    prob = np.clip(0.3 + 0.4 * gore + rng.normal(0.0, 0.2, 7000), 0.0, 1.0)
    started_s = time.process_time()
    estimates(prob, gore, None, resamples=1000, rng=rng)
    assert time.process_time() - started_s < 15.0
