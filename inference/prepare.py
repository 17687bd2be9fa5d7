"""Decoded pictures to what a network takes: order of the axes and channels, kind of number, normalisation."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Layout = Literal["NHWC", "NCHW"]
Dtype = Literal["uint8", "float32", "float16"]
Color = Literal["RGB", "BGR"]
Array = npt.NDArray[np.number]
"""Of one of `Dtype`."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How pictures are laid before a network. `mean` and `std` are in the order of its own channels."""

    layout: Layout = "NHWC"
    dtype: Dtype = "uint8"
    color: Color = "RGB"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def apply(self, frames: npt.NDArray[np.uint8]) -> Array:
        """uint8 N × height × width × 3, RGB, as the network wants them.

        Floats are (pixel × scale − mean) / std; uint8 pixels are given as they are. The result may be `frames` itself.
        """
        ordered: Array = frames[..., ::-1] if self.color == "BGR" else frames
        if self.dtype != "uint8":
            # In float32 also where float16 is wanted: rounded once, at the end.
            std = np.array(self.std, np.float32)
            floats = ordered.astype(np.float32)
            floats *= np.float32(self.scale) / std
            floats -= np.array(self.mean, np.float32) / std
            ordered = floats if self.dtype == "float32" else floats.astype(np.float16)
        if self.layout == "NCHW":
            ordered = ordered.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(ordered)
