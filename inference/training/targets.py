"""What the network is told about a picture: gore or not, which classes, and in which cells of its map."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.training.stains import Mask, Rgb

CLASSES = ("blood", "wound", "organ", "skull", "drawn")
"""Independent scores beside the one for gore; `drawn` tells how it is made, the others what is seen."""
CELLS = 7
"""Cells on a side of the map."""

UNKNOWN = float("nan")
"""A target that nobody knows: nothing is learnt from it."""
Targets = npt.NDArray[np.float32]

_SEEN_FROM = 0.08
"""Share of a cell that has to be covered for the cell to show gore; less, and more than nothing, is unknown."""

_GORE: dict[str, tuple[float, ...]] = {
    "blood_film": (1.0, UNKNOWN, UNKNOWN, 0.0, 0.0),
    "blood_pattern_white": (1.0, 0.0, 0.0, 0.0, 0.0),
    "blood_stain": (1.0, 0.0, 0.0, 0.0, UNKNOWN),
    "blood_sprite": (1.0, 0.0, 0.0, 0.0, 1.0),
    "drawn_gore": (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 1.0),
    "skull_render": (0.0, 0.0, 0.0, 1.0, UNKNOWN),
    "surgery_laparoscopic": (UNKNOWN, UNKNOWN, 1.0, 0.0, 0.0),
}
_WOUND = (UNKNOWN, 1.0, UNKNOWN, 0.0, 0.0)
_DRAWN = ("game_graphics", "game_sprites")
_PERHAPS_DRAWN = ("diagrams", "objects_on_white")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A view as it is shown, and what is to be said of it."""

    pixels: Rgb
    gore: bool
    classes: Targets
    """Of `CLASSES`: 1, 0 or unknown."""
    cells: Targets
    """`CELLS` × `CELLS`: 1, 0 or unknown."""


def class_targets(category: str, *, gore: bool) -> Targets:
    """What a category says of the classes, float32, one each."""
    if gore:
        return np.array(_GORE.get(category, _WOUND), np.float32)
    drawn = 1.0 if category in _DRAWN else UNKNOWN if category in _PERHAPS_DRAWN else 0.0
    return np.array([0.0, 0.0, 0.0, 0.0, drawn], np.float32)


def laid_over(name: str, below: Targets) -> Targets:
    """The classes of a picture on which one thing was laid; those that it may hide or bring along are unknown."""
    result = below.copy()
    result[CLASSES.index(name)] = 1.0
    if name in ("wound", "organ"):
        result[CLASSES.index("blood")] = UNKNOWN
    return result


def all_cells(value: float) -> Targets:
    """One target for the whole map."""
    return np.full((CELLS, CELLS), value, np.float32)


def cell_targets(mask: Mask) -> Targets:
    """Which cells show what the mask covers (float32 H × W in [0, 1])."""
    height, width = mask.shape
    rows, columns = np.arange(height) * CELLS // height, np.arange(width) * CELLS // width
    covered = np.zeros((CELLS, CELLS), np.float32)
    np.add.at(covered, (rows[:, None], columns[None, :]), (mask > 0.3).astype(np.float32))
    share = covered / np.outer(np.bincount(rows, minlength=CELLS), np.bincount(columns, minlength=CELLS))
    result = np.where(share >= _SEEN_FROM, 1.0, np.where(share > 0.0, UNKNOWN, 0.0)).astype(np.float32)
    if not (result == 1.0).any():
        # A stain that covers little of every cell: the most covered one shows it.
        result[np.unravel_index(int(share.argmax()), share.shape)] = 1.0
    return result
