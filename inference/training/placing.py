"""Bringing a pattern into a picture: at a place, at a scale that covers the wanted share, turned, tilted, blurred."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from inference.training import noise
from inference.training.noise import Field
from inference.training.patterns import CANVAS_PX
from inference.training.stains import Mask, Rgb

COVERED = 0.3
"""The thickness from which on a point counts as covered."""

_MOST_OF_SIDE = 1.35
_CLOSE_ENOUGH = 0.18


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how a pattern lies: centre as fractions of the picture, turn in degrees, squash of a tilted plane."""

    x: float
    y: float
    turn: float = 0.0
    squash: float = 1.0
    keystone: float = 0.0


def some_place(rng: np.random.Generator, *, upright: bool, central: bool) -> Place:
    """A random place; a pattern that ran down is not turned, and only flat ones lie on floors."""
    x, y = rng.normal(0.5, 0.11, 2) if central else rng.uniform(0.08, 0.92, 2)
    flat = not upright and not central and rng.random() < 0.4
    return Place(
        x=float(np.clip(x, 0.05, 0.95)),
        y=float(np.clip(y, 0.05, 0.95)),
        turn=float(rng.normal(0.0, 4.0)) if upright else float(rng.uniform(0.0, 360.0)),
        squash=float(rng.uniform(0.25, 0.65)) if flat else float(rng.uniform(0.75, 1.3)),
        keystone=float(rng.uniform(0.0, 0.3)) if flat else 0.0,
    )


def covered(mask: Mask) -> float:
    """The share of the frame that the mask covers."""
    return float(np.count_nonzero(mask > COVERED)) / mask.size


def placed(pattern: Mask, share: float, place: Place, height: int, width: int, *, within: Field | None = None) -> Mask:
    """The pattern, scaled until it covers about `share` of a frame of that size, kept `within` a region if given.

    What a pattern cannot cover (it is all fine drops, or the region is small) stays uncovered: measure it.
    """
    cut = _cut(pattern)
    if cut is None:
        return np.zeros((height, width), np.float32)
    if np.sqrt(share * height * width / _count(cut)) < 0.45:
        cut = cut.reduce(2)
    if abs(place.turn) > 0.5:
        # Turned before it is squashed: what lies on a floor is squashed as it is seen, not as it was drawn.
        cut = cut.rotate(place.turn, Image.Resampling.BILINEAR, expand=True)
    scale = np.sqrt(share * height * width / _count(cut))
    largest = _MOST_OF_SIDE * max(height, width) / max(cut.size)
    mask = np.zeros((height, width), np.float32)
    for _ in range(3):
        scale = min(scale, largest)
        mask = _laid(cut, scale, place, height, width)
        if within is not None:
            mask = mask * within
        found = covered(mask)
        if abs(found / share - 1.0) < _CLOSE_ENOUGH:
            break
        scale *= float(np.clip(np.sqrt(share / max(found, share / 9.0)), 0.6, 2.0))
    return mask


def _count(cut: Image.Image) -> int:
    return max(1, int(np.count_nonzero(np.asarray(cut) > 255 * COVERED)))


def _cut(pattern: Mask) -> Image.Image | None:
    rows, columns = (np.flatnonzero((pattern > 0.08).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    inner = pattern[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Image.fromarray((np.clip(inner, 0.0, 1.0) * 255.0).astype(np.uint8))


def _laid(cut: Image.Image, scale: float, place: Place, height: int, width: int) -> Mask:
    size = (
        max(2, round(cut.width * scale / np.sqrt(place.squash))),
        max(2, round(cut.height * scale * np.sqrt(place.squash))),
    )
    small = cut.resize(size, Image.Resampling.BILINEAR)
    if place.keystone > 0.02:
        inset = place.keystone * size[0] / 2.0
        # The far edge is narrower: its corners reach beyond the pattern's own.
        corners = (-inset, 0, 0, size[1], size[0], size[1], size[0] + inset, 0)
        small = small.transform(size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    canvas = Image.new("L", (width, height), 0)
    canvas.paste(small, (round(place.x * width - size[0] / 2), round(place.y * height - size[1] / 2)))
    return np.asarray(canvas, np.float32) / np.float32(255.0)


def region_like(picture: Rgb, place: Place, rng: np.random.Generator) -> Field:
    """The parts that look like the place itself, so that a stain can stay on one thing: 1 there, 0 elsewhere."""
    height, width = picture.shape[:2]
    soft = np.asarray(Image.fromarray(picture).filter(ImageFilter.BoxBlur(3)), np.float32)
    row, column = min(height - 1, int(place.y * height)), min(width - 1, int(place.x * width))
    apart = soft - soft[row, column]
    distance = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart))
    reach = rng.uniform(45.0, 100.0)
    return noise.blurred(noise.smoothstep(distance, reach * 1.25, reach * 0.75), rng.uniform(0.5, 1.5))


def canvas_of(mask: Mask) -> Mask:
    """Any mask as a pattern: its longer side becomes the canvas's."""
    height, width = mask.shape
    scale = CANVAS_PX / max(height, width)
    small = Image.fromarray((np.clip(mask, 0.0, 1.0) * 255).astype(np.uint8)).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BILINEAR
    )
    return np.asarray(small, np.float32) / np.float32(255.0)
