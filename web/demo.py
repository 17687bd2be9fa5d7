"""The clip of `serve --demo`: drawn scenes, a passage of drawn blood on a tiled floor, drawn scenes again.

Everything is drawn here from a fixed seed; there is no photograph in it. Lengths are such that with the default policy
an incident starts and ends in every loop.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH_PX, HEIGHT_PX = 640, 360
FPS = 15
RIDGES_S, HARBOUR_S, SPILL_S, NIGHT_S = 6.0, 4.5, 5.5, 8.0
SPILL_STARTS_S = RIDGES_S + HARBOUR_S
DURATION_S = SPILL_STARTS_S + SPILL_S + NIGHT_S
"""Seconds."""

_SEED = 20
_SMOOTH = 2  # shapes are drawn at twice the size, for smooth edges
Colour = tuple[int, int, int]
Layer = tuple[Image.Image, int]
"""A strip that is wider than the frame, RGBA, and its speed in pixels a frame."""


def write_demo_clip(path: Path) -> None:
    """Write the clip as H.264 in MP4: 24 s of 640 × 360 at 15 frames a second, a key frame every second."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "superfast", "crf": "25"})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.gop_size = FPS
        stream.codec_context.thread_count = 1
        for number, picture in enumerate(_frames()):
            frame = av.VideoFrame.from_ndarray(np.asarray(picture, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _frames() -> Iterator[Image.Image]:
    rng = np.random.default_rng(_SEED)
    yield from _panned(_ridges(rng), round(RIDGES_S * FPS))
    yield from _panned(_harbour(rng), round(HARBOUR_S * FPS))
    yield from _spill(rng, round(SPILL_S * FPS))
    yield from _panned(_night(rng), round(NIGHT_S * FPS))


def _panned(layers: list[Layer], count: int) -> Iterator[Image.Image]:
    """The layers one above the other, each moved at its own speed; the first one fills the frame and stands still."""
    ground = layers[0][0].convert("RGB")
    drawn = []
    for strip, speed in layers[1:]:
        _, top, _, bottom = strip.getbbox() or (0, 0, 0, HEIGHT_PX)
        drawn.append((strip, speed, top, bottom))
    for number in range(count):
        picture = ground.copy()
        for strip, speed, top, bottom in drawn:
            left = speed * number % (strip.width - WIDTH_PX + 1)
            part = strip.crop((left, top, left + WIDTH_PX, bottom))
            picture.paste(part, (0, top), part)
        yield picture


def _gradient(width_px: int, top: Colour, bottom: Colour) -> Image.Image:
    ramp = np.linspace(0.0, 1.0, HEIGHT_PX)[:, None, None]
    rows = np.array(top) * (1.0 - ramp) + np.array(bottom) * ramp
    return Image.fromarray(np.broadcast_to(rows, (HEIGHT_PX, width_px, 3)).astype(np.uint8)).convert("RGBA")


def _clear(width_px: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    canvas = Image.new("RGBA", (width_px * _SMOOTH, HEIGHT_PX * _SMOOTH))
    return canvas, ImageDraw.Draw(canvas)


def _strip(canvas: Image.Image) -> Image.Image:
    return canvas.reduce(_SMOOTH)


def _ridge(width_px: int, base_px: float, height_px: float, colour: Colour, rng: np.random.Generator) -> Image.Image:
    """A hilly line with everything below it filled."""
    x = np.arange(0, width_px * _SMOOTH + 8, 4)
    y = np.full(len(x), float(base_px * _SMOOTH))
    for wave in range(1, 7):
        length = width_px * _SMOOTH / (1.5 * wave * rng.uniform(0.8, 1.4))
        y += height_px * _SMOOTH / wave**1.2 * np.sin(2.0 * np.pi * x / length + rng.uniform(0.0, 6.3))
    canvas, draw = _clear(width_px)
    floor = HEIGHT_PX * _SMOOTH
    draw.polygon([(0, floor), *zip(x.tolist(), y.tolist(), strict=True), (int(x[-1]), floor)], fill=colour)
    return _strip(canvas)


def _clouds(width_px: int, tint: Colour, rng: np.random.Generator) -> Image.Image:
    # Clear, but of the clouds' own colour: the blur would draw a black rim otherwise.
    canvas = Image.new("RGBA", (width_px * _SMOOTH, HEIGHT_PX * _SMOOTH), (*tint, 0))
    draw = ImageDraw.Draw(canvas)
    for _ in range(9):
        x, y = rng.uniform(0, width_px) * _SMOOTH, rng.uniform(20, 120) * _SMOOTH
        for _ in range(7):
            cx, cy = x + rng.normal(0, 45) * _SMOOTH, y + rng.normal(0, 6) * _SMOOTH
            rx, ry = rng.uniform(20, 50) * _SMOOTH, rng.uniform(7, 15) * _SMOOTH
            draw.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=(*tint, 190))
    return _strip(canvas.filter(ImageFilter.GaussianBlur(6 * _SMOOTH)))


def _ridges(rng: np.random.Generator) -> list[Layer]:
    """Mountains by day, with firs in front."""
    near = _ridge(1020, 290, 12, (38, 84, 52), rng)
    canvas, draw = _clear(1020)
    for _ in range(70):
        x, foot, tall = rng.uniform(0, 1020) * _SMOOTH, rng.uniform(290, 350) * _SMOOTH, rng.uniform(35, 75) * _SMOOTH
        green = (22, int(rng.integers(52, 82)), int(rng.integers(36, 50)))
        for level in range(4):
            half, top = tall * (0.12 + 0.07 * level), foot - tall * (1.0 - 0.2 * level)
            draw.polygon([(x, top), (x - half, top + tall * 0.34), (x + half, top + tall * 0.34)], fill=green)
    near.alpha_composite(_strip(canvas))
    return [
        (_gradient(WIDTH_PX, (88, 152, 214), (214, 232, 240)), 0),
        (_clouds(760, (255, 255, 255), rng), 1),
        (_ridge(760, 190, 34, (136, 164, 190), rng), 1),
        (_ridge(850, 230, 26, (92, 134, 128), rng), 2),
        (near, 4),
    ]


def _harbour(rng: np.random.Generator) -> list[Layer]:
    """Sailing boats on a calm sea."""
    sea = _gradient(WIDTH_PX, (170, 206, 226), (236, 240, 230))
    water = _gradient(WIDTH_PX, (36, 92, 130), (74, 150, 170)).crop((0, 180, WIDTH_PX, HEIGHT_PX))
    sea.paste(water, (0, 180))
    ripples, draw = _clear(860)
    for _ in range(420):
        y = 184 + 176 * rng.random() ** 1.5
        x, half = rng.uniform(0, 860) * _SMOOTH, (y - 170) * rng.uniform(0.05, 0.2) * _SMOOTH
        draw.line((x - half, y * _SMOOTH, x + half, y * _SMOOTH), fill=(190, 222, 230, 120), width=_SMOOTH)
    boats, draw = _clear(860)
    for x, y, size in ((150, 196, 26), (330, 214, 44), (520, 200, 30), (640, 250, 84), (800, 206, 36)):
        _boat(draw, x * _SMOOTH, y * _SMOOTH, size * _SMOOTH)
    return [(sea, 0), (_clouds(760, (250, 250, 250), rng), 1), (_strip(ripples), 3), (_strip(boats), 2)]


def _boat(draw: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
    hull = [
        (x - size * 0.6, y),
        (x + size * 0.7, y),
        (x + size * 0.45, y + size * 0.25),
        (x - size * 0.45, y + size * 0.25),
    ]
    draw.polygon(hull, fill=(52, 66, 92))
    draw.line((x, y, x, y - size * 1.5), fill=(90, 70, 50), width=max(2, int(size * 0.04)))
    draw.polygon(
        [(x + size * 0.05, y - size * 1.45), (x + size * 0.05, y - size * 0.1), (x + size * 0.65, y - size * 0.1)],
        fill=(248, 246, 238),
    )
    draw.polygon(
        [(x - size * 0.05, y - size * 1.3), (x - size * 0.05, y - size * 0.1), (x - size * 0.5, y - size * 0.1)],
        fill=(228, 196, 92),
    )


def _night(rng: np.random.Generator) -> list[Layer]:
    """A street of lit windows under a moon."""
    sky = _gradient(WIDTH_PX, (16, 22, 52), (70, 84, 130))
    draw = ImageDraw.Draw(sky)
    for _ in range(120):
        x, y = rng.uniform(0, WIDTH_PX), rng.uniform(0, 170)
        draw.point((x, y), fill=(220, 224, 240))
    draw.ellipse((480, 36, 530, 86), fill=(244, 240, 214))
    return [
        (sky, 0),
        (_houses(780, 150, (40, 46, 84), (150, 150, 130), rng), 1),
        (_houses(1020, 210, (24, 28, 52), (246, 208, 120), rng), 3),
    ]


def _houses(width_px: int, top_px: int, wall: Colour, light: Colour, rng: np.random.Generator) -> Image.Image:
    canvas = Image.new("RGBA", (width_px, HEIGHT_PX))
    draw = ImageDraw.Draw(canvas)
    x = 0
    while x < width_px:
        wide, top = int(rng.integers(50, 110)), int(top_px + rng.integers(-50, 50))
        tone = int(rng.integers(-8, 9))
        draw.rectangle((x, top, x + wide - 3, HEIGHT_PX), fill=(wall[0] + tone, wall[1] + tone, wall[2] + tone))
        for wx in range(x + 8, x + wide - 16, 16):
            for wy in range(top + 12, HEIGHT_PX - 10, 22):
                lit = rng.random() < 0.4
                draw.rectangle(
                    (wx, wy, wx + 8, wy + 12), fill=light if lit else (wall[0] + 14, wall[1] + 16, wall[2] + 20)
                )
        x += wide
    return canvas


def _floor(width_px: int, rng: np.random.Generator) -> Image.Image:
    """Pale tiles, lit from above."""
    canvas = Image.new("RGB", (width_px, HEIGHT_PX), (150, 148, 142))
    draw = ImageDraw.Draw(canvas)
    for y in range(-20, HEIGHT_PX, 90):
        for x in range(-30, width_px, 90):
            tone = int(rng.integers(-7, 8))
            draw.rectangle((x, y, x + 86, y + 86), fill=(222 + tone, 219 + tone, 210 + tone))
    light = _gradient(width_px, (255, 255, 255), (205, 205, 205)).convert("RGB")
    return ImageChops.multiply(canvas.filter(ImageFilter.GaussianBlur(0.8)), light)


def _spill(rng: np.random.Generator, count: int) -> Iterator[Image.Image]:
    """Blood that splashes over the floor, pools and runs, while the camera moves along."""
    width = WIDTH_PX + count
    floor = _floor(width, rng)
    mask = Image.new("L", (width * _SMOOTH, HEIGHT_PX * _SMOOTH), 0)
    draw = ImageDraw.Draw(mask)
    pools = [_Pool(rng) for _ in range(3)]
    for number in range(count):
        for pool in pools:
            pool.grow(draw, number / count)
        if number % 12 == 0:
            _splash(draw, rng.uniform(120, 580), rng.uniform(70, 250), rng)
        seen = (number, 0, number + WIDTH_PX, HEIGHT_PX)
        yield _painted(floor.crop(seen), mask.reduce(_SMOOTH).crop(seen))


class _Pool:
    """A pool with a wavy rim and a few drips that run from it."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._centre = (rng.uniform(170, 560) * _SMOOTH, rng.uniform(110, 240) * _SMOOTH)
        self._radius = rng.uniform(60, 110) * _SMOOTH
        self._waves = [(n, rng.normal(0.0, 0.22 / n), rng.uniform(0.0, 6.3)) for n in range(2, 8)]
        self._drips = [(rng.uniform(-0.6, 0.6), rng.uniform(0.8, 2.2), rng.uniform(2.0, 5.0)) for _ in range(4)]

    def grow(self, draw: ImageDraw.ImageDraw, share: float) -> None:
        """Draw the pool as it is when `share` of the passage has gone by."""
        radius = self._radius * (0.45 + 0.55 * math.sqrt(share))
        x, y = self._centre
        rim = []
        for angle in np.linspace(0.0, 2.0 * math.pi, 72, endpoint=False).tolist():
            reach = radius * (1.0 + sum(size * math.cos(n * angle + turn) for n, size, turn in self._waves))
            rim.append((x + reach * math.cos(angle), y + 0.6 * reach * math.sin(angle)))
        draw.polygon(rim, fill=255)
        for side, length, half in self._drips:
            at, end = x + side * radius, y + radius * (0.3 + length * share)
            half *= _SMOOTH
            draw.rectangle((at - half, y, at + half, end), fill=255)
            draw.ellipse((at - 1.5 * half, end - half, at + 1.5 * half, end + 2.4 * half), fill=255)


def _splash(draw: ImageDraw.ImageDraw, x: float, y: float, rng: np.random.Generator) -> None:
    """Drops flung out of one place, the farther the smaller, each with a tail."""
    heading = rng.uniform(0.0, 6.3)
    for _ in range(110):
        angle = heading + rng.normal(0.0, 0.9)
        away = rng.gamma(2.0, 38.0) * _SMOOTH
        radius = max(1.2, rng.gamma(1.6, 3.2) * (1.0 - away / (900.0 * _SMOOTH))) * _SMOOTH
        for step in (0.0, 0.35, 0.7, 1.0):
            cx = x * _SMOOTH + (away + 3.0 * radius * step) * math.cos(angle)
            cy = y * _SMOOTH + (away + 3.0 * radius * step) * math.sin(angle)
            r = radius * (1.0 - 0.75 * step)
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)


_BLOOD: Colour = (148, 8, 12)


def _painted(floor: Image.Image, mask: Image.Image) -> Image.Image:
    """The floor with wet blood where the mask is: darker where it is deep, with a gleam along the rim."""
    deep = mask.filter(ImageFilter.BoxBlur(9))
    gleam = ImageChops.subtract(mask.filter(ImageFilter.BoxBlur(2)), ImageChops.offset(mask, 3, 4))
    wet = ImageChops.multiply(gleam, mask).point([value * 100 // 255 for value in range(256)])
    bands = [deep.point([round(full * (1.0 - 0.45 * value / 255)) for value in range(256)]) for full in _BLOOD]
    blood = Image.merge("RGB", [ImageChops.add(band, wet) for band in bands])
    return Image.composite(blood, floor, mask.point([value * 240 // 255 for value in range(256)]))
