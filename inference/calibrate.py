"""Raw output of the network to a probability."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_LARGEST_LOGIT = 30.0
"""Beyond this a float32 sigmoid is 0 or 1 to the last bit, and exp() would only come nearer to an overflow."""


@dataclass(frozen=True, slots=True)
class Platt:
    """Platt scaling: sigmoid(scale × logit + offset), fitted on pictures that the network was not trained on."""

    scale: float = 1.0
    offset: float = 0.0

    def probability(self, logits: Floats) -> Floats:
        """Probabilities in [0, 1], float32, in the shape of `logits`, which must be finite."""
        scaled = np.clip(logits.astype(np.float64) * self.scale + self.offset, -_LARGEST_LOGIT, _LARGEST_LOGIT)
        return (1.0 / (1.0 + np.exp(-scaled))).astype(np.float32)
