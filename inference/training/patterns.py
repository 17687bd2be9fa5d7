"""Shapes that a liquid leaves: pools, spray, cast-off arcs, runs, smears, prints, soaked cloth, patchy films.

Each is a thickness, float32 `CANVAS_PX` × `CANVAS_PX` in [0, 1], anywhere on its canvas and of any size;
`placing` brings it into a picture. Those of `UPRIGHT` follow gravity and must not be turned.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from inference.training import noise
from inference.training.stains import Mask

CANVAS_PX = 256
Point = npt.NDArray[np.float64]
Pattern = Callable[[np.random.Generator], Mask]

_BLANK = (CANVAS_PX, CANVAS_PX)


def _finish(canvas: Image.Image, rng: np.random.Generator, *, wobble_px: float = 5.0) -> Mask:
    """Softened, with ragged edges and a thickness that varies inside."""
    canvas = canvas.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.6, 2.2))))
    mask = np.asarray(canvas, np.float32) / np.float32(255.0)
    mask = noise.warped(mask, rng.uniform(0.2, 1.0) * wobble_px, rng.uniform(6.0, 40.0), rng)
    uneven = 0.5 + 0.5 * noise.rough(*_BLANK, rng.uniform(3.0, 14.0), rng, octaves=2)
    return np.asarray(mask * (1.0 - np.float32(rng.uniform(0.0, 0.6)) * np.clip(uneven, 0.0, 1.0)), np.float32)


def _blob(draw: ImageDraw.ImageDraw, centre: Point, radius: float, rng: np.random.Generator) -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 56, endpoint=False)
    outline = np.ones_like(angles)
    rugged = rng.uniform(0.1, 0.45)
    for wave in range(2, 10):
        outline += rng.normal(0.0, rugged / wave) * np.cos(wave * angles + rng.uniform(0.0, 6.3))
    outline = np.maximum(outline, 0.12) * radius
    points = np.stack([centre[0] + outline * np.cos(angles), centre[1] + outline * np.sin(angles)], axis=1)
    draw.polygon(points.ravel().tolist(), fill=255)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: int = 255) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _drop(draw: ImageDraw.ImageDraw, at: Point, radius: float, tail: float, angle: float) -> None:
    """A drop that flew towards `angle` and has a tail `tail` times its radius long."""
    steps = 1 if tail < 1.2 or radius < 1.0 else min(6, 2 + int(tail))
    for step in np.linspace(0.0, 1.0, steps):
        reach = radius * tail * step
        x, y = at[0] + reach * np.cos(angle), at[1] + reach * np.sin(angle)
        _disc(draw, x, y, max(0.7, radius * (1.0 - 0.75 * step)))


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    canvas = Image.new("L", _BLANK, 0)
    return canvas, ImageDraw.Draw(canvas)


def pool(rng: np.random.Generator) -> Mask:
    """One or a few pools that ran together, with drops around them."""
    canvas, draw = _canvas()
    middle = np.full(2, CANVAS_PX / 2)
    radius = rng.uniform(35.0, 85.0)
    _blob(draw, middle, radius, rng)
    for _ in range(int(rng.integers(0, 4))):
        _blob(draw, middle + rng.normal(0.0, 0.9, 2) * radius, radius * rng.uniform(0.2, 0.8), rng)
    for _ in range(int(rng.integers(0, 40))):
        angle = rng.uniform(0.0, 6.3)
        at = middle + np.array([np.cos(angle), np.sin(angle)]) * radius * (1.0 + rng.exponential(0.35))
        _drop(draw, at, 1.0 + rng.exponential(0.035) * radius, rng.uniform(0.5, 3.0), angle)
    return _finish(canvas, rng)


def spray(rng: np.random.Generator) -> Mask:
    """Drops of all sizes that flew out of one point, from mist to spatter."""
    canvas, draw = _canvas()
    origin = rng.uniform(0.2, 0.8, 2) * CANVAS_PX
    heading, spread = rng.uniform(0.0, 6.3), rng.choice([0.25, 0.5, 1.0, 3.0])
    size, vary = rng.uniform(0.8, 3.5), rng.uniform(0.4, 1.0)
    reach = rng.uniform(0.2, 0.6) * CANVAS_PX
    stretch = rng.uniform(0.5, 5.0)
    for _ in range(int(rng.integers(30, 170))):
        angle = heading + rng.normal(0.0, spread)
        distance = reach * rng.gamma(2.0, 0.5)
        at = origin + np.array([np.cos(angle), np.sin(angle)]) * distance
        _drop(draw, at, min(18.0, size * rng.lognormal(0.0, vary)), stretch * rng.random(), angle)
    if rng.random() < 0.4:
        _blob(draw, origin, reach * rng.uniform(0.15, 0.5), rng)
    return _finish(canvas, rng, wobble_px=2.5)


def cast_off(rng: np.random.Generator) -> Mask:
    """Rows of drops along arcs, as something swung leaves them."""
    canvas, draw = _canvas()
    for _ in range(int(rng.integers(1, 4))):
        centre = np.array([CANVAS_PX / 2, CANVAS_PX * rng.uniform(0.9, 1.8)])
        radius = CANVAS_PX * rng.uniform(0.5, 1.2)
        base = rng.uniform(2.0, 6.0)
        for angle in np.sort(rng.uniform(-2.4, -0.75, int(rng.integers(12, 45)))):
            off = radius + rng.normal(0.0, base)
            at = centre + off * np.array([np.cos(angle), np.sin(angle)])
            _drop(draw, at, base * rng.lognormal(-0.3, 0.5), rng.uniform(0.5, 4.0), angle + np.pi / 2)
    return _finish(canvas, rng, wobble_px=2.5)


def _run(draw: ImageDraw.ImageDraw, start: Point, length: float, half: float, rng: np.random.Generator) -> None:
    """One thread of liquid on its way down, with a bead at its end and sometimes a branch."""
    steps = max(4, int(length / 7.0))
    sideways = np.cumsum(rng.normal(0.0, rng.uniform(0.1, 1.3), steps)) + rng.uniform(-0.25, 0.25) * np.arange(steps)
    xs, ys = start[0] + sideways, start[1] + np.linspace(0.0, length, steps)
    widths = half * (1.0 + 0.35 * np.cumsum(rng.normal(0.0, 0.25, steps)) / np.sqrt(np.arange(steps) + 1.0))
    widths *= np.linspace(1.0, rng.uniform(0.35, 1.0), steps)
    for index in range(1, steps):
        line = (xs[index - 1], ys[index - 1], xs[index], ys[index])
        draw.line(line, fill=int(rng.integers(170, 256)), width=max(1, round(2.0 * max(0.5, widths[index]))))
        _disc(draw, xs[index], ys[index], max(0.5, widths[index]), 215)
    if rng.random() < 0.7:
        _disc(draw, xs[-1], ys[-1], half * rng.uniform(0.9, 1.7))
    if length > 60.0 and rng.random() < 0.3:
        fork = steps // 2
        aside = np.array([xs[fork] + rng.uniform(-2.0, 2.0) * half, ys[fork]])
        _run(draw, aside, length * rng.uniform(0.2, 0.45), half * 0.7, rng)


def drips(rng: np.random.Generator) -> Mask:
    """A stain on something upright: it runs down in threads."""
    canvas, draw = _canvas()
    middle = np.array([CANVAS_PX / 2, CANVAS_PX * 0.25])
    radius = rng.uniform(14.0, 60.0)
    if rng.random() < 0.85:
        _blob(draw, middle, radius, rng)
    half = rng.uniform(1.0, 5.0)
    for _ in range(int(rng.integers(2, 10))):
        start = middle + np.array([rng.uniform(-1.0, 1.0) * radius, rng.uniform(-0.3, 0.6) * radius])
        _run(draw, start, rng.uniform(10.0, 190.0), half * rng.uniform(0.5, 1.4), rng)
    for _ in range(int(rng.integers(0, 25))):
        x, y = middle + rng.normal(0.0, 1.3, 2) * radius
        _disc(draw, x, y, 0.8 + rng.exponential(1.3))
    return _finish(canvas, rng, wobble_px=3.0)


def streams(rng: np.random.Generator) -> Mask:
    """One to five streams down from nearly one place, as from a hairline, a nose or a mouth."""
    canvas, draw = _canvas()
    top = np.array([CANVAS_PX / 2, CANVAS_PX * 0.12])
    half, apart = rng.uniform(1.8, 9.0), rng.uniform(2.0, 45.0)
    for _ in range(int(rng.integers(1, 6))):
        start = top + np.array([rng.normal(0.0, apart), rng.uniform(0.0, 20.0)])
        _run(draw, start, rng.uniform(40.0, 210.0), half * rng.uniform(0.4, 1.3), rng)
    if rng.random() < 0.6:
        _blob(draw, top, apart * rng.uniform(0.5, 1.2) + half, rng)
    return _finish(canvas, rng, wobble_px=6.0)


def soaked(rng: np.random.Generator) -> Mask:
    """A spot soaked into cloth: soft and ragged at its edge."""
    across, down = np.meshgrid(*(np.linspace(-1.0, 1.0, CANVAS_PX, dtype=np.float32),) * 2)
    bulk = 0.75 - np.hypot(across, down * rng.uniform(0.8, 1.5)).astype(np.float32)
    shape = bulk + noise.rough(*_BLANK, rng.uniform(2.0, 6.0), rng, octaves=4) * np.float32(rng.uniform(0.15, 0.45))
    edge = rng.uniform(0.05, 0.4)
    return noise.smoothstep(shape, 0.1, 0.1 + edge)


def patchy(rng: np.random.Generator) -> Mask:
    """A smeared film with gaps, as on a face or on hands that touched a wound."""
    across, down = np.meshgrid(*(np.linspace(-1.0, 1.0, CANVAS_PX, dtype=np.float32),) * 2)
    bulk = 0.7 - np.hypot(across, down).astype(np.float32)
    shape = bulk + noise.rough(*_BLANK, rng.uniform(3.0, 9.0), rng, octaves=4) * np.float32(rng.uniform(0.4, 0.9))
    mask = noise.smoothstep(shape, 0.1, rng.uniform(0.2, 0.8))
    if rng.random() < 0.6:
        mask = np.maximum(mask, drips(rng) * np.float32(rng.uniform(0.5, 1.0)))
    return mask


def smear(rng: np.random.Generator) -> Mask:
    """A wipe: streaks along one bent way, dense where it began."""
    along, aside = np.meshgrid(*(np.linspace(-1.0, 1.0, CANVAS_PX, dtype=np.float32),) * 2)
    aside = aside + np.float32(rng.uniform(-0.5, 0.5)) * along * along
    streaks = noise.resized(rng.uniform(-1.0, 1.0, (int(rng.integers(20, 90)), int(rng.integers(2, 6)))), *_BLANK)
    half = rng.uniform(0.12, 0.5)
    body = 1.0 - np.abs(aside) / np.float32(half) - 0.6 * np.maximum(along - np.float32(rng.uniform(-0.4, 0.6)), 0.0)
    begin = noise.smoothstep(along + 0.15 * noise.field(*_BLANK, 12.0, rng), -0.85, -0.75)
    shape = body + streaks * np.float32(rng.uniform(0.4, 1.1))
    mask = noise.smoothstep(shape, 0.15, rng.uniform(0.35, 1.2)) * begin * (along < 0.93)
    return np.asarray(mask, np.float32)


UPRIGHT = frozenset({drips, streams})
