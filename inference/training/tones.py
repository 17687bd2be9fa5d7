"""How the detector does on light and on dark skin: false positives and recall by the tone of the skin in a picture.

The tone is the individual typology angle of Chardon et al. (1991), ITA° = arctan((L* - 50) / b*) · 180 / π in CIELAB,
in their six groups: very light above 55°, light above 41°, intermediate above 28°, tan above 10°, brown above -30°, and
dark. It was meant for a colorimeter laid on the skin. Of a picture it says how light the skin looks, to which lamp,
exposure and colour balance add as much as the skin does. Looked at, faces are sorted roughly as people would; hands are
not: light-skinned people against a window are "dark", and a tattoo's ink and brown hair darken what is round them.
Beige walls, wood and sand pass for skin, and the red edge of a wound counts with the skin. Pink light hides skin, pale
or dark. So the groups sort pictures, not people, and a difference between neighbours says little; sources differ by
group as well, and with them what else is in the pictures.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from inference.evaluation.bootstrap import wilson
from inference.evaluation.metrics import CALLED, Flags, Floats
from inference.training.data import load_picture
from inference.training.picture import Picture
from inference.training.stains import Rgb

TONES: dict[str, float] = {
    "very light": 55.0,
    "light": 41.0,
    "intermediate": 28.0,
    "tan": 10.0,
    "brown": -30.0,
    "dark": -90.0,
}
"""The groups, light to dark, and above which angle in degrees each lies."""

SKIN = ("people_faces", "skin_hands", "skin_closeup", "skin_acne", "skin_tattoo")
"""The categories that show skin without gore."""
WOUNDS = "wound_"
"""How the names of the categories begin that show gore on skin."""

_MIDDLE = 0.6
"""Share of the width and height that is looked at: what a picture is of stands in its middle."""
_LEAST_SKIN = 0.15
"""Share of the middle that must be skin."""
_HUE_DEG = (35.0, 85.0)
_SATURATION = (0.1, 0.65)
_LIGHTNESS = (6.0, 94.0)

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_LINEAR_BELOW = (6.0 / 29.0) ** 3


def lab(rgb: Rgb) -> Floats:
    """CIELAB under D65, float64 … × 3, of sRGB, uint8 … × 3."""
    value = np.arange(256) / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)[rgb]
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > _LINEAR_BELOW, np.cbrt(xyz), xyz * (29.0 / 6.0) ** 2 / 3.0 + 4.0 / 29.0)
    return np.stack([116.0 * f[..., 1] - 16.0, 500.0 * (f[..., 0] - f[..., 1]), 200.0 * (f[..., 1] - f[..., 2])], -1)


def likely_skin(pixels: Floats) -> Flags:
    """Which pixels, CIELAB … × 3, may be skin: hue and saturation between those of rosy and of yellowish skin.

    Both are quotients in which the amount of light cancels (a*, b* and L* + 16 grow alike with it), so dark skin and
    skin in the shade pass as light skin does; fixed limits for Cb and Cr lose the darkest, as chroma shrinks with
    the light. Blood is too saturated, and what is nearly black or white has no hue to speak of.
    """
    lightness, red, yellow = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    hue = np.degrees(np.arctan2(yellow, red))
    saturation = np.hypot(red, yellow) / (lightness + 16.0)
    inside = [(hue, _HUE_DEG), (saturation, _SATURATION), (lightness, _LIGHTNESS)]
    found: Flags = np.logical_and.reduce([(low <= value) & (value <= high) for value, (low, high) in inside])
    return found


def tone(picture: Rgb) -> str | None:
    """The group of the skin in the middle of a picture, uint8 H × W × 3; None where too little looks like skin.

    Skin under a pink, blue or no colour at all is not found, be it light or dark.
    """
    height, width = picture.shape[:2]
    edge = (1.0 - _MIDDLE) / 2.0
    top, left = int(height * edge), int(width * edge)
    pixels = lab(picture[top : height - top, left : width - left])
    skin = likely_skin(pixels)
    if not skin.size or skin.mean() < _LEAST_SKIN:
        return None
    lightness, _, yellow = np.median(pixels[skin], axis=0)
    angle = float(np.degrees(np.arctan2(lightness - 50.0, yellow)))
    return next((name for name, above in TONES.items() if angle > above), None)


def by_tone(folder: Path, pictures: Sequence[Picture], prob: Floats) -> str:
    """Markdown tables: false positives on bare skin and recall on wounds at 0.5 by tone, with 95 % intervals.

    `prob` has one probability a picture, in their order. Pictures of other categories are passed over. Wilson's
    intervals take the pictures for independent; several of one person make them too narrow.
    """
    if len(prob) != len(pictures):
        raise ValueError(f"{len(prob)} probabilities for {len(pictures)} pictures: give one a picture")
    skin = _table(folder, pictures, prob, "false positives", lambda one: not one.gore and one.category in SKIN)
    wound = _table(folder, pictures, prob, "recall", lambda one: one.gore and one.category.startswith(WOUNDS))
    return f"{skin}\n\n{wound}"


def _table(
    folder: Path, pictures: Sequence[Picture], prob: Floats, figure: str, wanted: Callable[[Picture], bool]
) -> str:
    called: dict[str, list[bool]] = {name: [] for name in (*TONES, "no skin found")}
    for picture, value in zip(pictures, prob, strict=True):
        if wanted(picture):
            found = tone(np.asarray(load_picture(folder, picture), np.uint8))
            called[found or "no skin found"].append(bool(value >= CALLED))
    lines = [f"| skin | pictures | {figure} |", "| --- | ---: | ---: |"]
    for name, flags in called.items():
        lines.append(f"| {name} | {len(flags)} | {_share(flags)} |")
    return "\n".join(lines)


def _share(flags: Sequence[bool]) -> str:
    if not flags:
        return "–"
    share = sum(flags) / len(flags)
    interval = wilson(share, len(flags))
    return f"{share:.3f} ({interval.low:.3f} to {interval.high:.3f})"
