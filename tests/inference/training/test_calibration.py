"""Fits find what made the labels, and the choice is made on pictures that were left out."""

import numpy as np
import pytest

from inference.calibrate import Isotonic, Platt, sigmoid
from inference.evaluation.metrics import Flags, Floats, auroc, calibration_error
from inference.training.calibration import choose_calibration, fit_isotonic, fit_platt, fit_temperature, log_loss

RNG = np.random.default_rng(3)


def _labelled(logits: Floats, prob: Floats) -> Flags:
    return RNG.random(len(logits)) < prob


def test_platt_finds_the_scaling_that_made_the_labels() -> None:
    logits = RNG.normal(0.0, 3.0, 60_000)
    gore = _labelled(logits, sigmoid(0.6 * logits - 0.8))
    platt = fit_platt(logits, gore)
    assert platt.scale == pytest.approx(0.6, abs=0.02)
    assert platt.offset == pytest.approx(-0.8, abs=0.05)
    assert calibration_error(platt.probability(logits.astype(np.float32)), gore) < 0.01


def test_platt_stays_finite_where_the_kinds_are_fully_apart() -> None:
    logits = np.array([-5.0, -4.0, 4.0, 5.0])
    platt = fit_platt(logits, logits > 0)
    assert np.isfinite([platt.scale, platt.offset]).all()
    assert platt.scale > 0


def test_logits_that_go_the_wrong_way_say_nothing_but_how_many_are_gore() -> None:
    logits = np.linspace(-4.0, 4.0, 400)
    prob = fit_platt(logits, logits < -2.0).probability(logits.astype(np.float32))
    assert np.ptp(prob) < 1e-4
    assert prob.mean() == pytest.approx(0.25, abs=0.01)


def test_temperature_is_a_scale_alone() -> None:
    logits = RNG.normal(0.0, 3.0, 60_000)
    fitted = fit_temperature(logits, _labelled(logits, sigmoid(0.4 * logits)))
    assert fitted.scale == pytest.approx(0.4, abs=0.02)
    assert fitted.offset == 0.0


def test_isotonic_pools_what_is_out_of_order() -> None:
    logits = np.array([-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    fitted = fit_isotonic(logits, np.array([0, 0, 1, 0, 1, 0, 1, 1], bool))
    assert (np.diff(fitted.x) > 0).all()
    assert (np.diff(fitted.y) > 0).all()
    found = fitted.probability(logits)
    assert (np.diff(found) >= 0).all()
    # Two pairs are out of order, one of each is gore: half, and nothing between them says that it rises.
    middle = float(sigmoid(np.array([-2.0, -1.0, 0.0, 1.0])).mean())
    assert fitted.x[1] == pytest.approx(middle)
    assert fitted.y == pytest.approx((1 / 6, 0.5, 5 / 6))


def test_isotonic_keeps_the_order_inside_a_pool_and_holds_nothing_for_certain() -> None:
    logits = RNG.normal(0.0, 2.0, 2000)
    gore = _labelled(logits, sigmoid(logits))
    found = fit_isotonic(logits, gore).probability(logits)
    assert 0.0 < found.min() < found.max() < 1.0
    assert auroc(found, gore) > auroc(logits, gore) - 0.003
    assert calibration_error(found, gore) < 0.02


@pytest.mark.parametrize("logits", [np.zeros(6), np.full(6, 60.0), np.array([40.0, 50.0, 60.0, -40.0, -50.0, -60.0])])
def test_isotonic_of_logits_that_are_alike(logits: Floats) -> None:
    fitted = fit_isotonic(logits, np.array([1, 0, 1, 0, 1, 0], bool))
    assert (np.diff(fitted.x) > 0).all()
    assert np.isfinite(fitted.probability(logits)).all()


def test_log_loss_of_a_certain_error_is_large_but_finite() -> None:
    assert log_loss(np.array([0.5, 0.5]), np.array([True, False])) == pytest.approx(np.log(2.0))
    assert 10.0 < log_loss(np.array([0.0]), np.array([True])) < 20.0


def test_platt_is_chosen_where_it_is_right() -> None:
    logits = RNG.normal(0.0, 3.0, 1500)
    gore = _labelled(logits, sigmoid(0.7 * logits - 0.5))
    chosen = choose_calibration(logits, gore, [str(at // 5) for at in range(1500)], np.random.default_rng(1))
    assert chosen.method == "platt"
    assert isinstance(chosen.calibration, Platt)
    assert set(chosen.log_loss) == {"platt", "temperature", "isotonic"}


def test_isotonic_is_chosen_where_no_sigmoid_fits() -> None:
    logits = RNG.uniform(-4.0, 4.0, 4000)
    gore = _labelled(logits, np.where(logits < -1.0, 0.02, np.where(logits < 2.0, 0.5, 0.98)))
    chosen = choose_calibration(logits, gore, [str(at) for at in range(4000)], np.random.default_rng(1))
    assert chosen.method == "isotonic"
    assert isinstance(chosen.calibration, Isotonic)
    assert calibration_error(chosen.calibration.probability(logits), gore) < 0.03


def test_a_group_is_never_on_both_sides() -> None:
    # Each group has one logit and one label: who has seen a part of it knows the rest.
    group = np.repeat(np.arange(12), 50)
    logits = np.linspace(-3.0, 3.0, 12)[group]
    gore = np.isin(group, (2, 6, 7, 8, 9, 11))
    alone = choose_calibration(logits, gore, [str(at) for at in range(600)], np.random.default_rng(1))
    whole = choose_calibration(logits, gore, [str(one) for one in group], np.random.default_rng(1))
    for method, loss in alone.log_loss.items():
        assert loss < whole.log_loss[method]
    assert whole.log_loss["isotonic"] > 1.15 * alone.log_loss["isotonic"]


def test_one_group_and_one_kind() -> None:
    logits = RNG.normal(0.0, 1.0, 30)
    chosen = choose_calibration(logits, logits > 0, ["same"] * 30, np.random.default_rng(1))
    assert np.isfinite(chosen.log_loss["platt"])
    with pytest.raises(ValueError, match="both kinds"):
        choose_calibration(logits, np.ones(30, bool), ["same"] * 30, np.random.default_rng(1))
