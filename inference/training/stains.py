"""Stains to lay over ordinary pictures: drawn ones, and ones cut from pictures of blood on white.

A stain is an opacity mask, float32 H × W in [0, 1]. In the colours of blood it makes a positive, in any other colour a
negative, so that the detector learns neither the shape alone nor the colour alone.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Mask = npt.NDArray[np.float32]
Rgb = npt.NDArray[np.uint8]

_OVERSAMPLING = 2
_WHITE = 222
_OTHER_COLOURS = (
    (20, 60, 190), (30, 150, 60), (230, 200, 30), (235, 235, 235), (20, 20, 22), (120, 40, 160), (110, 75, 40),
    (240, 130, 20), (60, 190, 200), (245, 170, 200), (130, 130, 135), (150, 120, 60),
)  # fmt: skip


def blood_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Fresh to dried."""
    red = int(rng.integers(70, 205))
    return red, int(red * rng.uniform(0.0, 0.16)), int(red * rng.uniform(0.0, 0.16))


def other_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Anything that nobody takes for blood."""
    red, green, blue = _OTHER_COLOURS[int(rng.integers(len(_OTHER_COLOURS)))]
    return red, green, blue


def drawn_stain(size_px: int, rng: np.random.Generator) -> Mask:
    """A splatter of pools, drops and drips on a square of `size_px`."""
    side = size_px * _OVERSAMPLING
    canvas = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    centre = rng.uniform(0.2, 0.8, 2) * side
    reach = side * rng.uniform(0.08, 0.42)
    if rng.random() < 0.75:
        _pool(draw, centre, reach * rng.uniform(0.35, 1.0), rng)
    _drops(draw, centre, reach, rng)
    if rng.random() < 0.5:
        _drips(draw, centre, reach, side, rng)
    if rng.random() < 0.3:
        _smear(draw, centre, reach, rng)
    canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 2.0)))
    mask = np.asarray(canvas.resize((size_px, size_px), Image.Resampling.BOX), np.float32) / 255.0
    return mask * np.float32(rng.uniform(0.75, 1.0))


def _pool(draw: ImageDraw.ImageDraw, centre: npt.NDArray[np.float64], radius: float, rng: np.random.Generator) -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    outline = np.ones_like(angles)
    for wave in range(2, 8):
        outline += rng.normal(0.0, 0.28 / wave) * np.cos(wave * angles + rng.uniform(0.0, 6.3))
    squash = rng.uniform(0.4, 1.0)
    points = [
        (centre[0] + radius * r * np.cos(a), centre[1] + squash * radius * r * np.sin(a))
        for a, r in zip(angles, outline, strict=True)
    ]
    draw.polygon(points, fill=255)


def _drops(draw: ImageDraw.ImageDraw, centre: npt.NDArray[np.float64], reach: float, rng: np.random.Generator) -> None:
    heading = rng.uniform(0.0, 6.3)
    spread = rng.uniform(0.3, 3.2)
    for _ in range(int(rng.integers(20, 160))):
        angle = heading + rng.normal(0.0, spread)
        distance = reach * rng.gamma(2.0, 0.5)
        x, y = centre[0] + distance * np.cos(angle), centre[1] + distance * np.sin(angle)
        radius = reach * min(0.3, rng.gamma(1.2, 0.03)) + 1.0
        length = radius * rng.uniform(1.0, 3.0)
        # A flying drop leaves a tail that points away from where it came.
        for step in np.linspace(0.0, 1.0, 5):
            r = radius * (1.0 - 0.7 * step)
            cx, cy = x + length * step * np.cos(angle), y + length * step * np.sin(angle)
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=int(rng.integers(200, 256)))


def _drips(
    draw: ImageDraw.ImageDraw, centre: npt.NDArray[np.float64], reach: float, side: int, rng: np.random.Generator
) -> None:
    for _ in range(int(rng.integers(2, 9))):
        x = centre[0] + rng.uniform(-0.8, 0.8) * reach
        top = centre[1] + rng.uniform(-0.3, 0.3) * reach
        bottom = top + rng.uniform(0.3, 2.2) * reach
        half = max(1.0, side * rng.uniform(0.003, 0.014))
        draw.rectangle((x - half, top, x + half, bottom), fill=250)
        draw.ellipse((x - 1.4 * half, bottom - half, x + 1.4 * half, bottom + 2.2 * half), fill=255)


def _smear(draw: ImageDraw.ImageDraw, centre: npt.NDArray[np.float64], reach: float, rng: np.random.Generator) -> None:
    angle = rng.uniform(0.0, 6.3)
    for _ in range(int(rng.integers(8, 30))):
        start = centre + rng.normal(0.0, 0.25, 2) * reach
        end = start + np.array([np.cos(angle), np.sin(angle)]) * reach * rng.uniform(0.5, 1.6)
        width = max(1, int(reach * rng.uniform(0.01, 0.08)))
        draw.line((*start, *end), fill=int(rng.integers(60, 220)), width=width)


def cut_stain(picture: Image.Image) -> Mask | None:
    """The stain of a picture of blood on white, or None where the ground is not white."""
    pixels = np.asarray(picture, np.float32)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if float(np.median(border.min(axis=1))) < _WHITE:
        return None
    mask = np.clip((_WHITE - pixels[..., 1:].min(axis=2)) / 130.0, 0.0, 1.0).astype(np.float32)
    return mask if 0.02 < float((mask > 0.3).mean()) < 0.9 else None


def lay_over(picture: Rgb, stain: Mask, colour: tuple[int, int, int], rng: np.random.Generator) -> Rgb:
    """The picture with the stain in that colour; the light and shade of the surface stay."""
    ground = picture.astype(np.float32)
    light = ground.mean(axis=2, keepdims=True) / 255.0
    shade = rng.uniform(0.3, 0.9)
    paint = np.asarray(colour, np.float32) * (1.0 - shade + shade * (0.35 + light))
    # Thick parts are darker than their rim.
    depth = np.asarray(Image.fromarray((stain * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(6)), np.float32)
    paint *= 1.0 - rng.uniform(0.0, 0.4) * (depth / 255.0)[..., None]
    opacity = stain[..., None]
    result: Rgb = np.clip(ground * (1.0 - opacity) + paint * opacity, 0.0, 255.0).astype(np.uint8)
    return result
