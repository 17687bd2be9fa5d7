"""Raw outputs become probabilities that can be trusted at their ends."""

import numpy as np
import pytest

from inference.calibrate import Isotonic, Platt


def test_zero_is_even_odds() -> None:
    assert Platt().probability(np.zeros(3, np.float32)).tolist() == [0.5, 0.5, 0.5]


def test_scale_and_offset_move_the_midpoint() -> None:
    prob = Platt(scale=2.0, offset=-3.0).probability(np.array([1.5, 2.0], np.float32))
    assert prob[0] == pytest.approx(0.5)
    assert prob[1] == pytest.approx(1.0 / (1.0 + np.exp(-1.0)), abs=1e-6)


def test_the_farthest_outputs_stay_within_bounds() -> None:
    largest = float(np.finfo(np.float32).max)
    prob = Platt(scale=3.0, offset=1.0).probability(np.array([-largest, -50.0, 50.0, largest], np.float32))
    assert prob.dtype == np.float32
    assert np.isfinite(prob).all()
    assert ((prob >= 0.0) & (prob <= 1.0)).all()
    assert prob[0] < 1e-6
    assert prob[-1] > 1.0 - 1e-6


def test_order_is_kept_and_the_input_is_not_changed() -> None:
    logits = np.linspace(-8.0, 8.0, 101, dtype=np.float32)
    before = logits.copy()
    prob = Platt(scale=0.7, offset=0.2).probability(logits)
    assert (np.diff(prob) > 0.0).all()
    assert (logits == before).all()


def test_no_picture_gives_no_probability() -> None:
    assert Platt().probability(np.zeros(0, np.float32)).shape == (0,)


def test_a_curve_is_straight_between_its_points_and_level_beyond_them() -> None:
    curve = Isotonic((0.2, 0.5, 0.9), (0.1, 0.1, 0.8))
    raw = np.array([0.0001, 0.2, 0.3, 0.5, 0.7, 0.9, 0.9999])
    prob = curve.probability(np.log(raw / (1.0 - raw)))
    assert prob.dtype == np.float32
    assert prob == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.45, 0.8, 0.8], abs=1e-6)


def test_a_curve_keeps_order_and_shape() -> None:
    curve = Isotonic((0.0, 0.4, 1.0), (0.0, 0.7, 1.0))
    prob = curve.probability(np.linspace(-40.0, 40.0, 100, dtype=np.float32).reshape(4, 25))
    assert prob.shape == (4, 25)
    assert (np.diff(prob.ravel()) >= 0.0).all()
    assert (prob.min(), prob.max()) == pytest.approx((0.0, 1.0), abs=1e-6)
