"""What lenses, hands and mounts do to a picture: blur, tilt, turn and perspective.

Each takes uint8 H × W × 3 RGB, a strength in [0, 1] and a generator, and gives the same shape and dtype.
"""

import math

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from inference.training.stains import Rgb

_USUAL_PX = 224
"""Lengths below are pixels of a picture of this side; larger pictures get larger ones."""


def _scale(picture: Rgb) -> float:
    height, width = picture.shape[:2]
    return max(int(height), int(width)) / _USUAL_PX


def gaussian_blur(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Soft all over."""
    radius = (0.3 + 2.9 * strength) * _scale(picture)
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)), np.uint8)


def box_blur(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """The cheap blur of scalers and of privacy filters."""
    radius = (0.3 + 3.7 * strength) * _scale(picture)
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.BoxBlur(radius)), np.uint8)


def motion_blur(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Drawn out along a line of up to 22 pixels."""
    angle = rng.uniform(0.0, np.pi)
    length = (2.0 + 20.0 * strength) * _scale(picture)
    across, down = length * float(np.cos(angle)), length * float(np.sin(angle))
    result = Image.fromarray(_spread(picture, round(abs(across)), round(abs(down))))
    # Each halving doubles the number of exposures along the line.
    for part in (0.5, 0.25, 0.125, 0.0625):
        step = (round(across * part), round(down * part))
        if any(step):
            result = Image.blend(result, ImageChops.offset(result, *step), 0.5)
    left, top = round(abs(across)) + round(across / 2), round(abs(down)) + round(down / 2)
    height, width = picture.shape[:2]
    return np.asarray(result.crop((left, top, left + width, top + height)), np.uint8)


def defocus(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Points become discs of up to 10 pixels across, and bright ones stand out."""
    radius = (0.8 + 4.2 * strength) * _scale(picture)
    margin = math.ceil(radius)
    height, width = picture.shape[:2]
    # In squared light, as a lens adds it up.
    squared = np.square(_spread(picture, margin, margin), dtype=np.uint16, casting="unsafe") >> 4
    total = np.zeros(picture.shape, np.uint16)
    for share, count in ((0.45, 3), (0.9, 8)):
        for angle in np.linspace(0.0, 2.0 * math.pi, count, endpoint=False):
            left = margin + round(radius * share * math.cos(angle))
            top = margin + round(radius * share * math.sin(angle))
            total += squared[top : top + height, left : left + width]
    discs = np.sqrt(total * np.float32(16.0 / 11.0)).astype(np.uint8)
    return np.asarray(Image.fromarray(discs).filter(ImageFilter.BoxBlur(radius / 4)), np.uint8)


def _spread(picture: Rgb, across: int, down: int) -> Rgb:
    """With its outermost pixels repeated on all sides."""
    height, width = picture.shape[:2]
    rows = np.clip(np.arange(-down, height + down), 0, height - 1)
    columns = np.clip(np.arange(-across, width + across), 0, width - 1)
    spread: Rgb = picture[rows].take(columns, axis=1)
    return spread


def tilted(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Turned by up to 15 degrees; what comes into view at the corners is dark."""
    degrees = float(rng.choice([-1.0, 1.0]) * (1.0 + 14.0 * strength))
    grey = int(rng.integers(0, 40))
    turned = Image.fromarray(picture).rotate(degrees, Image.Resampling.BILINEAR, fillcolor=(grey, grey, grey))
    return np.asarray(turned, np.uint8)


def turned(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """A phone held the wrong way: on its side, or upside down; the strength says how often the latter."""
    image = Image.fromarray(picture)
    if rng.random() < 0.5 * strength:
        return np.asarray(image.transpose(Image.Transpose.ROTATE_180), np.uint8)
    way = Image.Transpose.ROTATE_90 if rng.random() < 0.5 else Image.Transpose.ROTATE_270
    return np.asarray(image.transpose(way).resize(image.size, Image.Resampling.BILINEAR), np.uint8)


def perspective(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Seen from the side: each corner moved by up to 12 % of the side, in or out."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [0, height], [width, height], [width, 0]], np.float64)
    corners += rng.uniform(-0.12, 0.12, (4, 2)) * strength * (width, height)
    quad = tuple(float(value) for value in corners.ravel())
    image = Image.fromarray(picture)
    return np.asarray(image.transform(image.size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR), np.uint8)


def sheared(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Slanted by up to a quarter of the side, as a rolling shutter does."""
    height, width = picture.shape[:2]
    slant = float(rng.choice([-1.0, 1.0]) * (0.03 + 0.22 * strength) * width / height)
    image = Image.fromarray(picture)
    matrix = (1.0, slant, -slant * height / 2, 0.0, 1.0, 0.0)
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR), np.uint8)
