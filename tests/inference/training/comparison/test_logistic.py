"""The linear head finds what separates, and the penalty keeps it small."""

import numpy as np
import pytest

from inference.training.comparison.logistic import fit_logistic


def test_what_can_be_separated_is() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(5.0, [1.0, 100.0, 1.0], (200, 3)).astype(np.float32)
    gore = features[:, 0] + features[:, 1] / 100.0 > 10.0 - 5.0 + 0.05
    head = fit_logistic(features, gore, penalty=1e-4)
    assert ((head.logits(features) > 0.0) == gore).mean() > 0.98


def test_it_is_the_least_loss() -> None:
    # Where the slope is nothing: the penalty pulls as much as the errors push.
    rng = np.random.default_rng(2)
    features = rng.normal(0.0, 1.0, (300, 20)).astype(np.float32)
    gore = rng.random(300) < 1.0 / (1.0 + np.exp(-2.0 * features[:, 3] + 0.7))
    head = fit_logistic(features, gore, penalty=0.05)
    off = 1.0 / (1.0 + np.exp(-head.logits(features).astype(np.float64))) - gore
    scaled = (features - head.mean) / head.spread
    assert np.abs(off @ scaled / 300 + 0.05 * head.weights[:-1]).max() < 2e-4
    assert abs(off.mean()) < 2e-4
    assert int(np.abs(head.weights[:-1]).argmax()) == 3


def test_a_larger_penalty_makes_it_less_sure() -> None:
    features = np.array([[-1.0, 0.0], [-2.0, 0.0], [1.0, 0.0], [2.0, 0.0]], np.float32)
    gore = np.array([False, False, True, True])
    sure = [float(np.abs(fit_logistic(features, gore, penalty=each).logits(features)).max()) for each in (0.01, 1.0)]
    assert sure[0] > sure[1] > 0.0


def test_a_feature_that_never_changes_does_no_harm() -> None:
    head = fit_logistic(np.array([[7.0, 0.0], [7.0, 1.0]], np.float32), np.array([False, True]), penalty=0.1)
    found = head.logits(np.array([[7.0, 0.0], [7.0, 1.0]], np.float32))
    assert np.isfinite(found).all()
    assert found[0] < 0.0 < found[1]


def test_one_kind_of_picture_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        fit_logistic(np.zeros((3, 2), np.float32), np.ones(3, bool), penalty=0.1)
