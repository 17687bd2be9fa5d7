"""A human skull, drawn as a relief from ellipsoids and hollows and lit from one side, laid over a scene."""

import numpy as np
from PIL import Image

from inference.training import film, noise, placing
from inference.training.noise import Field
from inference.training.stains import Mask, Rgb

_SIDE = 160
_Grid = tuple[Field, Field]


def skulled(picture: Rgb, rng: np.random.Generator, *, share: float) -> tuple[Rgb, Mask]:
    """The picture with a skull over about `share` of it, and where: float32 H × W in [0, 1].

    A mask of 0 all over says that it cannot be told from the ground: reject the view.
    """
    height, width = picture.shape[:2]
    relief, tone, inside = _skull(rng)
    turn = float(rng.normal(0.0, 14.0)) if rng.random() < 0.85 else float(rng.uniform(0.0, 360.0))
    x, y = (float(value) for value in rng.uniform(0.25, 0.75, 2))
    place = placing.Place(x=x, y=y, turn=turn, squash=float(rng.uniform(0.9, 1.1)))
    # One layer after the other at the same place and scale: the outline decides the scale.
    mask, shade = _together(inside, _lit(relief, tone, rng), share, place, height, width)
    lit = film.illumination(picture, rng)
    bone = _bone_colour(rng) * (0.6 + 0.4 * lit)
    grain = 1.0 + np.float32(rng.uniform(0.0, 0.35)) * noise.rough(height, width, rng.uniform(8.0, 40.0), rng)
    light = bone * (shade * grain)[..., None] * np.float32(rng.uniform(0.8, 1.3))
    ground = (picture.astype(np.float32) / np.float32(255.0)) ** 2
    soft = np.clip(mask * 1.2, 0.0, 1.0)
    mixed = ground + (light - ground) * soft[..., None]
    result = film.as_grey_as(picture, (np.sqrt(np.clip(mixed, 0.0, 1.0)) * 255.0 + 0.5).astype(np.uint8))
    if film.contrast(picture, result, mask) < 40.0:
        return picture.copy(), np.zeros((height, width), np.float32)
    return result, mask


def _bone_colour(rng: np.random.Generator) -> Field:
    level = rng.uniform(130.0, 245.0)
    warm = rng.uniform(0.0, 0.35)
    srgb = np.array([level, level * (1.0 - 0.35 * warm), level * (1.0 - 1.1 * warm)])
    return np.asarray((srgb / 255.0) ** 2, np.float32)


def _together(
    inside: Field, shade: Field, share: float, place: placing.Place, height: int, width: int
) -> tuple[Mask, Field]:
    """Outline and shading in the picture: as one picture of two layers, so that they stay in register."""
    rows, columns = (np.flatnonzero((inside > 0.1).any(axis=axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    layers = [Image.fromarray((np.clip(layer[box], 0.0, 1.0) * 255).astype(np.uint8)) for layer in (inside, shade)]
    scale = float(np.sqrt(share * height * width / max(1, int((inside[box] > placing.COVERED).sum()))))
    scale = min(scale, 1.3 * max(height, width) / max(layers[0].width, layers[0].height))
    size = max(3, round(layers[0].width * scale)), max(3, round(layers[0].height * scale * place.squash))
    found = []
    for layer in layers:
        small = layer.resize(size, Image.Resampling.BICUBIC).rotate(place.turn, Image.Resampling.BILINEAR, expand=True)
        canvas = Image.new("L", (width, height), 0)
        canvas.paste(small, (round(place.x * width - small.width / 2), round(place.y * height - small.height / 2)))
        found.append(np.asarray(canvas, np.float32) / np.float32(255.0))
    return found[0], found[1]


def _grid() -> _Grid:
    line = np.linspace(-1.0, 1.0, _SIDE, dtype=np.float32)
    return line[None, :], line[:, None]


def _ball(grid: _Grid, centre: tuple[float, float], half: tuple[float, float], depth: float) -> Field:
    """The front of an ellipsoid: its height above the plane, negative outside."""
    right, down = (
        (grid[0] - np.float32(centre[0])) / np.float32(half[0]),
        (grid[1] - np.float32(centre[1])) / np.float32(half[1]),
    )
    inner = 1.0 - right * right - down * down
    return np.asarray(np.where(inner > 0.0, np.sqrt(np.maximum(inner, 0.0)) * depth, -1.0), np.float32)


def _pit(grid: _Grid, centre: tuple[float, float], half: tuple[float, float], power: float = 2.0) -> Field:
    """1 in the middle of a hollow, 0 outside; a higher power makes it squarer."""
    right = np.abs(grid[0] - np.float32(centre[0])) / np.float32(half[0])
    down = np.abs(grid[1] - np.float32(centre[1])) / np.float32(half[1])
    return noise.smoothstep(np.asarray(right**power + down**power, np.float32), 1.15, 0.65)


def _skull(rng: np.random.Generator) -> tuple[Field, Field, Field]:
    """Height, tone (dark in hollows) and outline of a skull that looks left, right or ahead."""
    right, down = _grid()
    wander = np.float32(rng.uniform(0.0, 0.03))
    grid = right + wander * noise.field(_SIDE, _SIDE, 5.0, rng), down + wander * noise.field(_SIDE, _SIDE, 5.0, rng)
    yaw = float(rng.uniform(-1.0, 1.0)) * (1.0 if rng.random() < 0.6 else 0.25)
    aside = 0.38 * yaw
    wide, tall = rng.uniform(0.52, 0.62), rng.uniform(0.5, 0.6)
    jaw = rng.random() < 0.7
    parts = [
        _ball(grid, (-0.35 * aside - 0.25 * aside, -0.33), (wide + 0.12 * abs(yaw), tall), 0.75),
        _ball(grid, (0.75 * aside, 0.12), (0.42 - 0.06 * abs(yaw), 0.42), 0.72),
        _ball(grid, (aside, 0.42), (0.27 - 0.05 * abs(yaw), 0.24), 0.7),
    ]
    cheek = 0.36 - 0.05 * abs(yaw)
    parts += [_ball(grid, (0.75 * aside + side * cheek, 0.16), (0.15, 0.13), 0.62) for side in (-1.0, 1.0)]
    if jaw:
        drop = rng.uniform(0.0, 0.1)
        parts.append(_ball(grid, (0.9 * aside, 0.68 + drop), (0.3 - 0.05 * abs(yaw), 0.2), 0.62))
        parts += [_ball(grid, (0.7 * aside + side * 0.29, 0.45 + drop), (0.09, 0.26), 0.5) for side in (-1.0, 1.0)]
    relief = np.maximum.reduce(parts)
    inside = noise.blurred((relief > 0.0).astype(np.float32), 0.8)
    hollow = _hollows(grid, aside, yaw, rng)
    tone = 1.0 - hollow * np.float32(rng.uniform(0.82, 0.98))
    tone = tone * _teeth(grid, aside, rng, jaw=jaw)
    sutures = np.exp(-((noise.rough(_SIDE, _SIDE, 4.0, rng) * np.float32(30.0)) ** 2))
    tone = tone * (1.0 - sutures * np.float32(rng.uniform(0.0, 0.4)))
    return np.asarray(np.maximum(relief, 0.0) - 0.25 * hollow, np.float32), np.asarray(tone, np.float32), inside


def _hollows(grid: _Grid, aside: float, yaw: float, rng: np.random.Generator) -> Field:
    high, apart = rng.uniform(-0.06, 0.02), rng.uniform(0.19, 0.23)
    half = rng.uniform(0.125, 0.165), rng.uniform(0.115, 0.15)
    hollow = np.zeros((_SIDE, _SIDE), np.float32)
    for side in (-1.0, 1.0):
        # The eye that is turned away is narrower.
        narrow = 1.0 - 0.45 * max(0.0, side * yaw)
        centre = 1.05 * aside + side * apart * (1.0 - 0.25 * abs(yaw)), high
        hollow = np.maximum(hollow, _pit(grid, centre, (half[0] * narrow, half[1]), rng.uniform(2.0, 2.8)))
    nose = 1.35 * aside, rng.uniform(0.19, 0.23)
    tall = rng.uniform(0.11, 0.15)
    flare = np.float32(0.075) * np.clip((grid[1] - np.float32(nose[1] - tall)) / np.float32(2.0 * tall), 0.12, 1.0)
    across = np.abs(grid[0] - np.float32(nose[0])) / flare
    hole = noise.smoothstep(np.asarray(across, np.float32), 1.25, 0.8) * (np.abs(grid[1] - nose[1]) < tall)
    bone = noise.smoothstep(np.asarray(np.abs(grid[0] - nose[0]), np.float32), 0.012, 0.004) * np.float32(0.6)
    hollow = np.maximum(hollow, hole * (1.0 - bone))
    for side in (-1.0, 1.0):
        hollow = np.maximum(hollow, 0.6 * _pit(grid, (0.75 * aside + side * 0.27, 0.36), (0.07, 0.12)))
    return np.asarray(hollow, np.float32)


def _teeth(grid: _Grid, aside: float, rng: np.random.Generator, *, jaw: bool) -> Field:
    """The tone of two rows of teeth, or of one; gaps between them are dark, and some are missing."""
    middle = 0.53 + rng.uniform(-0.02, 0.03)
    bend = np.float32(rng.uniform(0.1, 0.5))
    level = grid[1] + bend * (grid[0] - np.float32(aside)) ** 2 - np.float32(middle)
    reach = noise.smoothstep(np.asarray(np.abs(grid[0] - np.float32(aside)), np.float32), 0.25, 0.2)
    count = rng.uniform(15.0, 20.0)
    phase = np.abs(((grid[0] - np.float32(aside)) * np.float32(count)) % 1.0 - 0.5)
    row = noise.smoothstep(np.abs(level), 0.085, 0.07) if jaw else noise.smoothstep(np.abs(level + 0.03), 0.06, 0.04)
    gaps = noise.smoothstep(np.asarray(phase, np.float32), 0.36, 0.48) * row
    bite = noise.smoothstep(np.abs(level), 0.016, 0.006) if jaw else 0.0 * level
    missing = (noise.field(1, _SIDE, 9.0, rng) > 0.6).astype(np.float32) * row
    dark = np.clip(np.maximum(np.maximum(gaps * 0.7, bite * 0.85), missing * 0.8), 0.0, 1.0) * reach
    return np.asarray(1.0 - dark, np.float32)


def _lit(relief: Field, tone: Field, rng: np.random.Generator) -> Field:
    """How bright each point is, in [0, 1]."""
    right, down = noise.slopes(noise.blurred(np.clip(relief, 0.0, 1.0), 1.5))
    steep = rng.uniform(12.0, 30.0)
    angle = rng.uniform(-np.pi, 0.0) if rng.random() < 0.85 else rng.uniform(0.0, np.pi)
    slope = (right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))) * np.float32(steep)
    ambient = rng.uniform(0.3, 0.7)
    return np.asarray(np.clip((ambient - slope).clip(0.08, 1.1) * tone, 0.0, 1.0), np.float32)
