"""What two variants have in common, reckoned by hand, and what is too far."""

import numpy as np
import pytest

from inference.agreement import LIMITS, Agreement, agreement


def test_figures_are_those_reckoned_by_hand() -> None:
    reference = np.full(200, 0.2, np.float32)
    variant = reference.copy()
    variant[0] = 0.6
    found = agreement(reference, variant)
    assert (found.pictures, found.flips) == (200, 0.005)
    assert found.mean == pytest.approx(0.4 / 200)
    assert found.largest == pytest.approx(0.4)
    assert found.p99 == pytest.approx(0.0, abs=1e-6)


def test_the_threshold_itself_is_gore() -> None:
    found = agreement(np.array([0.5, 0.49], np.float32), np.array([0.4999, 0.5], np.float32))
    assert found.flips == 1.0


def test_equal_ones_agree_wholly() -> None:
    prob = np.linspace(0.0, 1.0, 50, dtype=np.float32)
    assert agreement(prob, prob) == Agreement(pictures=50, mean=0.0, p99=0.0, largest=0.0, flips=0.0)


@pytest.mark.parametrize(
    ("p99", "flips", "beyond"),
    [
        (0.05, 0.01, []),
        (0.0501, 0.0, ["p99 of |Δprob| is 0.0501, over 0.05"]),
        (0.01, 0.02, ["2.00% of the pictures flip at 0.5, over 1%"]),
        (0.2, 0.5, ["p99", "flip"]),
        (float("nan"), 0.0, ["p99"]),
    ],
)
def test_limits_of_int8(p99: float, flips: float, beyond: list[str]) -> None:
    faults = LIMITS["int8"].exceeded(Agreement(pictures=100, mean=0.0, p99=p99, largest=1.0, flips=flips))
    assert len(faults) == len(beyond)
    assert all(part in fault for part, fault in zip(beyond, faults, strict=True))


def test_fp16_must_be_five_times_closer() -> None:
    found = Agreement(pictures=100, mean=0.0, p99=0.02, largest=0.1, flips=0.0)
    assert not LIMITS["int8"].exceeded(found)
    assert LIMITS["fp16"].exceeded(found)


@pytest.mark.parametrize(
    ("reference", "variant"),
    [([], []), ([0.1], [0.1, 0.2]), ([0.1], [float("nan")]), ([1.1], [0.5]), ([[0.5]], [[0.5]])],
)
def test_what_cannot_be_compared_is_refused(reference: list[float], variant: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        agreement(np.array(reference, np.float32), np.array(variant, np.float32))
