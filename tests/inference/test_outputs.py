"""Whatever a network gives becomes log-odds, and what cannot be of its declared kind is told from what can."""

import numpy as np
import pytest

from inference.calibrate import Floats, sigmoid
from inference.outputs import Kind, already_probabilities, log_odds, misdeclared

LOGITS = np.array([[2.0, -1.0, 0.5], [-3.0, 4.0, 1.0]], np.float32)
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)


def prob(raw: object, kind: Kind, gore: tuple[int, ...] = (0,)) -> list[float]:
    found: list[float] = sigmoid(log_odds(np.asarray(raw, np.float32), kind, gore)).tolist()
    return found


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_one_number_a_picture(shape: tuple[int, ...]) -> None:
    logits = np.array([0.0, 1.0], np.float32).reshape(shape)
    assert log_odds(logits, "logit", (0,)).tolist() == [0.0, 1.0]
    assert prob(np.array([0.25, 1.0]).reshape(shape), "probability") == pytest.approx([0.25, 1.0])


@pytest.mark.parametrize("gore", [(0,), (0, 2), (1, 2)])
def test_of_a_softmax_the_gore_columns_add_up(gore: tuple[int, ...]) -> None:
    wanted = SOFTMAX[:, gore].sum(axis=1).tolist()
    assert prob(LOGITS, "logits", gore) == pytest.approx(wanted, abs=1e-6)
    assert prob(SOFTMAX, "probabilities", gore) == pytest.approx(wanted, abs=1e-6)


def test_of_independent_classes_the_likeliest_decides() -> None:
    wanted = sigmoid(LOGITS.astype(np.float64))[:, (1, 2)].max(axis=1).tolist()
    assert prob(LOGITS, "sigmoid_logits", (1, 2)) == pytest.approx(wanted, abs=1e-6)
    assert prob(sigmoid(LOGITS.astype(np.float64)), "sigmoids", (1, 2)) == pytest.approx(wanted, abs=1e-6)


def test_the_farthest_values_stay_finite() -> None:
    largest = float(np.finfo(np.float32).max)
    assert prob([[largest, -largest], [-largest, largest]], "logits") == pytest.approx([1.0, 0.0], abs=1e-9)
    assert prob([[1.0, 0.0], [0.0, 1.0]], "probabilities") == pytest.approx([1.0, 0.0], abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "raw", "instead"),
    [
        ("probability", [0.5, 3.2], "gives 3.2, which is no probability: declare kind logit"),
        ("probability", [-2.0, 0.5], "gives -2, which is no probability: declare kind logit"),
        ("probabilities", LOGITS, "declare kind logits"),
        ("sigmoids", LOGITS, "declare kind sigmoid_logits"),
        ("probabilities", [[0.9, 0.9], [0.5, 0.5]], "add up to 1.8, not to 1: declare kind sigmoids"),
    ],
)
def test_what_is_of_another_kind_than_declared_is_told(kind: Kind, raw: object, instead: str) -> None:
    told = misdeclared(np.asarray(raw, np.float32), kind)
    assert told is not None
    assert instead in told


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("logit", [-5.0, 0.3]),
        ("probability", [0.0, 1.0004]),
        ("probabilities", SOFTMAX),
        ("probabilities", SOFTMAX.astype(np.float16)),
        ("sigmoids", [[0.9, 0.9]]),
        ("sigmoid_logits", LOGITS),
        ("logits", LOGITS),
        ("probabilities", np.zeros((0, 2))),
    ],
)
def test_what_is_of_its_kind_passes(kind: Kind, raw: object) -> None:
    assert misdeclared(np.asarray(raw, np.float32), kind) is None


def test_a_softmax_that_is_declared_as_its_logits_is_told() -> None:
    softmax: Floats = SOFTMAX.astype(np.float32)
    assert already_probabilities(softmax, "logits")
    assert not already_probabilities(LOGITS, "logits")
    assert not already_probabilities(softmax, "probabilities")
