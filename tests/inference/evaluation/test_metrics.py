"""Every figure is what its name says, of one weighing and of many."""

import numpy as np
import pytest

from inference.evaluation.metrics import (
    RATES,
    Flags,
    Floats,
    Weighed,
    as_they_are,
    auroc,
    average_precision,
    calibration_error,
    figures,
    rank,
    reliability,
)

RNG = np.random.default_rng(3)


def _pictures(count: int = 300, steps: int = 40) -> tuple[Floats, Flags]:
    """With ties."""
    gore = RNG.random(count) < 0.4
    return np.clip(np.round((RNG.normal(0.4, 0.25, count) + 0.25 * gore) * steps) / steps, 0, 1), gore


def test_auroc_is_the_chance_of_the_right_order() -> None:
    prob, gore = _pictures()
    pairs = prob[gore][:, None] - prob[~gore][None, :]
    assert auroc(prob, gore) == pytest.approx(float(((pairs > 0) + 0.5 * (pairs == 0)).mean()))


def test_average_precision_of_a_known_ranking() -> None:
    prob = np.array([0.9, 0.8, 0.7, 0.6])
    assert average_precision(prob, np.array([True, False, True, False])) == pytest.approx((1.0 + 2.0 / 3.0) / 2.0)


def test_average_precision_does_not_depend_on_the_order_of_equal_ones() -> None:
    prob = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    gore = np.array([True, True, False, True, False])
    backwards = average_precision(prob[::-1].copy(), gore[::-1].copy())
    assert average_precision(prob, gore) == pytest.approx(backwards)
    assert backwards == pytest.approx((1.0 + 2 * 3 / 4) / 3)


def test_figures_count_at_one_half() -> None:
    prob = np.array([0.9, 0.5, 0.2, 0.7, 0.1, 0.1])
    gore = np.array([True, True, True, False, False, False])
    found = figures(prob, gore)
    assert (found.n_gore, found.n_other) == (3, 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)
    assert found.false_positives == pytest.approx(1 / 3)
    assert found.f1 == pytest.approx(2 / 3)


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.05, 0.3, 1.0])
def test_recall_at_a_share_of_false_positives_is_the_best_that_any_threshold_reaches(limit: float) -> None:
    prob, gore = _pictures()
    reachable = [
        float((prob[gore] >= threshold).mean())
        for threshold in [*np.unique(prob), 2.0]
        if (prob[~gore] >= threshold).mean() <= limit
    ]
    assert as_they_are(prob, gore).recall_at(limit)[0] == pytest.approx(max(reachable))


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.51, 0.9, 1.0])
def test_a_threshold_calls_what_reaches_it(threshold: float) -> None:
    prob, gore = _pictures()
    at = as_they_are(prob, gore).at(threshold)
    called = prob >= threshold
    assert at.recall[0] == pytest.approx(float(called[gore].mean()))
    assert at.false_positives[0] == pytest.approx(float(called[~gore].mean()))
    assert at.precision[0] == pytest.approx(float(gore[called].mean()) if called.any() else np.nan, nan_ok=True)


def test_confident_and_wrong_is_a_large_calibration_error() -> None:
    assert calibration_error(np.full(10, 0.95), np.zeros(10, bool)) == pytest.approx(0.95)


def test_the_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    prob, gore = _pictures()
    bins = [one for one in reliability(prob, gore) if one.mean_prob is not None and one.share_gore is not None]
    gaps = [one.pictures * abs((one.mean_prob or 0.0) - (one.share_gore or 0.0)) for one in bins]
    assert calibration_error(prob, gore) == pytest.approx(sum(gaps) / len(prob))
    assert sum(one.pictures for one in bins) == len(prob)


def test_an_empty_bin_has_no_shares() -> None:
    bins = reliability(np.array([0.0, 1.0]), np.array([False, True]))
    assert len(bins) == 15
    assert [one.pictures for one in bins] == [1, *[0] * 13, 1]
    assert bins[7].mean_prob is None
    assert bins[7].share_gore is None


def test_a_weight_is_the_same_as_so_many_pictures() -> None:
    prob, gore = _pictures()
    weights = RNG.integers(0, 4, (5, len(prob)))
    together = Weighed(rank(prob, gore), weights).rates()
    for row, weight in enumerate(weights):
        alone = as_they_are(np.repeat(prob, weight), np.repeat(gore, weight)).rates()
        for name in RATES:
            assert together[name][row] == pytest.approx(alone[name][0]), name


@pytest.mark.parametrize("gore", [True, False])
def test_with_one_kind_only_some_figures_can_be_had(gore: bool) -> None:
    found = figures(np.array([0.9, 0.2]), np.full(2, gore)).rounded()
    known = {name for name, value in found.items() if value is not None}
    assert known == {"n_gore", "n_other", "ece", "recall" if gore else "false_positives"}


def test_precision_cannot_be_had_where_nothing_is_called() -> None:
    found = figures(np.array([0.3, 0.2]), np.array([True, False])).rounded()
    assert found["precision"] is None
    assert (found["recall"], found["f1"]) == (0.0, 0.0)
    assert found["auroc"] == 1.0


def test_the_curve_ends_where_everything_is_called() -> None:
    prob, gore = _pictures()
    curve = as_they_are(prob, gore).curve()
    assert curve.recall[-1] == 1.0
    assert curve.precision[-1] == pytest.approx(float(gore.mean()))
    assert list(curve.thresholds) == sorted(set(prob.tolist()), reverse=True)
