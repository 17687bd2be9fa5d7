"""How much of what covers little of a picture is found."""

import numpy as np
import numpy.typing as npt

from inference.evaluation.metrics import Flags, Floats

FEW_CELLS = 4
"""Cells of the map, of 49, that small gore covers at most: about a twentieth of the picture and less."""


def threshold(prob: Floats, other: Flags, false_positives: float) -> float:
    """The lowest probability above which at most this share of the others lies."""
    falling = np.sort(prob[other])[::-1]
    return float(falling[int(false_positives * len(falling))]) if len(falling) else 0.0


def small(gore: Flags, cells: npt.NDArray[np.floating]) -> Flags:
    """Which views show gore in `FEW_CELLS` cells or fewer, as far as it is known in which. `cells`: N × 7 × 7."""
    covered = (cells == 1.0).sum(axis=(1, 2))
    few: Flags = gore & (covered > 0) & (covered <= FEW_CELLS)
    return few


def large(gore: Flags, cells: npt.NDArray[np.floating]) -> Flags:
    """Which views show gore in more cells than that."""
    many: Flags = gore & ((cells == 1.0).sum(axis=(1, 2)) > FEW_CELLS)
    return many


def recall(prob: Floats, which: Flags, above: float) -> float | None:
    """The share of these above the threshold; None of nothing."""
    return float((prob[which] > above).mean()) if which.any() else None
