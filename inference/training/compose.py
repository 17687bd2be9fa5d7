"""Ordinary pictures with blood on them, and the same with any other liquid.

Both go the same way (patterns, places, film), so that nothing but the liquid tells one from the other.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from inference.training import film, noise, patterns, placing, prints
from inference.training.patterns import Pattern
from inference.training.placing import Place
from inference.training.stains import Mask, Rgb

_ALL: tuple[tuple[Pattern, float], ...] = (
    (patterns.pool, 2.0),
    (patterns.spray, 1.6),
    (patterns.cast_off, 0.7),
    (patterns.drips, 1.8),
    (patterns.streams, 0.8),
    (patterns.soaked, 1.4),
    (patterns.patchy, 1.2),
    (patterns.smear, 1.4),
    (prints.hand, 0.8),
    (prints.foot, 0.5),
)
_FACE: tuple[tuple[Pattern, float], ...] = (
    (patterns.streams, 3.0),
    (patterns.drips, 1.2),
    (patterns.patchy, 2.2),
    (patterns.spray, 1.0),
    (patterns.smear, 0.8),
    (patterns.pool, 0.4),
    (prints.hand, 0.2),
)
_FINE = frozenset({patterns.spray, patterns.cast_off})
"""All small drops: too little to be seen at a small share, too little to cover a large one."""

_SPRINGS = ((0.5, 0.22), (0.38, 0.25), (0.62, 0.25), (0.5, 0.56), (0.47, 0.58), (0.5, 0.68), (0.35, 0.45), (0.65, 0.45))
"""Where blood runs from on a face in the middle of the picture: hairline, brows, nose, mouth, cheeks."""

_MOST_PATTERNS = 4
_TRIES = 3


def bloodied(
    picture: Rgb, rng: np.random.Generator, *, share: float, mask: Mask | None = None, face: bool = False
) -> tuple[Rgb, Mask]:
    """The picture with blood over about `share` of it, and where: float32 H × W in [0, 1].

    `mask` is a stain to use, such as one cut from a picture; without it one is drawn. `face` says that somebody's face
    or skin is in the middle. Where no try can be told from the ground by a person (too dark, too red, a picture of
    greys), the mask is 0 all over and the picture as it was: reject the view.
    """
    for attempt in range(0 if film.is_grey(picture) else _TRIES):
        stain = _stain(picture, rng, share, mask, face=face)
        liquid = film.blood(rng)
        # A faint one is tried again thicker, and elsewhere.
        liquid = replace(liquid, depth=max(liquid.depth, (0.0, 2.0, 4.0)[attempt]))
        result = film.poured(picture, stain, liquid, rng)
        if visible(picture, result, stain):
            return result, stain
    return picture.copy(), np.zeros(picture.shape[:2], np.float32)


def painted(picture: Rgb, rng: np.random.Generator, *, share: float, mask: Mask | None = None) -> Rgb:
    """The picture with other liquids over about `share` of it: paint, mud, ink, slime, oil. A negative."""
    kinds = int(rng.choice([1, 1, 1, 2, 3]))
    result = picture
    for number in range(kinds):
        stain = _stain(picture, rng, share / kinds, mask if number == 0 else None, face=rng.random() < 0.3)
        # Paint of an orange red is plain only beside another colour.
        colour = _bright_orange(rng) if number and rng.random() < 0.25 else harmless_colour(rng)
        for attempt in range(_TRIES):
            coated = film.poured(result, stain, film.coloured(colour, rng), rng)
            if not like_blood(picture, coated, stain):
                break
            # What warm light or a thin coat turned red: green and white stay harmless in any light.
            colour = harmless_colour(rng) if attempt == 0 else (90.0, 200.0, 110.0)
        else:
            continue
        result = coated
    return result


def like_blood(before: Rgb, after: Rgb, mask: Mask) -> bool:
    """Whether much of what was laid over the picture has a colour of blood, which it had not before.

    In a picture of greys that is whatever became plainly darker.
    """
    where = mask > placing.COVERED
    if not where.any():
        return False
    was, now = before[where].astype(np.float32), after[where].astype(np.float32)
    if film.is_grey(before):
        return float((now - was).mean()) < -18.0
    redder = _red_part(now) > 1.2 * _red_part(was)
    return float((_red(now) & redder).mean()) > 0.12


def _red_part(colours: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(colours[:, 0] / (colours.sum(axis=1) + 6.0), np.float32)


def _red(colours: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """N × 3 colours: which lie between the brown and the purple that blood can have."""
    red, green, blue = colours[:, 0], colours[:, 1], colours[:, 2]
    reddest = (red > 1.3 * green + 4.0) & (red > 1.12 * blue + 4.0)
    bright_orange = (red > 190.0) & (green > 0.42 * red) & (blue < 0.8 * green)
    return np.asarray(reddest & ~bright_orange & (red < 235.0))


def visible(before: Rgb, after: Rgb, mask: Mask) -> bool:
    """Whether a person would see that something is there: the smaller, the plainer it has to be."""
    found = placing.covered(mask)
    if found < 0.003 or film.is_grey(before):
        # Without colour nobody can tell a stain from a shadow.
        return False
    # Blood on raw meat, tomatoes or a red coat is seen by nobody.
    was_red = _red_part(before[mask > placing.COVERED].astype(np.float32)) > 0.53
    return float(was_red.mean()) < 0.5 and film.contrast(before, after, mask) > (60.0 if found < 0.03 else 38.0)


def _stain(picture: Rgb, rng: np.random.Generator, share: float, mask: Mask | None, *, face: bool) -> Mask:
    """A thickness for this picture that covers about `share` of it, from one pattern or several."""
    height, width = picture.shape[:2]
    total = np.zeros((height, width), np.float32)
    alone = rng.random() < 0.6
    for number in range(_MOST_PATTERNS):
        missing = share - placing.covered(total)
        if missing < 0.2 * share:
            break
        if mask is not None and number == 0:
            pattern, upright = placing.canvas_of(mask), False
        else:
            pattern, upright = drawn_pattern(rng, share, face=face)
        place = _face_place(rng, upright=upright) if face else placing.some_place(rng, upright=upright, central=False)
        within = placing.region_like(picture, place, rng) if rng.random() < 0.3 else None
        wanted = missing if alone or number else missing * rng.uniform(0.5, 1.0)
        total = np.maximum(total, placing.placed(pattern, wanted, place, height, width, within=within))
    return _focused(total, rng)


def _focused(mask: Mask, rng: np.random.Generator) -> Mask:
    """Sharp, out of focus or moved, as the ground may be; small stains stay sharp enough to be seen."""
    radius = rng.choice([0.0, 0.0, 0.5, 1.0]) * rng.uniform(0.3, 1.6)
    if radius > 0.2:
        mask = noise.blurred(mask, float(radius))
    if rng.random() < 0.08 and placing.covered(mask) > 0.03:
        reach, axis = int(rng.integers(2, 6)), int(rng.integers(2))
        mask = np.mean([np.roll(mask, step, axis=axis) for step in range(reach)], axis=0, dtype=np.float32)
    return mask


def drawn_pattern(rng: np.random.Generator, share: float, *, face: bool) -> tuple[Mask, bool]:
    """A pattern that suits the share, and whether it has to stay upright."""
    choice = [(pattern, weight) for pattern, weight in (_FACE if face else _ALL)]
    if share < 0.02 or share > 0.2:
        choice = [(pattern, weight) for pattern, weight in choice if pattern not in _FINE]
    weights = np.array([weight for _, weight in choice])
    pattern = choice[int(rng.choice(len(choice), p=weights / weights.sum()))][0]
    return pattern(rng), pattern in patterns.UPRIGHT


def _face_place(rng: np.random.Generator, *, upright: bool) -> Place:
    place = placing.some_place(rng, upright=upright, central=True)
    if not upright or rng.random() < 0.3:
        return place
    x, y = _SPRINGS[int(rng.integers(len(_SPRINGS)))]
    return replace(place, x=x + float(rng.normal(0.0, 0.03)), y=min(0.8, y + float(rng.uniform(0.05, 0.25))))


def harmless_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    """The colour (0 to 255) of paint, mud, ink, chocolate and the like: nothing near red, pink or reddish brown."""
    kind = rng.random()
    if kind < 0.6:
        hue = float(rng.uniform(32.0, 318.0))
        # A dark purple is too near to old blood.
        return _from_hue(hue, float(rng.uniform(0.35, 1.0)), float(rng.uniform(170.0 if hue > 285.0 else 70.0, 255.0)))
    if kind < 0.78:
        # Mud, chocolate, coffee: brown that leans to yellow.
        return _from_hue(
            float(rng.uniform(24.0, 45.0)), float(rng.uniform(0.35, 0.75)), float(rng.uniform(70.0, 170.0))
        )
    if kind < 0.9:
        level = float(rng.uniform(150.0, 255.0))
        return level, level * float(rng.uniform(0.95, 1.0)), level * float(rng.uniform(0.9, 1.0))
    if kind < 0.96:
        level = float(rng.uniform(5.0, 40.0))
        return level, level * float(rng.uniform(1.0, 1.2)), level * float(rng.uniform(1.05, 1.6))
    # A pink that leans to violet, as paint or cream is; thinned blood does not.
    green = float(rng.uniform(150.0, 195.0))
    return 250.0, green, green + float(rng.uniform(25.0, 50.0))


def _bright_orange(rng: np.random.Generator) -> tuple[float, float, float]:
    return _from_hue(float(rng.uniform(22.0, 34.0)), 0.95, float(rng.uniform(225.0, 255.0)))


def _from_hue(hue_deg: float, saturation: float, value: float) -> tuple[float, float, float]:
    sector = (hue_deg % 360.0) / 60.0
    channels = (5.0, 3.0, 1.0)
    red, green, blue = (
        value * (1.0 - saturation * max(0.0, min((k + sector) % 6.0, 4.0 - (k + sector) % 6.0, 1.0))) for k in channels
    )
    return red, green, blue
