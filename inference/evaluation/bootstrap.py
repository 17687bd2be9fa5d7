"""Intervals: how far a figure would move with other pictures of the same kind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.evaluation.metrics import Flags, Weights

CONFIDENCE = 0.95
_AT_ONCE = 1 << 20
"""Weights made at a time, so that memory stays small however many pictures there are."""
_MOST_UNDEFINED = 0.5
_Z = 1.959964
"""Of the normal distribution, for `CONFIDENCE`."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def resampled(
    gore: Flags, groups: Sequence[str] | None, *, resamples: int, rng: np.random.Generator
) -> Iterator[Weights]:
    """Blocks of rows, `resamples` in all: how often each picture is drawn, with replacement.

    Gore is drawn from gore and the rest from the rest, so that a resample has as many of each as the folder. With
    `groups`, one name a picture, whole groups are drawn instead: frames of one video say much the same thing, and
    taken for so many pictures they would make the interval too narrow. Groups of gore alone, of others alone and of
    both are then drawn apart.
    """
    owner = np.arange(len(gore)) if groups is None else np.unique(np.array(groups, object), return_inverse=True)[1]
    count = int(owner.max()) + 1
    kinds = np.zeros(count, np.int64)
    np.bitwise_or.at(kinds, owner, np.where(gore, 1, 2))
    strata = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]
    left = resamples
    while left:
        rows = min(left, max(1, _AT_ONCE // len(gore)))
        drawn = np.zeros((rows, count), np.int64)
        for stratum in strata:
            drawn[:, stratum] = _draws(rows, len(stratum), rng)
        yield drawn[:, owner]
        left -= rows


def _draws(rows: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows × size: how often each of `size` things is drawn in `size` draws."""
    flat = rng.integers(size, size=(rows, size)) + np.arange(rows)[:, None] * size
    return np.bincount(flat.ravel(), minlength=rows * size).reshape(rows, size)


def percentiles(values: npt.NDArray[np.float64]) -> Interval | None:
    """The middle 95 % of a figure's resamples; None when most of them have no such figure (NaN)."""
    known = values[~np.isnan(values)]
    if len(known) <= _MOST_UNDEFINED * len(values):
        return None
    tail = 50.0 * (1.0 - CONFIDENCE)
    low, high = np.percentile(known, [tail, 100.0 - tail])
    return Interval(float(low), float(high))


def wilson(share: float, count: int) -> Interval:
    """The interval of a share of `count` independent pictures, at least one, after Wilson.

    Unlike a bootstrap's it has a width where all pictures agree: of five right ones the interval is 0.57 to 1.
    """
    middle = share + _Z**2 / (2 * count)
    half = _Z * np.sqrt(share * (1.0 - share) / count + _Z**2 / (4 * count**2))
    scale = 1.0 + _Z**2 / count
    return Interval(max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale)))
