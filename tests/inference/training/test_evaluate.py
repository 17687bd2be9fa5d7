"""The figures of the model card are what their names say."""

import numpy as np
import pytest

from inference.training.evaluate import auroc, average_precision, calibration_error, figures, fit_platt, headline, table

RNG = np.random.default_rng(3)


def test_auroc_is_the_chance_of_the_right_order() -> None:
    prob = RNG.integers(0, 12, 80) / 12.0
    gore = RNG.random(80) < 0.4
    pairs = prob[gore][:, None] - prob[~gore][None, :]
    assert auroc(prob, gore) == pytest.approx(float(((pairs > 0) + 0.5 * (pairs == 0)).mean()))


def test_average_precision_of_a_known_ranking() -> None:
    prob = np.array([0.9, 0.8, 0.7, 0.6])
    assert average_precision(prob, np.array([True, False, True, False])) == pytest.approx((1.0 + 2.0 / 3.0) / 2.0)


def test_figures_count_at_one_half() -> None:
    prob = np.array([0.9, 0.5, 0.2, 0.7, 0.1, 0.1])
    gore = np.array([True, True, True, False, False, False])
    found = figures(prob, gore)
    assert (found.n_gore, found.n_other) == (3, 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)
    assert found.false_positives == pytest.approx(1 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def test_platt_finds_the_scaling_that_made_the_labels() -> None:
    logits = RNG.normal(0.0, 3.0, 60_000)
    gore = RNG.random(len(logits)) < 1.0 / (1.0 + np.exp(-(0.6 * logits - 0.8)))
    platt = fit_platt(logits, gore)
    assert platt.scale == pytest.approx(0.6, abs=0.02)
    assert platt.offset == pytest.approx(-0.8, abs=0.05)
    assert calibration_error(platt.probability(logits.astype(np.float32)), gore) < 0.01


def test_platt_stays_finite_where_the_kinds_are_fully_apart() -> None:
    logits = np.array([-5.0, -4.0, 4.0, 5.0])
    platt = fit_platt(logits, logits > 0)
    assert np.isfinite([platt.scale, platt.offset]).all()
    assert platt.scale > 0


def test_confident_and_wrong_is_a_large_calibration_error() -> None:
    assert calibration_error(np.full(10, 0.95), np.zeros(10, bool)) == pytest.approx(0.95)


def test_tables_name_every_group_with_its_count() -> None:
    prob, gore = np.array([0.9, 0.1, 0.8]), np.array([True, True, False])
    assert table("source", ["a", "a", "b"], prob, gore).splitlines()[2:] == [
        "| a | gore | 2 | 0.500 |",
        "| b | other | 1 | 1.000 |",
    ]
    assert headline("all", figures(prob, gore)).startswith("| all | 2 + 1 | 0.500 |")
