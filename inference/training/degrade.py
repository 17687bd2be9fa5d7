"""What live video does to a picture on its way from the scene to the detector, one thing at a time or in a chain.

A degradation takes uint8 H × W × 3 RGB of any size, a strength in [0, 1] (hardly seen to strong, yet a person still
sees what matters) and a generator, and gives the same shape and dtype. The same seed gives the same pixels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from inference.training import light, optics, transport
from inference.training.stains import Rgb

Degradation = Callable[[Rgb, float, np.random.Generator], Rgb]


@dataclass(frozen=True, slots=True)
class Stage:
    """A place in the chain: with probability `share` one of the degradations, drawn by weight."""

    share: float
    weights: Mapping[str, float]


UNTOUCHED_SHARE = 0.12
"""How many pictures pass the chain as they are."""

MOST_STRENGTH = 1.5
"""All strengths of a chain together: a stain that is dark, blurred, small and badly encoded is none any more."""

CHAIN = (
    # In the order in which it happens: the camera's place, its lens, the light, the sensor, the colourist, the encoder.
    Stage(0.16, {"tilted": 5, "perspective": 5, "sheared": 3, "turned": 2}),
    Stage(0.25, {"gaussian_blur": 4, "box_blur": 1, "motion_blur": 4, "defocus": 3}),
    Stage(0.55, {"gamma": 4, "contrast": 5, "low_light": 4, "over_exposed": 3, "haze": 2, "vignette": 2}),
    Stage(0.50, {"colour_cast": 3, "white_balance": 5, "pale": 3, "vivid": 3, "graded": 4}),
    Stage(0.03, {"night_vision": 2, "infrared": 1}),
    Stage(0.20, {"sensor_noise": 1}),
    Stage(0.10, {"interlaced": 3, "chroma_bleed": 4, "banded": 2, "moire": 2}),
    Stage(0.20, {"small_smooth": 4, "small_blocky": 1}),
    Stage(0.60, {"video_h264": 6, "video_vp8": 4, "video_mpeg2": 4, "jpeg": 7, "webp": 1}),
)

DEGRADATIONS: dict[str, Degradation] = {
    "gaussian_blur": optics.gaussian_blur,
    "box_blur": optics.box_blur,
    "motion_blur": optics.motion_blur,
    "defocus": optics.defocus,
    "tilted": optics.tilted,
    "turned": optics.turned,
    "perspective": optics.perspective,
    "sheared": optics.sheared,
    "gamma": light.gamma,
    "contrast": light.contrast,
    "sensor_noise": light.sensor_noise,
    "low_light": light.low_light,
    "over_exposed": light.over_exposed,
    "haze": light.haze,
    "vignette": light.vignette,
    "night_vision": light.night_vision,
    "infrared": light.infrared,
    "colour_cast": light.colour_cast,
    "white_balance": light.white_balance,
    "pale": light.pale,
    "vivid": light.vivid,
    "graded": light.graded,
    "small_smooth": transport.small_smooth,
    "small_blocky": transport.small_blocky,
    "chroma_bleed": transport.chroma_bleed,
    "interlaced": transport.interlaced,
    "banded": transport.banded,
    "moire": transport.moire,
    "video_h264": transport.video_h264,
    "video_vp8": transport.video_vp8,
    "video_mpeg2": transport.video_mpeg2,
    "jpeg": transport.jpeg,
    "webp": transport.webp,
}
"""All of them by name, so that an evaluation can apply exactly one."""


def degraded(picture: Rgb, rng: np.random.Generator, *, in_place: bool = False) -> Rgb:
    """The picture after a random chain, or as it was. `in_place` leaves the camera's place out: a mask still fits."""
    if rng.random() < UNTOUCHED_SHARE:
        return picture
    left = MOST_STRENGTH
    for stage in CHAIN[1:] if in_place else CHAIN:
        if rng.random() < stage.share:
            names = tuple(stage.weights)
            weights = np.array(tuple(stage.weights.values()), np.float64)
            name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
            # Weak ones more often than strong ones, for they add up.
            strength = min(left, float(rng.beta(1.2, 1.8)))
            left -= strength
            picture = DEGRADATIONS[name](picture, strength, rng)
    return picture
