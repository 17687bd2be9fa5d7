"""Weights of convolutions to few integers, rounded so that what the next layer sees changes least.

Rounding each weight to its nearest integer throws away what the weights of a channel could make good for each other.
Here the weights of an output channel are rounded one after the other, and those that are still to come take over the
error, by the second moments of what the convolution was shown (GPTQ; Frantar et al. 2022). The mean error that is left
goes into the bias.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LARGEST, LARGEST_PAIR = 127, 128
"""Of an integer weight, and of two of one sign whose products with a byte are added up in 16 signed bits."""
_DAMPING = 0.01
"""Share of the mean variance that is added to each, so that channels which never vary do not take over everything."""
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Geometry:
    """Of a 2D convolution, in pixels: (down, across), and pads (top, left, bottom, right)."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    groups: int


@dataclass(slots=True)
class Moments:
    """Sums over the patches that a convolution was shown; K inputs a patch, apart for each of G groups."""

    total: Doubles
    """G × K."""
    products: Doubles
    """G × K × K."""
    count: int = 0

    @classmethod
    def empty(cls, groups: int, inputs: int) -> "Moments":
        return cls(np.zeros((groups, inputs)), np.zeros((groups, inputs, inputs)))

    def add(self, shown: Floats) -> None:
        """`shown` is G × K × patches, as `patches` gives them."""
        self.total += shown.sum(axis=2, dtype=np.float64)
        self.products += shown @ shown.swapaxes(1, 2)
        self.count += shown.shape[2]

    @property
    def mean(self) -> Doubles:
        return self.total / self.count

    @property
    def covariance(self) -> Doubles:
        mean = self.mean
        return self.products / self.count - mean[:, :, None] * mean[:, None, :]


@dataclass(frozen=True, slots=True)
class Rounded:
    """What `rounded` makes of a convolution with O output channels."""

    weights: Floats
    """The weights that the integers stand for, in the shape of the given ones."""
    scales: Floats
    """O; a weight is its integer times the scale of its output channel."""
    shift: Floats
    """O; to be added to the bias."""


def patches(values: Floats, geometry: Geometry) -> Floats:
    """What the kernel sees of N × C × H × W: groups × (channels of a group · kernel) × (pictures · places)."""
    groups, (down, across) = geometry.groups, geometry.strides
    top, left, bottom, right = geometry.pads
    padded = np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, geometry.kernel, axis=(2, 3))[:, :, ::down, ::across]
    pictures, channels, rows, columns = seen.shape[:4]
    split = seen.reshape(pictures, groups, channels // groups, rows * columns, -1)
    return split.transpose(1, 2, 4, 0, 3).reshape(groups, -1, pictures * rows * columns)


def pairs(inputs: int, places: int) -> Integers:
    """Which weight each weight of a full convolution is added up with, K = inputs · places; itself where it is alone.

    ONNX Runtime goes through them channel by channel within a place of the kernel, two at a time.
    """
    walked = np.arange(inputs * places).reshape(inputs, places).T.reshape(-1)
    partner = np.arange(inputs * places)
    even = len(walked) // 2 * 2
    partner[walked[0:even:2]], partner[walked[1:even:2]] = walked[1:even:2], walked[0:even:2]
    return partner


def rounded(weights: Floats, moments: Moments, partner: Integers | None) -> Rounded:
    """Weights O × (C / groups) × kernel to integers, with a scale for each output channel.

    `partner`, as `pairs` gives it, where two weights of one sign may add up to no more than `LARGEST_PAIR`.
    """
    groups, inputs = moments.total.shape
    exact = weights.astype(np.float64).reshape(groups, -1, inputs)
    reach = np.abs(exact).max(axis=2) / LARGEST
    if partner is not None:
        # A weight that is alone is its own partner: it may be as large as any.
        up, down = np.maximum(exact, 0.0), np.maximum(-exact, 0.0)
        together = np.maximum(up + up[:, :, partner], down + down[:, :, partner])
        together[:, :, partner == np.arange(inputs)] = 0.0
        reach = np.maximum(reach, together.max(axis=2) / LARGEST_PAIR)
    # ONNX Runtime is given the scales as float32, so that is what is reckoned with.
    scales = np.maximum(reach, _LEAST).astype(np.float32)
    integers = _compensated(exact, scales.astype(np.float64), moments.covariance, partner)
    found = integers * scales[:, :, None]
    shift = ((exact - found) * moments.mean[:, None, :]).sum(axis=2)
    return Rounded(
        weights=found.reshape(weights.shape).astype(np.float32),
        scales=scales.reshape(-1),
        shift=shift.reshape(-1).astype(np.float32),
    )


def _compensated(exact: Doubles, scales: Doubles, covariance: Doubles, partner: Integers | None) -> Doubles:
    """Integers G × O × K. Inputs that vary most are rounded first, while there are others to make up for it."""
    groups, _, inputs = exact.shape
    variance = np.einsum("gkk->gk", covariance)
    order = np.argsort(-variance, axis=1)
    damping = (_DAMPING * variance.mean(axis=1) + _LEAST)[:, None, None] * np.eye(inputs)
    damped = np.take_along_axis(covariance + damping, order[:, :, None], axis=1)
    damped = np.take_along_axis(damped, order[:, None, :], axis=2)
    passed_on = np.linalg.cholesky(np.linalg.inv(damped)).swapaxes(1, 2)
    left = np.take_along_axis(exact, order[:, None, :], axis=2)
    integers = np.zeros_like(exact)
    lowest, highest = np.full(exact.shape, -LARGEST), np.full(exact.shape, LARGEST)
    for step in range(inputs):
        at = np.arange(groups), slice(None), order[:, step]
        integers[at] = np.clip(np.round(left[:, :, step] / scales), lowest[at], highest[at])
        if partner is not None:
            other = at[0], at[1], partner[order[:, step]]
            lowest[other] = np.maximum(-LARGEST, -LARGEST_PAIR - np.minimum(integers[at], 0))
            highest[other] = np.minimum(LARGEST, LARGEST_PAIR - np.maximum(integers[at], 0))
        error = (left[:, :, step] - integers[at] * scales) / passed_on[:, None, step, step]
        left[:, :, step:] -= error[:, :, None] * passed_on[:, None, step, step:]
    return integers
