"""What light, sensors and colourists do to a picture.

Each takes uint8 H × W × 3 RGB, a strength in [0, 1] and a generator, and gives the same shape and dtype.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from inference.training.stains import Mask, Rgb

_GRAIN_PX = 512
_GRAIN: Mask = np.random.default_rng(7).standard_normal((_GRAIN_PX, _GRAIN_PX), np.float32)
"""Noise to cut pieces from: a fresh draw for each picture would cost more than all the rest."""
_LEVELS: Mask = np.linspace(0.0, 1.0, 256, dtype=np.float32)
_LEAST_MEAN = 30.0
"""Darker than this, a person sees nothing any more."""
_MOST_MEAN = 205.0


def _grain(height: int, width: int, rng: np.random.Generator, *, coarse: int = 1) -> Mask:
    rows, columns = -(-height // coarse), -(-width // coarse)
    top = int(rng.integers(0, max(1, _GRAIN_PX - rows)))
    left = int(rng.integers(0, max(1, _GRAIN_PX - columns)))
    piece = _GRAIN[top : top + rows, left : left + columns]
    if piece.shape != (rows, columns):
        piece = np.tile(piece, (-(-rows // _GRAIN_PX), -(-columns // _GRAIN_PX)))
    return piece.repeat(coarse, 0).repeat(coarse, 1)[:height, :width] if coarse > 1 else piece[:rows, :columns]


def _with_curves(picture: Rgb, curves: npt.NDArray[np.floating]) -> Rgb:
    """Each level in [0, 1] replaced by its curve: one for all channels (256) or one each (3 × 256)."""
    table = np.clip(np.broadcast_to(curves, (3, 256)) * 255.0, 0.0, 255.0).round().astype(np.uint8)
    return np.asarray(Image.fromarray(picture).point(table.ravel().tolist()), np.uint8)


def _enhanced(picture: Rgb, *, colour: float = 1.0, contrast: float = 1.0) -> Rgb:
    image = ImageEnhance.Color(Image.fromarray(picture)).enhance(colour)
    return np.asarray(ImageEnhance.Contrast(image).enhance(contrast), np.uint8)


def _clipped(pixels: npt.NDArray[np.floating]) -> Rgb:
    result: Rgb = np.clip(pixels, 0.0, 255.0).astype(np.uint8)
    return result


def gamma(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Middle tones lighter or darker, black and white as they were."""
    return _with_curves(picture, _LEVELS ** float(np.exp(rng.choice([-1.0, 1.0]) * (0.1 + 0.6 * strength))))


def contrast(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Flatter or harder, and a little lighter or darker."""
    factor = float(np.exp(rng.choice([-1.0, 1.0]) * (0.1 + 0.5 * strength)))
    shift = float(rng.uniform(-0.12, 0.12)) * strength
    return _with_curves(picture, (_LEVELS - 0.5) * factor + 0.5 + shift)


def sensor_noise(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Grain that grows with the light as photons do, over a floor that stands out in the dark; some of it coloured."""
    return _noisy(picture, 1.0 + 15.0 * strength, float(rng.uniform(0.1, 0.8)), rng)


def _noisy(picture: Rgb, amount: float, coloured: float, rng: np.random.Generator) -> Rgb:
    height, width = picture.shape[:2]
    floor = rng.uniform(0.3, 0.9)
    spread = (amount * (floor + (1.0 - floor) * np.sqrt(_LEVELS))).astype(np.float32)[picture[..., 1]]
    result = picture.astype(np.float32)
    result += (spread * _grain(height, width, rng))[..., None]
    coarse = int(rng.integers(1, 4))
    for channel in (0, 2):
        result[..., channel] += np.float32(coloured) * spread * _grain(height, width, rng, coarse=coarse)
    return _clipped(result)


def low_light(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Dark, pale and grainy, yet not so dark that nothing is left to see."""
    curve = _LEVELS ** np.float32(1.0 + 0.4 * strength)
    mean = 255.0 * float(curve[picture[::4, ::4]].mean())
    if mean < _LEAST_MEAN:
        curve, mean = _LEVELS, float(picture.mean())
    factor = min(1.0, max(1.0 - 0.85 * strength, _LEAST_MEAN / max(mean, 1.0)))
    dark = _with_curves(picture, factor * curve)
    return _noisy(_enhanced(dark, colour=1.0 - 0.4 * strength), 1.0 + 6.0 * strength, rng.uniform(0.3, 1.0), rng)


def over_exposed(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Bright parts burnt out."""
    gain = max(1.0, min(1.1 + 1.4 * strength, _MOST_MEAN / max(float(picture.mean()), 1.0)))
    return _with_curves(picture, gain * _LEVELS + 0.06 * strength)


def haze(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Fog, smoke, a greasy lens: black turns grey."""
    veil = (rng.uniform(0.5, 0.95) + rng.uniform(-0.06, 0.06, 3))[:, None]
    share = 0.08 + 0.5 * strength
    return _with_curves(picture, _LEVELS * (1.0 - share) + veil * share)


def vignette(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Darker towards the corners."""
    height, width = picture.shape[:2]
    down = np.square(np.linspace(-1.0, 1.0, height, dtype=np.float32) - np.float32(rng.uniform(-0.15, 0.15)))
    across = np.square(np.linspace(-1.0, 1.0, width, dtype=np.float32) - np.float32(rng.uniform(-0.15, 0.15)))
    fall = np.float32(0.06 + 0.26 * strength) * (down[:, None] + across[None])
    return _clipped(picture * np.maximum(1.0 - fall, 0.05)[..., None])


def night_vision(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """One colour, green or grey, with grain and a dark rim."""
    grey = _grey(picture, (0.45, 0.4, 0.15))
    tint = np.array([[0.3, 1.0, 0.35], [0.6, 1.0, 0.6], [1.0, 1.0, 1.0]])[int(rng.integers(3))]
    curves = tint[:, None] * (_LEVELS * (1.0 - 0.15 * strength) + 0.05) ** (1.0 - 0.25 * strength)
    height, width = grey.shape[:2]
    lit = _with_curves(grey, curves)
    grain = (3.0 + 17.0 * strength) * _grain(height, width, rng)[..., None] * tint.astype(np.float32)
    return vignette(_clipped(lit + grain), 0.3 + 0.7 * strength, rng)


def infrared(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """A camera's night mode: grey with faint violet, red things pale; the strength says how grey."""
    red_share = rng.uniform(0.35, 0.7)
    grey = _grey(picture, (red_share, 0.9 - red_share, 0.1))
    tint = np.array([1.0, rng.uniform(0.9, 1.0), rng.uniform(0.96, 1.04)])
    cool = _with_curves(grey, tint[:, None] * (0.06 + 0.9 * _LEVELS))
    return np.asarray(Image.blend(Image.fromarray(picture), Image.fromarray(cool), 0.6 + 0.4 * strength), np.uint8)


def _grey(picture: Rgb, shares: tuple[float, float, float]) -> Rgb:
    return np.asarray(Image.fromarray(picture).convert("RGB", (*shares, 0.0) * 3), np.uint8)


def colour_cast(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Coloured light: each channel stronger or weaker."""
    gains = np.exp(rng.normal(0.0, 0.08 + 0.3 * strength, 3)).clip(0.45, 1.7)
    # Without red light, blood is black and nobody can tell.
    gains[0] = max(gains[0], 0.65 * gains.max())
    return _with_curves(picture, gains[:, None] * _LEVELS)


def white_balance(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Too warm or too cold, and a little green or violet."""
    warm = rng.choice([-1.0, 1.0]) * (0.04 + 0.28 * strength)
    green = rng.uniform(-0.1, 0.1) * strength
    return _with_curves(picture, np.exp(np.array([warm, green, -warm]))[:, None] * _LEVELS)


def pale(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Less colour, down to none."""
    return _enhanced(picture, colour=0.85 * (1.0 - strength))


def vivid(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """More colour, as phones and games like it."""
    return _enhanced(picture, colour=1.15 + 1.1 * strength)


def graded(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """The look of films: teal and orange, bleached, sepia, day for night or faded."""
    look = int(rng.integers(5))
    shadows = _LOOKS[look, 0][:, None]
    highlights = _LOOKS[look, 1][:, None]
    rise = _LEVELS * _LEVELS * (3.0 - 2.0 * _LEVELS)
    toned = 0.5 * (_LEVELS + rise) + shadows * (1.0 - _LEVELS) + highlights * _LEVELS
    colour, hardness = ((1.0, 1.1), (0.35, 1.35), (0.25, 1.0), (0.45, 0.9), (0.8, 0.8))[look]
    mixed = _with_curves(picture, _LEVELS + strength * (toned - _LEVELS))
    return _enhanced(mixed, colour=1.0 + strength * (colour - 1.0), contrast=1.0 + strength * (hardness - 1.0))


_LOOKS = np.array([
    [[-0.06, 0.06, 0.10], [0.10, 0.00, -0.14]],
    [[-0.02, 0.00, 0.02], [0.04, 0.03, 0.00]],
    [[0.06, 0.01, -0.04], [0.06, 0.00, -0.16]],
    [[-0.05, -0.01, 0.10], [-0.40, -0.28, -0.12]],
    [[0.14, 0.12, 0.16], [-0.08, -0.10, -0.14]],
])  # fmt: skip
"""For each look, what is added to the red, green and blue of the shadows and of the highlights."""
