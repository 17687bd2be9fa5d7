"""How sure a share or a rate is: 95 % intervals, in plain arithmetic."""

import math
from collections.abc import Callable, Sequence

import numpy as np

_Z = 1.959964
_TAIL = 0.025
_STEPS = 60

Interval = tuple[float, float]


def share_interval(hits: int, of: int) -> Interval:
    """Wilson's interval of a share. Raises ValueError for a share of nothing."""
    if of < 1 or not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    share, square = hits / of, _Z * _Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def count_interval(count: int) -> Interval:
    """The exact (Garwood's) interval of a Poisson mean of which `count` was seen. Raises ValueError below 0."""
    if count < 0:
        raise ValueError("a count is not negative")
    most = count + 10.0 * math.sqrt(count + 1.0) + 10.0
    low = 0.0 if count == 0 else _root(lambda mean: _at_most(count - 1, mean) - (1.0 - _TAIL), most)
    return low, _root(lambda mean: _at_most(count, mean) - _TAIL, most)


def clustered_interval(counts: Sequence[int], weights: Sequence[float], rng: np.random.Generator) -> Interval:
    """Bootstrap interval of sum(counts) / sum(weights) where each place is one independent draw; 2,000 rounds.

    Raises ValueError without any weight.
    """
    if not counts or min(weights) <= 0.0:
        raise ValueError("there must be places, each with a weight")
    held, weight = np.asarray(counts, np.float64), np.asarray(weights, np.float64)
    picks = rng.integers(0, len(held), (2000, len(held)))
    rates = held[picks].sum(axis=1) / weight[picks].sum(axis=1)
    low, high = np.quantile(rates, [_TAIL, 1.0 - _TAIL]).tolist()
    return low, high


def _at_most(count: int, mean: float) -> float:
    """The probability that a Poisson number of this mean is at most `count`."""
    if mean <= 0.0:
        return 1.0
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _root(falling: Callable[[float], float], most: float) -> float:
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if falling(middle) > 0.0 else (low, middle)
    return (low + high) / 2.0
