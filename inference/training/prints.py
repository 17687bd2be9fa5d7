"""Prints that a wet hand, foot or shoe leaves, as thicknesses like those of `patterns`."""

import numpy as np
from PIL import Image, ImageDraw

from inference.training import noise
from inference.training.patterns import CANVAS_PX
from inference.training.stains import Mask

_FINGERS = ((-0.17, -0.02, 0.20), (-0.07, -0.05, 0.26), (0.04, -0.05, 0.28), (0.15, -0.01, 0.23))
"""Where each begins beside and above the palm's upper edge and how long it is, in canvases."""


def hand(rng: np.random.Generator) -> Mask:
    """The print of a hand, sometimes dragged; of either side."""
    canvas = Image.new("L", (CANVAS_PX, CANVAS_PX), 0)
    draw = ImageDraw.Draw(canvas)
    side, x, y = CANVAS_PX, CANVAS_PX * 0.5, CANVAS_PX * 0.62
    palm = side * rng.uniform(0.15, 0.19)
    draw.ellipse((x - palm, y - palm * 0.95, x + palm, y + palm * 1.15), fill=230)
    if rng.random() < 0.7:
        draw.ellipse((x - palm * 0.45, y - palm * 0.3, x + palm * 0.5, y + palm * 0.5), fill=int(rng.integers(0, 150)))
    spread = rng.uniform(0.6, 2.0)
    for beside, above, length in _FINGERS:
        lean = beside * spread * 1.3 + rng.normal(0.0, 0.06)
        _finger(
            draw, x + beside * side, y - palm * 0.75 + above * side, lean, length * side * rng.uniform(0.8, 1.05), rng
        )
    if rng.random() < 0.85:
        _finger(draw, x - palm * 0.85, y + palm * 0.2, -1.0 + rng.normal(0.0, 0.15), side * 0.2, rng)
    mask = np.asarray(canvas, np.float32) / np.float32(255.0)
    if rng.random() < 0.4:
        mask = _dragged(mask, int(rng.integers(10, 90)), rng)
    return _printed(mask if rng.random() < 0.5 else mask[:, ::-1], rng)


def _finger(
    draw: ImageDraw.ImageDraw, x: float, y: float, lean: float, length: float, rng: np.random.Generator
) -> None:
    half = CANVAS_PX * rng.uniform(0.024, 0.036)
    towards = np.array([np.sin(lean), -np.cos(lean)])
    joints = (0.2, 0.55, 0.92)
    for joint in joints:
        if rng.random() < 0.1:
            continue
        a, b = (np.array([x, y]) + towards * length * (joint + end) for end in (-0.13, 0.1))
        draw.line((*a, *b), fill=235, width=int(2 * half))
        for end in (a, b):
            draw.ellipse((end[0] - half, end[1] - half, end[0] + half, end[1] + half), fill=235)


def foot(rng: np.random.Generator) -> Mask:
    """The print of a bare foot or of a sole with a tread."""
    canvas = Image.new("L", (CANVAS_PX, CANVAS_PX), 0)
    draw = ImageDraw.Draw(canvas)
    s, x = CANVAS_PX, CANVAS_PX * 0.5
    broad = rng.uniform(0.85, 1.15) * s
    draw.ellipse((x - 0.13 * broad, 0.22 * s, x + 0.13 * broad, 0.56 * s), fill=235)
    draw.ellipse((x - 0.09 * broad, 0.62 * s, x + 0.09 * broad, 0.9 * s), fill=235)
    if rng.random() < 0.5:
        draw.polygon(
            (x - 0.02 * broad, 0.45 * s, x + 0.1 * broad, 0.5 * s, x + 0.06 * broad, 0.75 * s, x, 0.7 * s), fill=200
        )
        for toe in range(5):
            radius = (0.042 - 0.005 * toe) * broad
            tx, ty = x + (-0.1 + 0.05 * toe) * broad, (0.16 + 0.012 * toe * toe) * s
            draw.ellipse((tx - radius, ty - radius * 1.2, tx + radius, ty + radius * 1.2), fill=235)
    else:
        gap, slope = int(rng.integers(9, 22)), rng.uniform(-30.0, 30.0)
        for row in range(0, CANVAS_PX, gap):
            draw.line((0, row, s / 2, row + slope, s, row), fill=0, width=int(rng.integers(2, 6)))
    return _printed(np.asarray(canvas, np.float32) / np.float32(255.0), rng)


def _dragged(mask: Mask, reach: int, rng: np.random.Generator) -> Mask:
    """The print pulled downwards, fainter and in streaks."""
    streaks = 0.5 + 0.5 * noise.field(1, CANVAS_PX, rng.uniform(20.0, 70.0), rng)
    result = mask.copy()
    for step in range(4, reach, 4):
        result[step:] = np.maximum(
            result[step:], mask[:-step] * np.clip(streaks * (1.0 - 0.7 * step / reach), 0.0, 1.0)
        )
    return result


def _printed(mask: Mask, rng: np.random.Generator) -> Mask:
    """Pressed unevenly: gaps where it did not touch, ragged edges."""
    mask = noise.warped(noise.blurred(mask, rng.uniform(0.8, 2.5)), rng.uniform(2.0, 6.0), rng.uniform(8.0, 40.0), rng)
    touch = noise.rough(CANVAS_PX, CANVAS_PX, rng.uniform(4.0, 12.0), rng, octaves=4)
    gaps = noise.smoothstep(touch, rng.uniform(-1.4, -0.5), rng.uniform(-0.3, 0.3))
    return np.asarray(mask * np.maximum(gaps, 0.15), np.float32)
