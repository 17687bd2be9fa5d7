"""Raw flesh and entrails laid over a scene: wet tubes in coils, lumps, torn meat."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from inference.training import compose, film, noise, patterns, placing
from inference.training.noise import Field
from inference.training.patterns import CANVAS_PX
from inference.training.stains import Mask, Rgb

_SHADES = 5


def gutted(picture: Rgb, rng: np.random.Generator, *, share: float) -> tuple[Rgb, Mask]:
    """The picture with raw flesh over about `share` of it, often in blood, and where: float32 H × W in [0, 1].

    A mask of 0 all over says that nothing can be told from the ground, as in a picture of greys: reject the view.
    """
    height, width = picture.shape[:2]
    place = placing.some_place(rng, upright=False, central=rng.random() < 0.4)
    result, total = picture, np.zeros((height, width), np.float32)
    if rng.random() < 0.65:
        around = (patterns.pool, patterns.spray, patterns.patchy)[int(rng.integers(3))]
        total = placing.placed(around(rng), share * float(rng.uniform(0.4, 1.3)), place, height, width)
        result = film.poured(picture, total, film.blood(rng), rng)
    relief = _relief(rng, share, place, height, width)
    result = _shaded(result, relief, _flesh_colours(rng), rng)
    mask = np.maximum(noise.smoothstep(relief, 0.15, 0.33), total)
    if film.is_grey(picture) or film.contrast(picture, result, mask) < 38.0:
        return picture.copy(), np.zeros((height, width), np.float32)
    return result, np.asarray(mask, np.float32)


def moulded(picture: Rgb, rng: np.random.Generator, *, share: float) -> Rgb:
    """The same shapes in other materials over about `share` of the picture: stones, hoses, dough, clay. A negative."""
    height, width = picture.shape[:2]
    relief = _relief(rng, share, placing.some_place(rng, upright=False, central=rng.random() < 0.4), height, width)
    red, green, blue = compose.harmless_colour(rng)
    if rng.random() < 0.4:
        # Stones: what a skull is not.
        red = float(rng.uniform(70.0, 230.0))
        green, blue = red * float(rng.uniform(0.92, 1.0)), red * float(rng.uniform(0.8, 1.0))
    base = np.array([red, green, blue]) / 255.0
    colours = base * rng.uniform(0.7, 1.0), base * rng.uniform(0.9, 1.2)
    result = film.as_grey_as(picture, _shaded(picture, relief, colours, rng))
    return picture if compose.like_blood(picture, result, relief) else result


def _relief(rng: np.random.Generator, share: float, place: placing.Place, height: int, width: int) -> Field:
    kind = rng.random()
    heights = _coils(rng) if kind < 0.5 else _lumps(rng) if kind < 0.75 else _torn(rng)
    return placing.placed(np.clip(heights * 0.65 + (heights > 0.02) * 0.35, 0.0, 1.0), share, place, height, width)


def _coils(rng: np.random.Generator) -> Field:
    """Tubes that wind over each other; where they bend back, the later lies on the earlier."""
    canvas = Image.new("L", (CANVAS_PX, CANVAS_PX), 0)
    draw = ImageDraw.Draw(canvas)
    radius = rng.uniform(8.0, 24.0)
    for _ in range(int(rng.integers(1, 4))):
        at = rng.uniform(0.3, 0.7, 2) * CANVAS_PX
        heading, turn = rng.uniform(0.0, 6.3), 0.0
        steps = int(rng.integers(25, 90))
        pinch = rng.uniform(0.0, 0.25) * np.sin(np.arange(steps) * rng.uniform(0.3, 1.2))
        for step in range(steps):
            turn = 0.8 * turn + rng.normal(0.0, 0.16)
            heading += turn
            away = at - CANVAS_PX / 2
            if np.hypot(*away) > CANVAS_PX * 0.33:
                inwards = np.arctan2(-away[1], -away[0])
                heading += 0.4 * np.sin(inwards - heading)
            at = at + radius * 0.42 * np.array([np.cos(heading), np.sin(heading)])
            _ball(draw, at[0], at[1], radius * (1.0 + pinch[step]))
    return _softened(canvas)


def _ball(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    for shade in range(_SHADES):
        share = 1.0 - shade / _SHADES
        level = int(60 + 195 * np.sqrt(1.0 - share * share))
        r = radius * share
        draw.ellipse((x - r, y - r, x + r, y + r), fill=level)


def _lumps(rng: np.random.Generator) -> Field:
    """Organs and pieces in a heap."""
    canvas = Image.new("L", (CANVAS_PX, CANVAS_PX), 0)
    draw = ImageDraw.Draw(canvas)
    spread = rng.uniform(10.0, 40.0)
    for _ in range(int(rng.integers(3, 25))):
        x, y = CANVAS_PX / 2 + rng.normal(0.0, spread, 2)
        _ball(draw, x, y, rng.uniform(10.0, 45.0))
    heights = noise.warped(_softened(canvas), rng.uniform(4.0, 14.0), rng.uniform(4.0, 10.0), rng)
    return np.asarray(heights, np.float32)


def _torn(rng: np.random.Generator) -> Field:
    """Meat: fibres along one way, ragged at the edge."""
    outline = patterns.soaked(rng)
    fibres = noise.resized(rng.uniform(0.2, 1.0, (int(rng.integers(25, 80)), int(rng.integers(4, 12)))), *outline.shape)
    fibres = noise.warped(fibres, 14.0, 4.0, rng)
    return np.asarray(np.clip(outline * (0.3 + 0.7 * fibres), 0.0, 1.0), np.float32)


def _softened(canvas: Image.Image) -> Field:
    return noise.blurred(np.asarray(canvas, np.float32) / np.float32(255.0), 1.6)


_Colours = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _shaded(picture: Rgb, relief: Field, colours: _Colours, rng: np.random.Generator) -> Rgb:
    """The relief in these two colours (0 to 1), mottled, lit from one side, wet, with a shadow below it."""
    rows, columns = (np.flatnonzero((relief > 0.01).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return picture
    box = slice(max(0, rows[0] - 2), rows[-1] + 12), slice(max(0, columns[0] - 6), columns[-1] + 7)
    lit = film.illumination(picture, rng)[box]
    relief = np.ascontiguousarray(relief[box])
    there = noise.smoothstep(relief, 0.15, rng.uniform(0.24, 0.4))
    light = _mottled(relief.shape, colours, rng) * lit * _lambert(relief, rng)[..., None]
    light = light + (film.glints(relief, relief, float(rng.uniform(0.3, 1.2)), rng) * lit.mean())[..., None]
    shadow = noise.blurred(np.roll(there, int(rng.integers(1, 5)), axis=0), 3.0) * np.float32(rng.uniform(0.2, 0.7))
    ground = (picture[box].astype(np.float32) / np.float32(255.0)) ** 2 * (1.0 - shadow)[..., None]
    mixed = ground + (light - ground) * there[..., None]
    result = picture.copy()
    result[box] = np.sqrt(np.clip(mixed, 0.0, 1.0)) * 255.0 + 0.5
    return result


def _lambert(relief: Field, rng: np.random.Generator) -> Field:
    right, down = noise.slopes(noise.blurred(relief, 0.8))
    angle = rng.uniform(-np.pi, 0.0)
    slope = (right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))) * np.float32(rng.uniform(3.0, 8.0))
    hollows = np.clip(relief * 1.5, rng.uniform(0.2, 0.9), 1.0)
    return np.asarray(np.clip(0.62 - slope, 0.06, 1.5) * hollows, np.float32)


def _flesh_colours(rng: np.random.Generator) -> _Colours:
    """Red, and pink or fat."""
    red = rng.uniform(0.47, 0.92)
    dark, pale = (np.array([1.0, g, g * rng.uniform(0.8, 1.1)]) for g in rng.uniform((0.08, 0.3), (0.35, 0.62)))
    return red * dark, red * (np.array([1.0, 0.78, 0.5]) if rng.random() < 0.2 else pale)


def _mottled(shape: tuple[int, ...], colours: _Colours, rng: np.random.Generator) -> Field:
    """The two colours mixed by noise, H × W × 3, linear, with dark veins."""
    height, width = shape
    zoom = max(height, width) / 224.0
    mottle = noise.rough(height, width, rng.uniform(6.0, 20.0) * zoom + 2.0, rng, octaves=4)
    mix = np.clip(0.5 + mottle * np.float32(rng.uniform(0.3, 1.0)), 0.0, 1.0)[..., None]
    dark, pale = (colour.astype(np.float32) for colour in colours)
    colour = (dark + (pale - dark) * mix) ** 2
    tangle = noise.rough(height, width, rng.uniform(5.0, 10.0) * zoom + 2.0, rng) * np.float32(16.0)
    veins = np.exp(-tangle * tangle) * np.float32(rng.uniform(0.0, 0.6))
    return np.asarray(colour * (1.4 - 1.4 * veins)[..., None], np.float32)
