"""What lies around a picture: bars, other pictures, windows, borders. The whole of it is squashed into what is left.

Each takes uint8 H × W × 3 RGB, a generator, and another ordinary picture of any size or None; the shape and type stay.
"""

import numpy as np
from PIL import Image, ImageFilter

from inference.training.canvas import BLACK, RED, WHITE, Canvas, Colour, accent, between, chance, phrase
from inference.training.stains import Mask, Rgb

Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the width and height."""


def letterbox(picture: Rgb, rng: np.random.Generator, _: Rgb | None = None) -> Rgb:
    """Bars above and below, together 10 to 55 %."""
    return _placed(picture, _bar_ground(picture, rng), _between_bars(rng, 0.1, 0.55))


def pillarbox(picture: Rgb, rng: np.random.Generator, _: Rgb | None = None) -> Rgb:
    """Bars at both sides, together 15 to 68 %, as round a phone's upright video."""
    top, left, bottom, right = _between_bars(rng, 0.15, 0.68)
    return _placed(picture, _bar_ground(picture, rng), (left, top, right, bottom))


def blurred_bars(picture: Rgb, rng: np.random.Generator, _: Rgb | None = None) -> Rgb:
    """Bars that show the picture itself, larger, blurred and darker."""
    width, height = picture.shape[1], picture.shape[0]
    start, end = between(rng, 0.1, 0.35), between(rng, 0.65, 0.9)
    image = Image.fromarray(picture).reduce(max(1, min(4, width, height)))
    middle = (start * image.width, start * image.height, end * image.width, end * image.height)
    blurred = image.resize((max(1, width // 4), max(1, height // 4)), Image.Resampling.BILINEAR, box=middle)
    blurred = blurred.filter(ImageFilter.BoxBlur(between(rng, 1.0, 4.0))).resize((width, height))
    ground = Image.blend(Image.new("RGB", (width, height), BLACK), blurred, between(rng, 0.4, 1.0))
    first, second, third, fourth = _between_bars(rng, 0.25, 0.68)
    upright = chance(rng, 0.75)
    return _placed(picture, ground, (second, first, fourth, third) if upright else (first, second, third, fourth))


def _between_bars(rng: np.random.Generator, least: float, most: float) -> Box:
    """The place between bars above and below; they are seldom unequal."""
    bars = between(rng, least, most)
    top = bars * (0.5 if chance(rng, 0.85) else between(rng, 0.2, 0.8))
    return 0.0, top, 1.0, 1.0 - bars + top


def _bar_ground(picture: Rgb, rng: np.random.Generator) -> Image.Image:
    colour: Colour = BLACK
    if chance(rng, 0.25):
        colour = WHITE if chance(rng, 0.3) else accent(rng, red_share=0.3)[:3]
    return Image.new("RGB", (picture.shape[1], picture.shape[0]), colour)


def _placed(picture: Rgb, ground: Image.Image, box: Box) -> Rgb:
    width, height = ground.size
    left, top = min(width - 1, round(box[0] * width)), min(height - 1, round(box[1] * height))
    size = (max(1, round(box[2] * width) - left), max(1, round(box[3] * height) - top))
    ground.paste(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0), (left, top))
    return np.asarray(ground, np.uint8)


def window(picture: Rgb, rng: np.random.Generator, other: Rgb | None = None) -> Rgb:
    """The picture as an inset: a window, a player or a studio's screen with things round it."""
    width, height = between(rng, 0.52, 0.82), between(rng, 0.52, 0.8)
    left, top = between(rng, 0.02, 0.98 - width), between(rng, 0.08, 0.97 - height)
    canvas = Canvas.over(
        _fitted(other, picture) if other is not None and chance(rng, 0.5) else _plain(picture, rng), rng
    )
    for _ in range(int(rng.integers(2, 10))):
        x, y = between(rng, 0.0, 0.95), between(rng, 0.0, 0.95)
        if chance(rng, 0.5):
            canvas.text((x, y), between(rng, 0.03, 0.05), phrase(rng, 4), accent(rng, red_share=0.25))
        else:
            end = (x + between(rng, 0.03, 0.3), y + between(rng, 0.02, 0.1))
            canvas.box((x, y), end, accent(rng, red_share=0.35), round_share=0.2)
    canvas.box((left - 0.01, top - 0.06), (left + width + 0.01, top + height + 0.01), accent(rng, red_share=0.3))
    canvas.text((left + 0.01, top - 0.03), 0.036, phrase(rng, 3)[:24], WHITE, anchor="lm")
    canvas.disc((left + width - 0.02, top - 0.03), 0.016, RED)
    return _placed(picture, Image.fromarray(canvas.finished()), (left, top, left + width, top + height))


def split(picture: Rgb, rng: np.random.Generator, other: Rgb | None = None) -> Rgb:
    """A call or a stream of several: the picture has a half, seldom a quarter, and others have the rest."""
    ground = Image.fromarray(_fitted(other, picture) if other is not None else facecam(picture.shape[:2], rng))
    start, end = (0.0, 0.5) if chance(rng, 0.5) else (0.5, 1.0)
    if chance(rng, 0.2):
        quarter = _placed(np.asarray(ground), ground.copy(), (0.0, 0.0, 0.5, 0.5))
        ground = Image.fromarray(_placed(np.asarray(ground), Image.fromarray(quarter), (0.5, 0.5, 1.0, 1.0)))
        return _placed(picture, ground, (start, 0.5 - start, end, 1.0 - start))
    sideways = chance(rng, 0.6)
    # The other has its own half too, instead of being half hidden.
    rest = (0.5 - start, 0.0, 1.5 - end, 1.0) if sideways else (0.0, 0.5 - start, 1.0, 1.5 - end)
    both = Image.fromarray(_placed(np.asarray(ground), ground.copy(), rest))
    return _placed(picture, both, (start, 0.0, end, 1.0) if sideways else (0.0, start, 1.0, end))


def border(picture: Rgb, rng: np.random.Generator, _: Rgb | None = None) -> Rgb:
    """A frame of one colour or two, often red."""
    size = (picture.shape[1], picture.shape[0])
    width = between(rng, 0.015, 0.08)
    outer = Image.new("RGB", size, accent(rng, red_share=0.55)[:3])
    if chance(rng, 0.4):
        inner = np.asarray(Image.new("RGB", size, accent(rng)[:3]), np.uint8)
        outer = Image.fromarray(_placed(inner, outer, (width, width, 1.0 - width, 1.0 - width)))
        width *= 1.6
    return _placed(picture, outer, (width, width, 1.0 - width, 1.0 - width))


def rim(picture: Rgb, rng: np.random.Generator, _: Rgb | None = None) -> Rgb:
    """A dark or coloured glow along the edges, as when a game's hero is hurt: mostly red."""
    height, width = picture.shape[:2]
    down = np.abs(np.linspace(-1.0, 1.0, height, dtype=np.float32))[:, None]
    across = np.abs(np.linspace(-1.0, 1.0, width, dtype=np.float32))[None]
    reach: Mask = np.maximum(down, across)
    if chance(rng, 0.7):
        reach = (np.hypot(down, across) / 1.15).astype(np.float32)
    glow = np.clip((reach - np.float32(0.55)) * np.float32(between(rng, 0.6, 1.8)), 0.0, 0.85)[..., None]
    colour = np.asarray(accent(rng, red_share=0.65)[:3] if chance(rng, 0.7) else BLACK, np.float32)
    result: Rgb = (picture * (1.0 - glow) + colour * glow).astype(np.uint8)
    return result


def _fitted(other: Rgb, picture: Rgb) -> Rgb:
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(Image.fromarray(other).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0), np.uint8)


def _plain(picture: Rgb, rng: np.random.Generator) -> Rgb:
    """A ground that runs from one colour to another; most are grey or nearly so, as desktops and walls are."""
    height, width = picture.shape[:2]
    ends = rng.uniform(0.0, 255.0, (2, 3)).astype(np.float32)
    if chance(rng, 0.6):
        ends = ends[:, :1] * rng.uniform(0.85, 1.0, (1, 3)).astype(np.float32)
    ramp = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(ends[0] * (1.0 - ramp) + ends[1] * ramp, (height, width, 3)).astype(np.uint8)


def facecam(size: tuple[int, int], rng: np.random.Generator) -> Rgb:
    """Somebody drawn before a camera: head and shoulders before a plain wall. The size is height and width."""
    canvas = Canvas.over(_plain(np.empty((*size, 3), np.uint8), rng), rng)
    tone = between(rng, 0.3, 1.0)
    skin = (round(235 * tone), round(185 * tone), round(155 * tone))
    middle = between(rng, 0.4, 0.6)
    canvas.oval((middle - 0.36, 0.68), (middle + 0.36, 1.5), accent(rng, red_share=0.3))
    canvas.oval((middle - 0.19, 0.17), (middle + 0.19, 0.62), (40, 28, 22))
    canvas.oval((middle - 0.16, 0.24), (middle + 0.16, 0.74), skin)
    return canvas.finished()


def picture_in_picture(picture: Rgb, rng: np.random.Generator, other: Rgb | None = None) -> Rgb:
    """Another picture, or somebody drawn, in a corner: 20 to 29 % of the width and height."""
    width, height = between(rng, 0.2, 0.29), between(rng, 0.2, 0.29)
    shown = other if other is not None else facecam((64, 64), rng)
    left, top = (0.01 if chance(rng, 0.5) else 0.99 - width), (0.01 if chance(rng, 0.5) else 0.99 - height)
    ground = Image.fromarray(picture)
    if chance(rng, 0.4):
        edge = 0.008
        line = np.full((1, 1, 3), accent(rng, red_share=0.4)[:3], np.uint8)
        ground = Image.fromarray(
            _placed(line, ground, (left - edge, top - edge, left + width + edge, top + height + edge))
        )
    return _placed(shown, ground, (left, top, left + width, top + height))
