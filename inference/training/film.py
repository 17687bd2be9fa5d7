"""A film of liquid over a picture: light goes through it, comes back out of it and glints on it.

After Kubelka and Munk, and Beer and Lambert: a thick film shows its own colour in the light of the place, a thin one
tints what lies below, so that the shading, the texture and the grain of the ground go on through it.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from inference.training import noise
from inference.training.noise import Field
from inference.training.placing import COVERED
from inference.training.stains import Mask, Rgb

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Liquid:
    """What a film is made of. Colours are linear (squared sRGB), in [0, 1]."""

    body: Triple
    """Its colour where it is so thick that nothing is seen through it."""
    absorption: Triple
    """How fast each channel gets there, per unit of thickness."""
    depth: float
    """The thickness of a mask of 1."""
    gloss: float
    """0 is matt or dry, 1 a mirror."""
    rim: float
    """How much thicker the edge is than the middle, as a drop that dried in place."""


def blood(rng: np.random.Generator, *, depth: float | None = None) -> Liquid:
    """From fresh to dried, from a smear to a pool."""
    age = float(np.clip(rng.beta(0.8, 1.3), 0.0, 1.0))
    red = (rng.uniform(105.0, 195.0) * (1.0 - age) + rng.uniform(45.0, 100.0) * age) / 255.0
    green = rng.uniform(0.02, 0.14) * (1.0 - age) + rng.uniform(0.12, 0.42) * age
    blue = green * rng.uniform(0.6, 1.5) * (1.0 - 0.45 * age)
    return Liquid(
        body=(red**2, (red * green) ** 2, (red * blue) ** 2),
        absorption=(rng.uniform(0.35, 0.9), rng.uniform(2.2, 3.6), rng.uniform(1.8, 3.2)),
        depth=float(np.exp(rng.uniform(np.log(0.6), np.log(5.0)))) if depth is None else depth,
        gloss=float(rng.uniform(0.0, 1.0) * (1.0 - age)) if rng.random() < 0.7 else 0.0,
        rim=float(rng.uniform(0.0, 1.4)) if rng.random() < 0.5 else 0.0,
    )


def coloured(srgb: tuple[float, float, float], rng: np.random.Generator) -> Liquid:
    """Paint, mud, ink, sauce: any other liquid of that colour (0 to 255), from a wash to a coat."""
    body = (srgb[0] / 255.0) ** 2, (srgb[1] / 255.0) ** 2, (srgb[2] / 255.0) ** 2
    strong = rng.uniform(0.8, 3.0)
    pull = rng.uniform(0.5, 1.3, 3)
    return Liquid(
        body=body,
        absorption=(float(strong * pull[0]), float(strong * pull[1]), float(strong * pull[2])),
        depth=float(np.exp(rng.uniform(np.log(0.6), np.log(5.0)))),
        gloss=float(rng.uniform(0.0, 1.0)) if rng.random() < 0.5 else 0.0,
        rim=float(rng.uniform(0.0, 1.4)) if rng.random() < 0.5 else 0.0,
    )


def poured(picture: Rgb, mask: Mask, liquid: Liquid, rng: np.random.Generator) -> Rgb:
    """The picture with the film over it, as thick as the mask says."""
    rows, columns = (np.flatnonzero((mask > 0.01).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return picture.copy()
    margin = 3
    top, bottom = max(0, rows[0] - margin), min(mask.shape[0], rows[-1] + 1 + margin)
    left, right = max(0, columns[0] - margin), min(mask.shape[1], columns[-1] + 1 + margin)
    part, lit = picture[top:bottom, left:right], illumination(picture, rng)[top:bottom, left:right]
    stain = np.ascontiguousarray(mask[top:bottom, left:right])
    thickness = _thickness(stain, liquid, part, rng)
    ground = part.astype(np.float32)
    ground *= ground * np.float32(1 / 65025.0)
    deep = np.exp(thickness * np.float32(-0.22 * rng.random()))
    body = lit * np.asarray(liquid.body, np.float32) * deep[..., None]
    through = np.exp(thickness[..., None] * -np.asarray(liquid.absorption, np.float32))
    light = body + (ground - body) * through
    if liquid.gloss > 0.05 and not is_grey(picture):
        light += (glints(thickness, stain, liquid.gloss, rng) * lit.mean())[..., None]
    result = picture.copy()
    result[top:bottom, left:right] = np.sqrt(np.clip(light, 0.0, 1.0)) * 255.0 + 0.5
    return as_grey_as(picture, result)


def _thickness(stain: Mask, liquid: Liquid, part: Rgb, rng: np.random.Generator) -> Field:
    thickness = stain * np.float32(liquid.depth)
    inner = noise.blurred(stain, rng.uniform(1.5, 7.0))
    if liquid.rim > 0.0:
        thickness *= 1.0 + np.float32(2.0 * liquid.rim) * np.clip(stain - inner, 0.0, 1.0)
    elif rng.random() < 0.6:
        # Surface tension: thin at the edge, thick in the middle.
        thickness *= 0.4 + 0.9 * inner
    if rng.random() < 0.5:
        # It gathers in hollows, which are dark, or lies on what stands out.
        grey = part.mean(axis=2, dtype=np.float32) / np.float32(255.0)
        relief = grey - noise.blurred(grey, 3.0)
        thickness *= np.clip(1.0 + np.float32(rng.uniform(-7.0, 5.0)) * relief, 0.35, 1.8)
    return np.asarray(thickness, np.float32)


def illumination(picture: Rgb, rng: np.random.Generator) -> Field:
    """The light that falls on each point, H × W × 3, linear: the blurred picture, taken for grey on the whole."""
    small = Image.fromarray(picture).resize((14, 14), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(1.0))
    values = np.asarray(small, np.float32) / np.float32(255.0)
    values = values * values
    # A dark coat is not a dark place: lean on the whole frame.
    level = 0.55 * values.mean(axis=2, keepdims=True) + 0.45 * values.mean()
    cast = values.mean(axis=(0, 1)) / max(float(values.mean()), 1e-4)
    lit = np.clip(level * rng.uniform(2.0, 4.2), 0.004, 1.15) * (0.5 + 0.5 * cast)
    height, width = picture.shape[:2]
    return np.stack([noise.resized(lit[..., channel], height, width) for channel in range(3)], axis=2).clip(0.0, 1.3)


def glints(thickness: Field, stain: Mask, gloss: float, rng: np.random.Generator) -> Field:
    """Highlights where the surface leans towards the light: on rims, ripples and drops."""
    height, width = thickness.shape
    surface = noise.blurred(stain, rng.uniform(0.8, 2.5)) * np.float32(rng.uniform(2.0, 5.0))
    ripples = max(height, width) / rng.uniform(7.0, 40.0) + 1.0
    surface += noise.field(height, width, ripples, rng) * np.float32(rng.uniform(0.3, 3.0))
    right, down = noise.slopes(np.asarray(surface, np.float32))
    toward = rng.uniform(0.25, 0.8)
    angle = rng.uniform(-np.pi, 0.0)
    gap = (right - toward * np.cos(angle)) ** 2 + (down - toward * np.sin(angle)) ** 2
    sharp = rng.uniform(6.0, 40.0)
    # What is level does not shine: or the whole of a calm pool would be white.
    level = np.exp(-toward * toward * sharp)
    shine = np.clip((np.exp(-gap * np.float32(sharp)) - np.float32(level)) / np.float32(1.0 - level), 0.0, 1.0)
    shine *= noise.smoothstep(stain, 0.35, 0.8)
    return np.asarray(shine * np.float32(gloss * rng.uniform(0.3, 1.6)), np.float32)


def is_grey(picture: Rgb) -> bool:
    """Whether it is a picture of greys, such as from a night camera."""
    few = picture[::6, ::6].astype(np.int16)
    return float((few.max(axis=2) - few.min(axis=2)).mean()) < 2.5


def as_grey_as(ground: Rgb, result: Rgb) -> Rgb:
    """What is laid over a grey picture is grey too."""
    if not is_grey(ground):
        return result
    grey = (result @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def contrast(before: Rgb, after: Rgb, mask: Mask) -> float:
    """How far the covered points moved in colour on the average: 0 (nothing to be seen) to 441."""
    where = mask > COVERED
    if not where.any():
        return 0.0
    moved = after[where].astype(np.float32) - before[where]
    return float(np.sqrt((moved * moved).sum(axis=1)).mean())
