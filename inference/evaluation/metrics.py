"""The figures, of many weighings of the same pictures at once.

A bootstrap asks for the same figures of a thousand resamples. A resample is a row of weights: how often each picture
was drawn. So the pictures are sorted once, and every figure comes from running sums over the sorted weights.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.integer]
"""Rows × pictures: how often a picture counts in a row."""
_Rows = npt.NDArray[np.float64]
"""One number a row; NaN where it cannot be had."""

CALLED = 0.5
"""The probability from which a picture is called gore where nothing else is said."""
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_BINS = 15
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Figures:
    """How probabilities fit labels; precision to false_positives are at 0.5. NaN is a figure that cannot be had."""

    n_gore: int
    n_other: int
    auroc: float
    """Chance that a picture of gore scores above another one, ties counting half."""
    ap: float
    """Average precision: the area under precision over recall, by steps."""
    precision: float
    recall: float
    f1: float
    false_positives: float
    """Share of the other pictures that is called gore."""
    recall_at_1pct_fp: float
    """Recall at the lowest threshold that calls at most 1 % of the other pictures gore."""
    recall_at_5pct_fp: float
    ece: float
    """Expected calibration error over 15 bins of equal width."""

    def rounded(self) -> dict[str, float | int | None]:
        """By name, to 4 decimals; None for what cannot be had."""
        return {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(self).items()}


RATES = tuple(field.name for field in fields(Figures) if not field.name.startswith("n_"))
"""The names of the figures that are not counts."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a threshold does, one number a row."""

    precision: _Rows
    recall: _Rows
    false_positives: _Rows
    f1: _Rows


@dataclass(frozen=True, slots=True)
class Bin:
    """The pictures whose probability lies in [low, high); None where there is none."""

    low: float
    high: float
    pictures: int
    mean_prob: float | None
    share_gore: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall at falling thresholds."""

    thresholds: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Pictures sorted by falling probability. Made by `rank`."""

    order: npt.NDArray[np.intp]
    prob: npt.NDArray[np.float64]
    gore: Flags
    ends: npt.NDArray[np.intp]
    """The last place of each run of equal probabilities: only there a threshold can be."""


def rank(prob: Floats, gore: Flags) -> Ranking:
    """The pictures, at least one, in the order that `Weighed` needs."""
    order = np.argsort(-prob, kind="stable")
    falling = prob[order].astype(np.float64)
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    return Ranking(order, falling, gore[order], ends)


class Weighed:
    """The figures of some weighings, one number a row."""

    def __init__(self, ranking: Ranking, weights: Weights) -> None:
        """`weights`: rows × pictures, in the order in which `rank` was given them."""
        self._ranking = ranking
        self._weights = weights[:, ranking.order]
        running_gore = np.cumsum(self._weights * ranking.gore, axis=1)
        running_all = np.cumsum(self._weights, axis=1)
        self._gore = running_gore[:, ranking.ends].astype(np.float64)
        """How many pictures of gore lie at or above each threshold."""
        self._other = running_all[:, ranking.ends] - self._gore
        self.n_gore: _Rows = self._gore[:, -1]
        self.n_other: _Rows = self._other[:, -1]
        self._both = (self.n_gore > 0) & (self.n_other > 0)

    def rates(self) -> dict[str, _Rows]:
        """Every figure of `RATES` by its name."""
        at = self.at(CALLED)
        return {
            "auroc": self.auroc(),
            "ap": self.average_precision(),
            "precision": at.precision,
            "recall": at.recall,
            "f1": at.f1,
            "false_positives": at.false_positives,
            "recall_at_1pct_fp": self.recall_at(0.01),
            "recall_at_5pct_fp": self.recall_at(0.05),
            "ece": self.calibration_error(),
        }

    def auroc(self) -> _Rows:
        """Chance that a picture of gore is above another one, ties counting half."""
        added = np.diff(self._other, axis=1, prepend=0.0)
        above = self._gore - np.diff(self._gore, axis=1, prepend=0.0) / 2.0
        return _ratio((added * above).sum(axis=1), self.n_gore * self.n_other)

    def average_precision(self) -> _Rows:
        """Area under precision over recall, by steps; equal probabilities make one step."""
        precision = self._gore / np.maximum(self._gore + self._other, 1.0)
        area = (np.diff(self._gore, axis=1, prepend=0.0) * precision).sum(axis=1)
        return np.where(self._both, _ratio(area, self.n_gore), np.nan)

    def at(self, threshold: float) -> Rates:
        """What calling gore whatever reaches `threshold` does."""
        called = int(np.searchsorted(-self._ranking.prob[self._ranking.ends], -threshold, side="right"))
        nothing = np.zeros(len(self._gore))
        gore, other = (self._gore[:, called - 1], self._other[:, called - 1]) if called else (nothing, nothing)
        return Rates(
            precision=np.where(self._both, _ratio(gore, gore + other), np.nan),
            recall=_ratio(gore, self.n_gore),
            false_positives=_ratio(other, self.n_other),
            f1=np.where(self._both, _ratio(2.0 * gore, gore + other + self.n_gore), np.nan),
        )

    def recall_at(self, false_positives: float) -> _Rows:
        """The highest recall with at most this share of the other pictures called gore."""
        allowed = (self._other <= false_positives * self.n_other[:, None] + _SLACK).sum(axis=1)
        rows = np.arange(len(allowed))
        reached = np.where(allowed > 0, self._gore[rows, np.maximum(allowed - 1, 0)], 0.0)
        return np.where(self._both, _ratio(reached, self.n_gore), np.nan)

    def calibration_error(self) -> _Rows:
        """Mean distance between a bin's mean probability and its share of gore, weighed by its pictures."""
        member = np.eye(_BINS)[_bins(self._ranking.prob)]
        off = self._weights @ (member * (self._ranking.prob - self._ranking.gore)[:, None])
        return _ratio(np.abs(off).sum(axis=1), self._weights.sum(axis=1))

    def curve(self) -> Curve:
        """Precision and recall of the first row, at every threshold that there is."""
        precision = _ratio(self._gore[0], self._gore[0] + self._other[0])
        recall = _ratio(self._gore[0], np.full(len(self._gore[0]), self.n_gore[0]))
        thresholds = self._ranking.prob[self._ranking.ends]
        return Curve(tuple(thresholds.tolist()), tuple(precision.tolist()), tuple(recall.tolist()))


def as_they_are(prob: Floats, gore: Flags) -> Weighed:
    """One row in which every picture counts once."""
    return Weighed(rank(prob, gore), np.ones((1, len(prob)), np.int64))


def figures(prob: Floats, gore: Flags) -> Figures:
    """All figures of at least one picture."""
    rates = {name: float(rows[0]) for name, rows in as_they_are(prob, gore).rates().items()}
    return Figures(n_gore=int(gore.sum()), n_other=int((~gore).sum()), **rates)


def auroc(prob: Floats, gore: Flags) -> float:
    """Chance that a random positive is above a random negative, ties counting half."""
    return float(as_they_are(prob, gore).auroc()[0])


def average_precision(prob: Floats, gore: Flags) -> float:
    """Area under precision over recall, by steps."""
    return float(as_they_are(prob, gore).average_precision()[0])


def calibration_error(prob: Floats, gore: Flags) -> float:
    """Expected calibration error over bins of equal width."""
    return float(as_they_are(prob, gore).calibration_error()[0])


def reliability(prob: Floats, gore: Flags) -> tuple[Bin, ...]:
    """The bins of the calibration error, lowest first, the empty ones too."""
    inside = _bins(prob.astype(np.float64))
    found = []
    for index in range(_BINS):
        chosen = inside == index
        count = int(chosen.sum())
        mean, share = (float(prob[chosen].mean()), float(gore[chosen].mean())) if count else (None, None)
        found.append(Bin(index / _BINS, (index + 1) / _BINS, count, mean, share))
    return tuple(found)


def _bins(prob: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    return np.minimum((prob * _BINS).astype(np.intp), _BINS - 1)


def _ratio(part: _Rows, whole: _Rows) -> _Rows:
    result: _Rows = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
