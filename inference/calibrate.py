"""Raw output of the network to a probability."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

LARGEST_LOGIT = 30.0
"""Beyond this a float32 sigmoid is 0 or 1 to the last bit, and exp() would only come nearer to an overflow."""


class Calibration(Protocol):
    """Log-odds to probabilities that mean what they say."""

    def probability(self, logits: npt.NDArray[np.floating], /) -> Floats:
        """Probabilities in [0, 1], float32, in the shape of `logits`, which must be finite."""
        ...


@dataclass(frozen=True, slots=True)
class Platt:
    """Platt scaling: sigmoid(scale × logit + offset), fitted on pictures that the network was not trained on.

    With the offset 0 it is temperature scaling, with the scale 1 as well it is the bare sigmoid.
    """

    scale: float = 1.0
    offset: float = 0.0

    def probability(self, logits: npt.NDArray[np.floating], /) -> Floats:
        """Probabilities in [0, 1], float32, in the shape of `logits`, which must be finite."""
        return sigmoid(logits.astype(np.float64) * self.scale + self.offset).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A monotone curve from uncalibrated probabilities, sigmoid(logit), to calibrated ones: straight between points.

    `x` strictly increases, `y` never falls, both in [0, 1]; before the first and after the last point it is level.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def probability(self, logits: npt.NDArray[np.floating], /) -> Floats:
        """Probabilities in [0, 1], float32, in the shape of `logits`, which must be finite."""
        return np.interp(sigmoid(logits.astype(np.float64)), self.x, self.y).astype(np.float32)


def sigmoid(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Probabilities of log-odds, in their shape, without an overflow at either end."""
    bounded: npt.NDArray[np.float64] = np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)
    result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-bounded))
    return result
