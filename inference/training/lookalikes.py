"""Red things that are no gore: sauces on food, red light, smoke, sunsets, cloth, balloons, leaves, lips, lettering."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from inference.training import augment, film, noise, patterns, placing
from inference.training.film import Liquid
from inference.training.noise import Field
from inference.training.stains import Mask, Rgb

Effect = Callable[[Rgb, np.random.Generator], Rgb]


def sauced(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """A picture of food with ketchup, tomato sauce, jam or berry sauce on it. A negative."""
    height, width = picture.shape[:2]
    if rng.random() < 0.15:
        # Berries: towards pink and purple, or nobody could tell.
        srgb = np.array([rng.uniform(170.0, 215.0), rng.uniform(20.0, 55.0), rng.uniform(75.0, 120.0)])
    else:
        srgb = np.array([rng.uniform(205.0, 250.0), rng.uniform(65.0, 115.0), rng.uniform(10.0, 45.0)])
    body = tuple(float(value) for value in (srgb / 255.0) ** 2)
    sauce = Liquid(
        body=(body[0], body[1], body[2]),
        absorption=(0.9, float(rng.uniform(1.5, 2.5)), float(rng.uniform(1.5, 2.5))),
        depth=float(rng.uniform(1.5, 4.0)),
        gloss=float(rng.uniform(0.0, 1.0)),
        rim=0.0,
    )
    pattern = (_squeezed, _squeezed, _dollop, patterns.soaked)[int(rng.integers(4))](rng)
    place = placing.some_place(rng, upright=False, central=True)
    share = float(np.exp(rng.uniform(np.log(0.03), np.log(0.3))))
    mask = placing.placed(pattern, share, place, height, width)
    bits = 1.0 + np.float32(rng.uniform(0.1, 0.5)) * noise.rough(height, width, rng.uniform(20.0, 55.0), rng)
    result = film.poured(picture, np.asarray(np.clip(mask * bits, 0.0, 1.0), np.float32), sauce, rng)
    there = result[mask > placing.COVERED]
    # In the dark any sauce is dark red: then the food stays as it is.
    return result if there.size and float(there[:, 0].mean()) > 150.0 else picture.copy()


def _dollop(rng: np.random.Generator) -> Mask:
    """A round heap, smooth at its edge."""
    line = np.linspace(-1.0, 1.0, patterns.CANVAS_PX, dtype=np.float32)
    far = np.hypot(line[None, :], line[:, None] * np.float32(rng.uniform(0.7, 1.4)))
    bumps = noise.field(patterns.CANVAS_PX, patterns.CANVAS_PX, rng.uniform(2.0, 4.0), rng)
    return noise.smoothstep(far + bumps * np.float32(rng.uniform(0.05, 0.25)), 0.7, 0.55)


def _squeezed(rng: np.random.Generator) -> Mask:
    """A line out of a bottle, to and fro."""
    side = patterns.CANVAS_PX
    canvas = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    turns, half = rng.uniform(1.0, 6.0), rng.uniform(4.0, 12.0)
    for step in np.linspace(0.0, 1.0, 160):
        x = side * (0.15 + 0.7 * step)
        y = side * (0.5 + 0.25 * np.sin(6.28 * turns * step + 0.4 * np.sin(9.0 * step)))
        draw.ellipse((x - half, y - half, x + half, y + half), fill=255)
    return noise.warped(noise.blurred(np.asarray(canvas, np.float32) / np.float32(255.0), 2.0), 5.0, 8.0, rng)


def reddened(picture: Rgb, rng: np.random.Generator, *, face: bool = False) -> Rgb:
    """The picture with one red but harmless thing. A negative. `face`: it may be red on the lips and cheeks."""
    effects = (*_EFFECTS, _made_up, _made_up) if face else _EFFECTS
    return effects[int(rng.integers(len(effects)))](picture, rng)


def _redness(rng: np.random.Generator) -> tuple[float, float, float]:
    red = float(rng.uniform(140.0, 255.0))
    return red, red * float(rng.uniform(0.0, 0.3)), red * float(rng.uniform(0.0, 0.3))


def _coordinates(picture: Rgb) -> tuple[Field, Field]:
    height, width = picture.shape[:2]
    right = np.broadcast_to(np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :], (height, width))
    return right, np.broadcast_to(np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None], (height, width))


def _mixed(picture: Rgb, colour: tuple[float, float, float] | Field, amount: Field) -> Rgb:
    ground = picture.astype(np.float32)
    ground += (np.asarray(colour, np.float32) - ground) * amount[..., None]
    result: Rgb = np.clip(ground, 0.0, 255.0).astype(np.uint8)
    return result


def _gel(picture: Rgb, rng: np.random.Generator) -> Rgb:
    return np.asarray(augment.red_light(Image.fromarray(picture), rng), np.uint8)


def _shapes(picture: Rgb, rng: np.random.Generator) -> Rgb:
    return np.asarray(augment.red_shapes(Image.fromarray(picture), rng), np.uint8)


def _lamp(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """A red lamp in or beside the picture: its glow, and its light on what is around."""
    right, down = _coordinates(picture)
    x, y = rng.uniform(-0.1, 1.1, 2)
    far = np.hypot(right - np.float32(x), down - np.float32(y))
    light = np.exp(-((far / np.float32(rng.uniform(0.15, 0.8))) ** 2)) * np.float32(rng.uniform(0.6, 3.0))
    glow = np.exp(-((far / np.float32(rng.uniform(0.02, 0.2))) ** 2)) * np.float32(rng.uniform(0.0, 255.0))
    red, green, blue = (np.float32(value / 255.0) for value in _redness(rng))
    ground = picture.astype(np.float32) * np.float32(rng.uniform(0.4, 1.0))
    colour = np.array([red, green, blue], np.float32)
    lit = ground * (1.0 + light[..., None] * (colour * 2.0 - 0.6)) + glow[..., None] * colour
    result: Rgb = np.clip(lit, 0.0, 255.0).astype(np.uint8)
    return result


def _beams(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Red beams over a stage."""
    right, down = _coordinates(picture)
    ground = picture.astype(np.float32) * np.float32(rng.uniform(0.3, 0.9))
    for _ in range(int(rng.integers(1, 5))):
        x, angle, half = rng.uniform(0.0, 1.0), rng.normal(0.0, 0.6), rng.uniform(0.03, 0.2)
        off = np.abs(right - np.float32(x) - down * np.float32(np.tan(angle))) / (0.02 + down * np.float32(half))
        amount = np.exp(-off * off) * np.float32(rng.uniform(0.2, 0.8))
        ground += amount[..., None] * np.asarray(_redness(rng), np.float32)
    result: Rgb = np.clip(ground, 0.0, 255.0).astype(np.uint8)
    return result


def _sunset(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """The sky turns orange and red, the rest goes dark."""
    _, down = _coordinates(picture)
    horizon = rng.uniform(0.35, 0.8)
    height, width = picture.shape[:2]
    clouds = noise.rough(height, width, rng.uniform(2.0, 7.0), rng) * np.float32(0.15)
    level = np.clip((down + clouds) / np.float32(horizon), 0.0, 1.0)[..., None]
    top = np.array([rng.uniform(60.0, 200.0), rng.uniform(10.0, 60.0), rng.uniform(20.0, 90.0)], np.float32)
    low = np.array([255.0, rng.uniform(90.0, 190.0), rng.uniform(20.0, 70.0)], np.float32)
    sky = noise.smoothstep(down, horizon + 0.05, horizon - 0.05) * np.float32(rng.uniform(0.6, 1.0))
    dark = np.clip(picture * np.array([0.7, 0.4, 0.35], np.float32), 0.0, 255.0).astype(np.uint8)
    return _mixed(dark, np.asarray(top + (low - top) * level, np.float32), sky)


def _dyed(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """One thing in the picture (a coat, a car, a wall) is red: its shading and texture stay."""
    place = placing.some_place(rng, upright=True, central=True)
    # Ragged bits would be spatters: only the bulk of the thing counts.
    region = noise.smoothstep(noise.blurred(placing.region_like(picture, place, rng), 5.0), 0.5, 0.75)
    if placing.covered(region) < 0.06:
        return _balls(picture, rng)
    region *= np.float32(rng.uniform(0.7, 1.0))
    red = float(rng.uniform(190.0, 255.0))
    colour = np.array([red, red * rng.uniform(0.0, 0.3), red * rng.uniform(0.0, 0.3)], np.float32)
    grey = picture.mean(axis=2, dtype=np.float32)[..., None] / np.float32(255.0)
    level = np.clip(grey / max(0.2, float(grey[region > 0.3].mean()) * 1.2), 0.35, 1.3)
    return _mixed(picture, np.asarray(level * colour, np.float32), region)


def _balls(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Balloons, apples, tomatoes, balls: smooth, round, shaded, with one highlight."""
    right, down = _coordinates(picture)
    result = picture
    light = rng.uniform(-0.5, 0.5), rng.uniform(-0.6, -0.2)
    colour = _redness(rng)
    for _ in range(int(rng.integers(1, 7))):
        x, y, radius = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), rng.uniform(0.03, 0.22)
        across, along = (right - np.float32(x)) / np.float32(radius), (down - np.float32(y)) / np.float32(radius)
        away = across * across + along * along * np.float32(rng.uniform(0.7, 1.1))
        front = np.sqrt(np.clip(1.0 - away, 0.0, 1.0))
        shade = np.clip(0.35 + 0.55 * front + 0.5 * (across * light[0] + along * light[1]), 0.1, 1.2)
        shine = np.exp(-(((across - light[0]) ** 2 + (along - light[1]) ** 2) * np.float32(rng.uniform(12.0, 60.0))))
        body = (
            shade[..., None] * np.asarray(colour, np.float32)
            + (shine * np.float32(rng.uniform(60.0, 230.0)))[..., None]
        )
        result = _mixed(result, np.asarray(body, np.float32), noise.smoothstep(away, 1.03, 0.97))
    return result


def _leaves(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Leaves in autumn, or petals, each in its own red, orange or yellow."""
    canvas = Image.fromarray(picture)
    draw = ImageDraw.Draw(canvas)
    height, width = picture.shape[:2]
    size = rng.uniform(0.02, 0.09) * max(height, width)
    lobes, depth = float(rng.choice([0.0, 3.0, 5.0])), rng.uniform(0.1, 0.4)
    angles = np.linspace(0.0, 6.283, 26, endpoint=False)
    for _ in range(int(rng.integers(8, 90))):
        slim = rng.uniform(0.35, 1.0)
        outline = size * rng.uniform(0.6, 1.3) * (1.0 + depth * np.cos(lobes * angles))
        turn = rng.uniform(0.0, 6.3)
        along, aside = outline * np.cos(angles), outline * np.sin(angles) * slim
        x = rng.uniform(0.0, width) + along * np.cos(turn) - aside * np.sin(turn)
        y = rng.uniform(0.0, height) + along * np.sin(turn) + aside * np.cos(turn)
        red = rng.uniform(120.0, 240.0)
        fill = (int(red), int(red * rng.uniform(0.1, 0.75)), int(red * rng.uniform(0.03, 0.2)))
        draw.polygon(np.stack([x, y], axis=1).ravel().tolist(), fill=fill)
        vein = (int(red * 0.6), int(fill[1] * 0.6), int(fill[2] * 0.6))
        draw.line((x[0], y[0], x[13], y[13]), fill=vein, width=1)
    return np.asarray(canvas, np.uint8)


def _smoke(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Red smoke, as of a flare: soft, bright, lit from within."""
    height, width = picture.shape[:2]
    right, down = _coordinates(picture)
    x, y = rng.uniform(0.1, 0.9, 2)
    far = np.hypot(right - np.float32(x), down - np.float32(y)) / np.float32(rng.uniform(0.25, 0.7))
    cloud = noise.smoothstep(
        1.0 - far + 0.5 * noise.rough(height, width, rng.uniform(3.0, 7.0), rng, octaves=2), -0.4, 1.2
    )
    inner = np.exp(-((far * 3.0) ** 2))[..., None]
    red = np.array([rng.uniform(190.0, 255.0), rng.uniform(30.0, 90.0), rng.uniform(30.0, 100.0)], np.float32)
    colour = red + (np.array([255.0, 200.0, 190.0], np.float32) - red) * inner * np.float32(rng.random())
    return _mixed(picture, np.asarray(colour, np.float32), cloud * np.float32(rng.uniform(0.5, 0.95)))


def _fireworks(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Bursts of red and other sparks over a darkened scene."""
    sparks = Image.new("RGB", (picture.shape[1], picture.shape[0]))
    draw = ImageDraw.Draw(sparks)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0.15, 0.85) * sparks.width, rng.uniform(0.1, 0.7) * sparks.height
        reach = rng.uniform(0.08, 0.35) * sparks.width
        red, green, blue = (int(value) for value in _redness(rng))
        if rng.random() < 0.3:
            green, blue = blue + 150 * int(rng.integers(0, 2)), int(rng.integers(0, 200))
        for angle in rng.uniform(0.0, 6.283, int(rng.integers(30, 120))):
            start, end = sorted(rng.uniform(0.1, 1.0, 2) * reach)
            draw.line(
                (
                    x + start * np.cos(angle),
                    y + start * np.sin(angle),
                    x + end * np.cos(angle),
                    y + end * np.sin(angle),
                ),
                fill=(max(200, red), min(255, green + 40), min(255, blue + 40)),
            )
    glow = noise.blurred(np.asarray(sparks, np.float32)[..., 0] / np.float32(255.0), 3.0)[..., None] * (
        160.0,
        40.0,
        30.0,
    )
    dark = picture * np.float32(rng.uniform(0.1, 0.5))
    return np.clip(dark + np.asarray(sparks, np.float32) + glow, 0.0, 255.0).astype(np.uint8)


def _lettering(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Words in red, as captions, signs and the clock of a camera."""
    height, width = picture.shape[:2]
    red, green, blue = (int(value) for value in _redness(rng))
    canvas = Image.fromarray(picture)
    for _ in range(int(rng.integers(1, 4))):
        words = "".join(
            chr(int(code)) for code in rng.choice([*range(65, 91), *range(48, 58), 32], int(rng.integers(3, 12)))
        )
        strip = Image.new("L", (6 * len(words) + 4, 14), 0)
        ImageDraw.Draw(strip).text((2, 1), words, fill=255)
        scale = rng.uniform(1.0, 6.0)
        big = strip.resize((int(strip.width * scale), int(14 * scale)), Image.Resampling.BICUBIC)
        big = big.rotate(float(rng.normal(0.0, 8.0)), Image.Resampling.BICUBIC, expand=True)
        at = int(rng.uniform(-0.1, 0.7) * width), int(rng.uniform(0.0, 0.9) * height)
        canvas.paste((red, green, blue), at, big)
    return np.asarray(canvas, np.uint8)


def _made_up(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """Lipstick and rouge on a face in the middle."""
    right, down = _coordinates(picture)
    x, y = 0.5 + rng.normal(0.0, 0.02), rng.uniform(0.64, 0.72)
    across, along = (
        (right - np.float32(x)) / np.float32(rng.uniform(0.07, 0.12)),
        (down - np.float32(y)) / np.float32(0.035),
    )
    bow = along + 0.35 * np.cos(across * 4.0) * (along < 0)
    lips = noise.smoothstep(across * across + bow * bow, 1.1, 0.7) * np.float32(rng.uniform(0.4, 0.8))
    grey = picture.mean(axis=2, dtype=np.float32)[..., None] / np.float32(160.0)
    result = _mixed(
        picture, np.asarray(np.clip(grey, 0.2, 1.4) * np.asarray(_redness(rng), np.float32), np.float32), lips
    )
    rouge = np.zeros_like(lips)
    for side in (-1.0, 1.0):
        far = np.hypot((right - np.float32(x + side * 0.15)) * 1.2, down - np.float32(y - 0.13))
        rouge = np.maximum(rouge, np.exp(-((far / np.float32(0.07)) ** 2)))
    return _mixed(result, (225.0, 90.0, 100.0), rouge * np.float32(rng.uniform(0.0, 0.4)))


_EFFECTS: tuple[Effect, ...] = (
    *(_gel, _shapes, _lamp, _lamp, _beams, _sunset, _dyed, _dyed, _balls, _balls),
    *(_leaves, _smoke, _fireworks, _lettering),
)
