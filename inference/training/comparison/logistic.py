"""Logistic regression with a quadratic penalty: the linear head that frozen features are judged by."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.calibrate import sigmoid
from inference.evaluation.metrics import Flags

Features = npt.NDArray[np.float32]
"""Pictures × features."""
Vector = npt.NDArray[np.float64]
_MEMORY = 10
_STEPS = 200
_FLAT = 1e-4
_ENOUGH = 1e-4
_LEAST_STEP = 1e-6
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Logistic:
    """Features to logits. The features are brought to mean 0 and spread 1 first, as those that it was fitted on."""

    mean: Features
    spread: Features
    weights: Vector
    """One a feature, and the offset last."""

    def logits(self, features: Features) -> npt.NDArray[np.float32]:
        """One a picture."""
        found = (features - self.mean) / self.spread @ self.weights[:-1].astype(np.float32) + self.weights[-1]
        return np.asarray(found, np.float32)


def fit_logistic(features: Features, gore: Flags, *, penalty: float) -> Logistic:
    """The weights with the least mean log loss plus penalty / 2 · |weights|², by L-BFGS; the offset goes free.

    Raises ValueError unless there are pictures of both kinds.
    """
    if gore.all() or not gore.any():
        raise ValueError("a head needs pictures of both kinds")
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), _LEAST_SPREAD)
    problem = _Problem((features - mean) / spread, gore, penalty)
    return Logistic(mean, spread, _least(problem))


@dataclass(frozen=True, slots=True)
class _Problem:
    features: Features
    gore: Flags
    penalty: float

    def at(self, weights: Vector) -> tuple[float, Vector]:
        """The loss and its gradient."""
        logits = (self.features @ weights[:-1].astype(np.float32)).astype(np.float64) + weights[-1]
        loss = np.logaddexp(0.0, np.where(self.gore, -logits, logits)).mean()
        off = ((sigmoid(logits) - self.gore) / len(logits)).astype(np.float32)
        slope = np.append((off @ self.features).astype(np.float64) + self.penalty * weights[:-1], float(off.sum()))
        return float(loss + self.penalty / 2.0 * (weights[:-1] @ weights[:-1])), slope


def _least(problem: _Problem) -> Vector:
    """Steps along the direction of `_direction`, halved until they gain what the slope promises."""
    weights = np.zeros(problem.features.shape[1] + 1)
    loss, slope = problem.at(weights)
    kept: list[tuple[Vector, Vector]] = []
    for _ in range(_STEPS):
        if float(np.abs(slope).max()) < _FLAT:
            break
        direction = _direction(slope, kept)
        falls = float(slope @ direction)
        step = 1.0 if kept else min(1.0, 1.0 / float(np.linalg.norm(slope)))
        while step > _LEAST_STEP:
            there, slope_there = problem.at(weights + step * direction)
            if there <= loss + _ENOUGH * step * falls:
                break
            step /= 2.0
        else:
            break  # as low as float32 sees
        moved, turned = step * direction, slope_there - slope
        if moved @ turned > 0.0:
            kept = [*kept[1 - _MEMORY :], (moved, turned)]
        weights, loss, slope = weights + moved, there, slope_there
    return weights


def _direction(slope: Vector, kept: list[tuple[Vector, Vector]]) -> Vector:
    """Downhill, with the curvature that the last steps met (Nocedal and Wright, algorithm 7.4)."""
    result = -slope
    shares = []
    for moved, turned in reversed(kept):
        share = float(moved @ result) / float(moved @ turned)
        shares.append(share)
        result = result - share * turned
    if kept:
        moved, turned = kept[-1]
        result = result * (float(moved @ turned) / float(turned @ turned))
    for (moved, turned), share in zip(kept, reversed(shares), strict=True):
        result = result + moved * (share - float(turned @ result) / float(moved @ turned))
    return result
