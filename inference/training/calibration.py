"""From the network's logits to probabilities: fits, and which of them holds on pictures that it was not fitted on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.calibrate import Calibration, Isotonic, Platt, sigmoid
from inference.evaluation.metrics import Flags, Floats

_NEWTON_STEPS = 50
_RIDGE = 1e-3
_FOLDS = 5
_WORTH = 0.001
"""Nats a picture by which another curve must beat Platt's two numbers to be worth its freedom."""
_LEAST_PROB = 1e-6
_APART = 1e-9
_FLAT = 1e-6
"""A scale that tells nothing apart."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The calibration that was chosen, fitted on all pictures, and what each method lost on pictures left out."""

    method: str
    calibration: Platt | Isotonic
    log_loss: Mapping[str, float]
    """Nats a picture, by method."""


def fit_platt(logits: Floats, gore: Flags) -> Platt:
    """Scale and offset that make the labels likeliest, by Newton's method, with Platt's softened targets.

    Where higher logits go with fewer labels nothing was learnt, and every logit means about the labels' share: a curve
    that falls would call that knowledge.
    """
    targets = _softened(gore)
    weights = _newton(np.stack([logits.astype(np.float64), np.ones(len(logits))], axis=1), targets, [1.0, 0.0])
    if weights[0] > 0.0:
        return Platt(float(weights[0]), float(weights[1]))
    share = float(targets.mean())
    return Platt(_FLAT, float(np.log(share / (1.0 - share))))


def fit_temperature(logits: Floats, gore: Flags) -> Platt:
    """The scale alone, the offset 0: the odds keep their sign, and 0.5 stays where the network has it."""
    weights = _newton(logits.astype(np.float64)[:, None], _softened(gore), [1.0])
    return Platt(float(weights[0]), 0.0)


def fit_isotonic(logits: Floats, gore: Flags) -> Isotonic:
    """The rising curve that fits best, by pooling adjacent violators, with Platt's softened targets.

    A point stands at the middle of each pool, so that pictures within one keep their order. Needs pictures of both
    kinds.
    """
    order = np.argsort(logits, kind="stable")
    x = sigmoid(logits.astype(np.float64))[order]
    target = _softened(gore)[order]
    pools: list[tuple[float, float, int]] = []  # sum of x, sum of targets, pictures
    for place, value in zip(x.tolist(), target.tolist(), strict=True):
        pools.append((place, value, 1))
        while len(pools) > 1 and _violates(pools[-2], pools[-1]):
            right, left = pools.pop(), pools.pop()
            pools.append((left[0] + right[0], left[1] + right[1], left[2] + right[2]))
    return Isotonic(
        x=tuple(place / count for place, _, count in pools), y=tuple(value / count for _, value, count in pools)
    )


def log_loss(prob: Floats, gore: Flags) -> float:
    """Mean surprise, in nats, at the labels; probabilities nearer to 0 or 1 than a millionth count as that."""
    said = np.clip(np.where(gore, prob, 1.0 - prob).astype(np.float64), _LEAST_PROB, 1.0)
    return float(-np.log(said).mean())


_METHODS: Mapping[str, Callable[[Floats, Flags], Platt | Isotonic]] = {
    "platt": fit_platt,
    "temperature": fit_temperature,
    "isotonic": fit_isotonic,
}


def choose_calibration(logits: Floats, gore: Flags, groups: Sequence[str], rng: np.random.Generator) -> Chosen:
    """The method that loses least on groups left out of its fit; Platt's where no other is clearly better.

    `groups` names what belongs together (a source, a patient), one name a picture: a group is never on both sides.
    Raises ValueError unless there are pictures of both kinds.
    """
    if gore.all() or not gore.any():
        raise ValueError("calibration needs pictures of both kinds")
    folds = _folds(gore, groups, rng)
    losses = {name: _left_out_loss(fit, logits, gore, folds) for name, fit in _METHODS.items()}
    best = min(losses, key=lambda name: losses[name] - (_WORTH if name == "platt" else 0.0))
    return Chosen(method=best, calibration=_METHODS[best](logits, gore), log_loss=losses)


def _left_out_loss(
    fit: Callable[[Floats, Flags], Calibration], logits: Floats, gore: Flags, folds: npt.NDArray[np.intp]
) -> float:
    prob = np.full(len(gore), np.nan)
    for fold in range(int(folds.max()) + 1):
        held = folds == fold
        known = ~held
        # What is left may lack a kind when groups are few and large; then everything is the best guess there is.
        if gore[known].all() or not gore[known].any():
            known = np.ones(len(gore), bool)
        prob[held] = fit(logits[known], gore[known]).probability(logits[held])
    return log_loss(prob, gore)


def _folds(gore: Flags, groups: Sequence[str], rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """The fold of each picture: groups in random order, the largest first, each to the fold with fewest of its kind."""
    owner = np.unique(np.array(groups), return_inverse=True)[1]
    positives, sizes = np.bincount(owner, weights=gore), np.bincount(owner)
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    held = np.zeros((_FOLDS, 2))
    fold_of = np.zeros(len(sizes), np.intp)
    for group in order:
        mostly = int(2 * positives[group] > sizes[group])
        fold_of[group] = int(np.argmin(held[:, mostly]))
        held[fold_of[group]] += (sizes[group] - positives[group], positives[group])
    return fold_of[owner]


def _softened(gore: Flags) -> npt.NDArray[np.float64]:
    """Targets just short of 0 and 1, so that no label is held to be certain."""
    n_gore, n_other = int(gore.sum()), int((~gore).sum())
    return np.where(gore, (n_gore + 1.0) / (n_gore + 2.0), 1.0 / (n_other + 2.0))


def _newton(
    design: npt.NDArray[np.float64], target: npt.NDArray[np.float64], start: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Weights of the logistic regression of `target` on the columns of `design`."""
    weights = np.array(start)
    for _ in range(_NEWTON_STEPS):
        p = sigmoid(design @ weights)
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + _RIDGE * np.eye(len(weights))
        weights = weights - np.linalg.solve(curvature, design.T @ (p - target))
    return weights


def _violates(left: tuple[float, float, int], right: tuple[float, float, int]) -> bool:
    """Whether two neighbouring pools must become one: the right one is not above, or stands at the same place."""
    return right[1] / right[2] <= left[1] / left[2] or right[0] / right[2] - left[0] / left[2] < _APART
