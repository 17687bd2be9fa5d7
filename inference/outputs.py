"""What a network gives, by its kind, to log-odds of gore; and what cannot be of the kind that it is said to be."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from inference.calibrate import LARGEST_LOGIT, Floats, sigmoid

Kind = Literal["logit", "probability", "logits", "probabilities", "sigmoid_logits", "sigmoids"]
"""One number a picture: its log-odds or its probability. One a class: before or after a softmax over the classes, or
before or after a sigmoid of each class."""

VECTORS: tuple[Kind, ...] = ("logits", "probabilities", "sigmoid_logits", "sigmoids")
"""The kinds with one number a class."""

_BOUNDED: dict[Kind, Kind] = {"probability": "logit", "probabilities": "logits", "sigmoids": "sigmoid_logits"}
"""The kinds that lie between 0 and 1, and what each was before."""
_RANGE_SLACK, _SUM_SLACK = 1e-3, 1e-2
"""Networks of 16-bit floats are off by as much."""
_NEARLY = float(sigmoid(np.array(LARGEST_LOGIT)))


def log_odds(raw: Floats, kind: Kind, gore: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Log-odds of gore, N, of a network's output: N × classes for the kinds in `VECTORS`, else N or N × 1.

    `gore` are the columns that count as gore: those of a softmax add up, of independent classes the likeliest decides.
    Values must be finite and of their kind (`misdeclared`).
    """
    values = raw.astype(np.float64)
    if kind == "logit":
        return values.reshape(-1)
    if kind == "probability":
        return _logit(values.reshape(-1))
    if kind == "logits":
        rest = tuple(column for column in range(values.shape[1]) if column not in gore)
        return _log_sum(values[:, gore]) - _log_sum(values[:, rest])
    if kind == "probabilities":
        return _logit(values[:, gore].sum(axis=1))
    likeliest: npt.NDArray[np.float64] = values[:, gore].max(axis=1)
    return likeliest if kind == "sigmoid_logits" else _logit(likeliest)


def misdeclared(raw: Floats, kind: Kind) -> str | None:
    """Why these finite values cannot be of this kind, with what to declare instead; None if they can be."""
    if raw.size == 0:
        return None
    low, high = float(raw.min()), float(raw.max())
    if kind in _BOUNDED and not (low >= -_RANGE_SLACK and high <= 1.0 + _RANGE_SLACK):
        outside = low if low < -_RANGE_SLACK else high
        return f"gives {outside:.4g}, which is no probability: declare kind {_BOUNDED[kind]}"
    if kind == "probabilities":
        sums = raw.sum(axis=1)
        farthest = float(sums[np.abs(sums - 1.0).argmax()])
        if abs(farthest - 1.0) > _SUM_SLACK:
            return f"gives probabilities that add up to {farthest:.4g}, not to 1: declare kind sigmoids"
    return None


def already_probabilities(raw: Floats, kind: Kind) -> bool:
    """Whether an output that is declared as logits of a softmax has been through it: every row adds up to 1."""
    if kind != "logits" or raw.size == 0 or raw.min() < 0.0:
        return False
    return bool(np.abs(raw.sum(axis=1) - 1.0).max() < _RANGE_SLACK)


def _logit(prob: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    bounded: npt.NDArray[np.float64] = np.clip(prob, 1.0 - _NEARLY, _NEARLY)
    result: npt.NDArray[np.float64] = np.log(bounded) - np.log1p(-bounded)
    return result


def _log_sum(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """log(sum(exp(values))) of each row."""
    top = values.max(axis=1)
    result: npt.NDArray[np.float64] = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
    return result
