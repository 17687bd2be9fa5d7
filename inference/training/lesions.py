"""Wounds drawn on skin: cuts, grazes, ulcers and burns, stitched cuts, round holes; each grown from noise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inference.training import film, noise, patterns, placing
from inference.training.noise import Field
from inference.training.stains import Mask, Rgb


@dataclass(frozen=True, slots=True)
class _Skin:
    """A patch of skin under work, linear float32 H × W × 3, and coordinates on it in units of the wound's half size."""

    light: Field
    along: Field
    aside: Field
    lit: Field
    halves: float
    """How many half sizes of the wound the longer side of the patch has."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.along.shape[0], self.along.shape[1]

    def rough(self, bumps: float, rng: np.random.Generator, *, octaves: int = 3) -> Field:
        """Noise with some `bumps` across the patch where the wound and what it reddens fill it."""
        return noise.rough(*self.shape, bumps * self.halves / 6.0, rng, octaves=octaves)

    def tint(self, amount: Field, factors: tuple[float, float, float]) -> None:
        """Multiply the light by the factors where the amount is 1."""
        factor = 1.0 + amount[..., None] * (np.asarray(factors, np.float32) - 1.0)
        np.multiply(self.light, factor, out=self.light)

    def coat(self, amount: Field, srgb: tuple[float, float, float], texture: Field | None = None) -> None:
        """Cover with a colour (0 to 255) in the light of the place."""
        colour = (np.asarray(srgb, np.float32) / 255.0) ** 2 * self.lit
        if texture is not None:
            colour = colour * np.clip(1.0 + texture, 0.15, 2.5)[..., None]
        np.add(self.light, (colour - self.light) * amount[..., None], out=self.light)

    def shine(self, relief: Field, amount: Field, rng: np.random.Generator) -> None:
        """Wet highlights on a relief."""
        shine = film.glints(relief, relief, float(rng.uniform(0.2, 1.0)), rng) * amount * self.lit.mean()
        np.add(self.light, shine[..., None], out=self.light)


_Box = tuple[slice, slice]
Lesion = Callable[[_Skin, np.random.Generator], Mask]


def wounded(picture: Rgb, rng: np.random.Generator, *, share: float) -> tuple[Rgb, Mask]:
    """The picture with a wound over about `share` of it, near its middle, and where: float32 H × W in [0, 1].

    A mask of 0 all over says that nothing can be told from the ground: reject the view.
    """
    height, width = picture.shape[:2]
    light, lit = (picture.astype(np.float32) / np.float32(255.0)) ** 2, film.illumination(picture, rng)
    for _ in range(2):
        lesion = _KINDS[int(rng.choice(len(_KINDS), p=_ODDS))]
        half = max(4.0, 0.62 * float(np.sqrt(share * height * width)))
        x, y = _bare_place(picture, rng)
        for _ in range(3):
            skin, box = _patch(light, lit, x, y, half, rng)
            mask = np.zeros((height, width), np.float32)
            mask[box] = lesion(skin, rng)
            found = placing.covered(mask)
            if abs(found / share - 1.0) < 0.5:
                break
            # The first is a measurement: a spindle covers less of its square than a burn does.
            half *= float(np.clip(np.sqrt(share / max(found, share / 9.0)), 0.5, 2.2))
        result = picture.copy()
        result[box] = np.sqrt(np.clip(skin.light, 0.0, 1.0)) * 255.0 + 0.5
        result = film.as_grey_as(picture, result)
        if abs(found / share - 1.0) < 0.6 and film.contrast(picture, result, mask) > 36.0:
            return _bleeding(result, mask, rng, x, y, share) if rng.random() < 0.35 else (result, mask)
    return picture.copy(), np.zeros((height, width), np.float32)


def _bare_place(picture: Rgb, rng: np.random.Generator) -> tuple[float, float]:
    """A place near the middle, as fractions, that has the colour of skin where one is found."""
    height, width = picture.shape[:2]
    for x, y in np.clip(rng.normal(0.5, 0.14, (8, 2)), 0.12, 0.88):
        row, column = int(y * height), int(x * width)
        red, green, blue = picture[row : row + 4, column : column + 4].reshape(-1, 3).mean(axis=0)
        if red > 50.0 and 1.08 * green < red < 2.6 * green and blue < 1.05 * green:
            break
    return float(x), float(y)


def _patch(light: Field, lit: Field, x: float, y: float, half: float, rng: np.random.Generator) -> tuple[_Skin, _Box]:
    """The part of the picture that a wound of that half size can reach, to be painted on, and where it is."""
    height, width = light.shape[:2]
    reach = 3.0 * half + 3.0
    box = (
        slice(max(0, int(y * height - reach)), min(height, int(y * height + reach) + 1)),
        slice(max(0, int(x * width - reach)), min(width, int(x * width + reach) + 1)),
    )
    right = (np.arange(box[1].start, box[1].stop, dtype=np.float32)[None, :] - np.float32(x * width)) / np.float32(half)
    down = (np.arange(box[0].start, box[0].stop, dtype=np.float32)[:, None] - np.float32(y * height)) / np.float32(half)
    angle = rng.uniform(0.0, 6.3)
    per_half = max(right.size, down.size) / half
    wander = noise.field(down.size, right.size, rng.uniform(0.4, 1.3) * per_half, rng)
    wander *= np.float32(rng.uniform(0.0, 0.25))
    along = right * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle)) + wander
    aside = down * np.float32(np.cos(angle)) - right * np.float32(np.sin(angle)) + wander
    return _Skin(light[box].copy(), along, aside, lit[box], per_half), box


def _bleeding(
    picture: Rgb, wound: Mask, rng: np.random.Generator, x: float, y: float, share: float
) -> tuple[Rgb, Mask]:
    height, width = picture.shape[:2]
    pattern = (patterns.streams, patterns.drips, patterns.patchy)[int(rng.integers(3))]
    place = placing.Place(x=x, y=min(0.9, y + float(rng.uniform(0.0, 0.2))))
    run = placing.placed(pattern(rng), share * float(rng.uniform(0.2, 0.7)), place, height, width)
    return film.poured(picture, run, film.blood(rng), rng), np.maximum(wound, run)


def _flesh(rng: np.random.Generator) -> tuple[float, float, float]:
    red = float(rng.uniform(90.0, 185.0))
    return red, red * float(rng.uniform(0.08, 0.3)), red * float(rng.uniform(0.1, 0.3))


def _halo(skin: _Skin, distance: Field, reach: float, rng: np.random.Generator) -> None:
    """Skin that is inflamed around what is 1 at the edge and falls outwards."""
    soft = np.clip(1.0 - (distance - 1.0) / np.float32(reach), 0.0, 1.0)
    soft = soft * soft * np.clip(0.8 + 0.5 * skin.rough(10.0, rng), 0.0, 1.0)
    pull = rng.uniform(0.35, 0.85)
    skin.tint(np.asarray(soft, np.float32), (rng.uniform(0.8, 1.05), pull, pull * rng.uniform(0.9, 1.15)))


def _cut(skin: _Skin, rng: np.random.Generator) -> Mask:
    """A spindle, open: dark red inside, pale or pink at the lips."""
    slim = rng.uniform(0.1, 0.42)
    bend = np.float32(rng.uniform(-0.35, 0.35))
    ragged = skin.rough(rng.uniform(12.0, 40.0), rng) * np.float32(rng.uniform(0.02, 0.3))
    half = np.float32(slim) * np.sqrt(np.clip(1.0 - skin.along**2, 1e-4, 1.0)) ** np.float32(rng.uniform(1.0, 2.2))
    distance = (
        np.abs(skin.aside + bend * skin.along**2) / half + ragged + np.maximum(np.abs(skin.along) - 1.0, 0.0) * 9.0
    )
    _halo(skin, distance, rng.uniform(0.5, 4.0), rng)
    lips = noise.smoothstep(distance, 1.9, 1.2) * np.float32(rng.uniform(0.2, 0.8))
    pale = rng.uniform(120.0, 230.0)
    skin.coat(lips, (pale, pale * rng.uniform(0.45, 0.7), pale * rng.uniform(0.45, 0.7)))
    inside = noise.smoothstep(distance, 1.12, 0.85)
    grain = skin.rough(rng.uniform(15.0, 60.0), rng) * np.float32(rng.uniform(0.2, 0.8))
    skin.coat(inside, _flesh(rng), grain)
    skin.tint(noise.smoothstep(distance, 0.75, 0.1) * np.float32(rng.uniform(0.3, 1.0)), (0.25, 0.18, 0.2))
    skin.shine(inside, inside, rng)
    return np.asarray(np.maximum(inside, lips * 0.5), np.float32)


def _stitched(skin: _Skin, rng: np.random.Generator) -> Mask:
    """A closed cut with threads across it."""
    bend = np.float32(rng.uniform(-0.35, 0.35))
    line = np.abs(skin.aside + bend * skin.along**2 + 0.03 * skin.rough(30.0, rng))
    ends = noise.smoothstep(np.abs(skin.along), 1.05, 0.95)
    slim = rng.uniform(0.05, 0.12)
    _halo(skin, line / np.float32(slim * 2.0) + (1.0 - ends) * 3.0, rng.uniform(1.0, 4.0), rng)
    seam = noise.smoothstep(line, slim * 1.4, slim * 0.5) * ends
    skin.coat(seam, _flesh(rng), 0.5 * skin.rough(40.0, rng))
    count, reach = rng.uniform(4.0, 9.0), rng.uniform(2.5, 5.0)
    phase = np.abs((skin.along * np.float32(count / 2.0) + np.float32(rng.uniform(-0.06, 0.06))) % 1.0 - 0.5)
    thread = noise.smoothstep(phase, 0.14, 0.06) * noise.smoothstep(line, slim * reach, slim * reach * 0.85) * ends
    dark = rng.uniform(10.0, 70.0)
    skin.coat(thread * np.float32(0.9), (dark, dark, dark * rng.uniform(1.0, 2.0)))
    around = noise.smoothstep(line, slim * reach * 1.2, slim * reach * 0.8) * ends
    return np.asarray(np.maximum(seam, around * 0.6), np.float32)


def _graze(skin: _Skin, rng: np.random.Generator) -> Mask:
    """Scratches side by side, dots of blood, raw patches."""
    height, width = skin.shape
    radius = np.hypot(skin.along, skin.aside * np.float32(rng.uniform(1.0, 2.2)))
    patch = noise.smoothstep(radius + 0.45 * skin.rough(7.0, rng), 1.15, 0.55)
    fine = np.float32(rng.uniform(6.0, 22.0))
    rows = np.clip(skin.aside * fine + 60.0 + noise.field(height, width, skin.halves / 6.0 * 6.0, rng), 0, 119)
    # Each row of the skin is one scratch; along it the depth changes slowly.
    strength = rng.uniform(-1.0, 1.0, (120, 12)).astype(np.float32)
    table = noise.resized(strength, 120 * 4, 64)
    steps = np.clip(skin.along * 14.0 + 32.0, 0, 63).astype(np.intp)
    streak = table[(rows * 4.0).astype(np.intp), steps]
    _halo(skin, radius * np.float32(1.1), rng.uniform(0.3, 1.0), rng)
    level = rng.uniform(-0.3, 0.35)
    raw = noise.smoothstep(streak + 0.35 * skin.rough(30.0, rng), level, level + 0.5) * patch
    skin.tint(patch, (0.95, rng.uniform(0.55, 0.8), rng.uniform(0.55, 0.8)))
    skin.coat(raw * np.float32(rng.uniform(0.6, 0.95)), _flesh(rng), 0.4 * skin.rough(40.0, rng))
    dots = (
        noise.smoothstep(noise.field(height, width, skin.halves / 6.0 * rng.uniform(30.0, 55.0), rng), 0.55, 0.75)
        * patch
    )
    skin.coat(dots * np.float32(0.9), (float(rng.uniform(60.0, 130.0)), 8.0, 12.0))
    return np.asarray(np.maximum(patch * 0.55, np.maximum(raw, dots)), np.float32)


def _ulcer(skin: _Skin, rng: np.random.Generator) -> Mask:
    """A crater or burn: mottled red, yellow and black, wet, with an inflamed rim."""
    radius = np.hypot(skin.along, skin.aside * np.float32(rng.uniform(0.9, 1.7)))
    distance = radius + np.float32(rng.uniform(0.1, 0.4)) * skin.rough(rng.uniform(4.0, 12.0), rng)
    _halo(skin, distance * np.float32(1.15), rng.uniform(0.2, 0.9), rng)
    bed = noise.smoothstep(distance, 1.0, rng.uniform(0.8, 0.95))
    bumps = skin.rough(rng.uniform(12.0, 45.0), rng)
    skin.coat(bed, _flesh(rng), bumps * np.float32(rng.uniform(0.3, 0.8)))
    level = rng.uniform(-0.1, 1.2)
    slough = noise.smoothstep(skin.rough(rng.uniform(6.0, 25.0), rng), level, level + rng.uniform(0.3, 1.0)) * bed
    yellow = rng.uniform(140.0, 215.0)
    skin.coat(
        slough * np.float32(rng.uniform(0.3, 0.8)),
        (yellow, yellow * rng.uniform(0.7, 0.85), yellow * rng.uniform(0.3, 0.55)),
        bumps * 0.3,
    )
    if rng.random() < 0.4:
        level = rng.uniform(0.1, 0.9)
        crust = noise.smoothstep(skin.rough(rng.uniform(4.0, 14.0), rng), level, level + 0.2) * bed
        skin.coat(crust * np.float32(0.9), (35.0, 20.0, 18.0), bumps * 0.6)
    rim = noise.smoothstep(np.abs(distance - 1.0), 0.14, 0.03)
    skin.tint(rim * np.float32(rng.uniform(0.2, 0.8)), (0.5, 0.25, 0.25))
    skin.shine(np.clip(0.5 + 0.5 * bumps, 0.0, 1.0), bed, rng)
    return bed


def _hole(skin: _Skin, rng: np.random.Generator) -> Mask:
    """A round hole, black in the middle, with a bruised and torn ring."""
    torn = np.float32(rng.uniform(0.05, 0.35)) * skin.rough(rng.uniform(12.0, 30.0), rng)
    radius = np.hypot(skin.along, skin.aside * np.float32(rng.uniform(0.85, 1.25))) * np.float32(1.3) + torn
    _halo(skin, radius, rng.uniform(0.3, 1.5), rng)
    ring = noise.smoothstep(radius, 1.1, 0.85)
    grain = skin.rough(40.0, rng) * np.float32(0.5)
    skin.coat(ring * np.float32(rng.uniform(0.7, 1.0)), _flesh(rng), grain)
    core = rng.uniform(0.4, 0.7)
    skin.coat(noise.smoothstep(radius, core, core * 0.7), (rng.uniform(15.0, 50.0), 3.0, 5.0))
    skin.shine(ring, ring, rng)
    return ring


_KINDS: tuple[Lesion, ...] = (_cut, _graze, _ulcer, _stitched, _hole)
_ODDS = (0.35, 0.22, 0.23, 0.1, 0.1)
