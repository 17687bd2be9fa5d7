"""Where in a picture a detector sees gore: cells of its map, those that drove the score, and what hides them. Pure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.calibrate import Floats

Marked = npt.NDArray[np.bool_]
"""Rows × columns, true where a cell is meant."""

_SHARE_OF_HIGHEST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """What a detector with a map says of one picture."""

    prob: float
    cells: Floats
    """Rows × columns of probabilities, top row first."""

    def region(self) -> Marked:
        """The cells that drove the score: those at least half as likely as the likeliest, so that there is one."""
        marked: Marked = self.cells >= _SHARE_OF_HIGHEST * self.cells.max()
        return marked

    def cover(self) -> Marked:
        """The region and all cells that touch it: what is seen in a cell goes on beside it."""
        region = self.region()
        rows, columns = region.shape
        around = np.pad(region, 1)
        shifted = [around[down : down + rows, right : right + columns] for down in range(3) for right in range(3)]
        marked: Marked = np.logical_or.reduce(shifted)
        return marked
