"""Figures with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.evaluation.bootstrap import Interval, percentiles, resampled, wilson
from inference.evaluation.metrics import CALLED, RATES, THRESHOLDS, Flags, Floats, Weighed, as_they_are, rank

_SHARES = ("precision", "recall", "false_positives")
_Key = tuple[float | None, str]
"""A threshold, None for a figure of the headline, and the name of a figure."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval; None for what cannot be had of these pictures."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The figures of `inference.evaluation.metrics.Figures`, each with its interval."""

    auroc: Estimate
    ap: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    false_positives: Estimate
    recall_at_1pct_fp: Estimate
    recall_at_5pct_fp: Estimate
    ece: Estimate


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What calling gore from this probability on does."""

    threshold: float
    precision: Estimate
    recall: Estimate
    false_positives: Estimate


class Witnesses:
    """How many independent observations a share rests on: pictures, or groups of them."""

    def __init__(self, groups: Sequence[str] | None, pictures: int) -> None:
        self._owner = np.arange(pictures) if groups is None else np.unique(np.array(groups), return_inverse=True)[1]

    def share(self, called: Flags, inside: Flags) -> Estimate:
        """The share of the pictures `inside` that is called; a group counts as one witness for the interval."""
        if not inside.any():
            return Estimate(None)
        value = float(called[inside].mean())
        return _estimate(value, self.interval(value, inside))

    def interval(self, value: float, inside: Flags) -> Interval:
        return wilson(value, len(np.unique(self._owner[inside])))


def estimates(
    prob: Floats, gore: Flags, groups: Sequence[str] | None, *, resamples: int, rng: np.random.Generator
) -> tuple[Headline, tuple[AtThreshold, ...]]:
    """The headline and the table of thresholds, with intervals from `resamples` resamples; with 0 there are none."""
    ranking = rank(prob, gore)
    plain = _figures(as_they_are(prob, gore))
    blocks = [_figures(Weighed(ranking, block)) for block in resampled(gore, groups, resamples=resamples, rng=rng)]
    witnesses = Witnesses(groups, len(gore))

    def estimate(key: _Key) -> Estimate:
        value = float(plain[key][0])
        if np.isnan(value):
            return Estimate(None)
        interval = percentiles(np.concatenate([block[key] for block in blocks])) if blocks else None
        threshold, name = key
        if interval is not None and interval.low == interval.high and name in _SHARES:
            # No resample can have an error where there is none, which does not mean that there could be none.
            called = prob >= (CALLED if threshold is None else threshold)
            interval = witnesses.interval(value, {"precision": called, "recall": gore, "false_positives": ~gore}[name])
        return _estimate(value, interval)

    headline = Headline(**{name: estimate((None, name)) for name in RATES})
    table = (AtThreshold(at, **{name: estimate((at, name)) for name in _SHARES}) for at in THRESHOLDS)
    return headline, tuple(table)


def _figures(weighed: Weighed) -> dict[_Key, npt.NDArray[np.float64]]:
    """All figures, one number a row."""
    found: dict[_Key, npt.NDArray[np.float64]] = {(None, name): rows for name, rows in weighed.rates().items()}
    for threshold in THRESHOLDS:
        rates = weighed.at(threshold)
        found |= {
            (threshold, "precision"): rates.precision,
            (threshold, "recall"): rates.recall,
            (threshold, "false_positives"): rates.false_positives,
        }
    return found


def _estimate(value: float, interval: Interval | None) -> Estimate:
    return Estimate(value) if interval is None else Estimate(value, interval.low, interval.high)
