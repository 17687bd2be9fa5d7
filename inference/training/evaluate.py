"""Calibration and figures, from logits and labels alone."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from inference.calibrate import Platt

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

_NEWTON_STEPS = 50
_RIDGE = 1e-3
_BINS = 15


@dataclass(frozen=True, slots=True)
class Figures:
    """How probabilities fit labels; precision to false_positives are at 0.5."""

    n_gore: int
    n_other: int
    auroc: float
    ap: float
    precision: float
    recall: float
    f1: float
    false_positives: float
    ece: float

    def rounded(self) -> dict[str, float | int]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def fit_platt(logits: Floats, gore: Flags) -> Platt:
    """Scale and offset that make the labels likeliest, by Newton's method, with Platt's softened targets."""
    z = logits.astype(np.float64)
    n_gore, n_other = int(gore.sum()), int((~gore).sum())
    target = np.where(gore, (n_gore + 1.0) / (n_gore + 2.0), 1.0 / (n_other + 2.0))
    design = np.stack([z, np.ones_like(z)], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0)))
        gradient = design.T @ (p - target)
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + _RIDGE * np.eye(2)
        weights = weights - np.linalg.solve(curvature, gradient)
    return Platt(float(weights[0]), float(weights[1]))


def figures(prob: Floats, gore: Flags) -> Figures:
    """All figures; both kinds must be there."""
    called = prob >= 0.5
    right = int((called & gore).sum())
    n_gore, n_other = int(gore.sum()), int((~gore).sum())
    precision, recall = right / max(int(called.sum()), 1), right / n_gore
    return Figures(
        n_gore=n_gore,
        n_other=n_other,
        auroc=auroc(prob, gore),
        ap=average_precision(prob, gore),
        precision=precision,
        recall=recall,
        f1=2.0 * precision * recall / max(precision + recall, 1e-9),
        false_positives=float((called & ~gore).sum()) / n_other,
        ece=calibration_error(prob, gore),
    )


def auroc(prob: Floats, gore: Flags) -> float:
    """Chance that a random positive is above a random negative, ties counting half."""
    _, inverse, counts = np.unique(prob, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    n_gore, n_other = int(gore.sum()), int((~gore).sum())
    return float((ranks[gore].sum() - n_gore * (n_gore + 1) / 2.0) / (n_gore * n_other))


def average_precision(prob: Floats, gore: Flags) -> float:
    """Area under precision over recall, by steps."""
    hits = gore[np.argsort(-prob, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def calibration_error(prob: Floats, gore: Flags) -> float:
    """Expected calibration error over bins of equal width."""
    bins = np.minimum((prob * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for index in range(_BINS):
        inside = bins == index
        if inside.any():
            error += float(inside.mean()) * abs(float(prob[inside].mean()) - float(gore[inside].mean()))
    return error


def table(title: str, names: list[str], prob: Floats, gore: Flags) -> str:
    """Markdown: for each name, how many pictures and which share is called gore at 0.5."""
    lines = [f"| {title} | label | pictures | called gore |", "| --- | --- | ---: | ---: |"]
    keys = np.array(names)
    for name in sorted(set(names)):
        for label in (True, False):
            inside = (keys == name) & (gore == label)
            if inside.any():
                share = float((prob[inside] >= 0.5).mean())
                lines.append(f"| {name} | {'gore' if label else 'other'} | {int(inside.sum())} | {share:.3f} |")
    return "\n".join(lines)


def headline(title: str, found: Figures) -> str:
    """One Markdown row, of the figures as the manifest keeps them."""
    numbers = found.rounded()
    shown = [f"{numbers[name]:.3f}" for name in ("auroc", "ap", "precision", "recall", "f1", "false_positives", "ece")]
    return f"| {title} | {found.n_gore} + {found.n_other} | {' | '.join(shown)} |"
