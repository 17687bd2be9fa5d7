"""Things that lie over or around a picture on a screen, one at a time or several: none of them changes its label.

What is drawn over a picture leaves its middle free and covers a quarter of it at most; what lies around it squashes the
whole picture into the rest. Much of it is red, in gore and in ordinary pictures alike, so that red alone means nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inference.training import broadcast, frames, screens
from inference.training.canvas import Canvas
from inference.training.stains import Rgb

Overlay = Callable[[Rgb, np.random.Generator, Rgb | None], Rgb]
"""Takes uint8 H × W × 3 RGB, a generator, and another, ordinary picture of any size or None; the shape stays."""


@dataclass(frozen=True, slots=True)
class Painted:
    """Something drawn over the picture: how often it is the one that is drawn, and the most that it covers."""

    paint: Callable[[Canvas, np.random.Generator], None]
    weight: float
    most_covered: float


@dataclass(frozen=True, slots=True)
class Framed:
    """Something around the picture; a tight one leaves so little room that nothing more may be drawn over it."""

    frame: Overlay
    weight: float
    tight: bool = False


FRAMED_SHARE, PAINTED_SHARE, INSET_SHARE = 0.30, 0.40, 0.06
"""How many pictures get a frame, things drawn over them, another picture in a corner; some get all, half get none."""
MOST_COVERED = 0.25
_MOST_PAINTED = 3

FRAMED = {
    "letterbox": Framed(frames.letterbox, 6),
    "pillarbox": Framed(frames.pillarbox, 5),
    "blurred_bars": Framed(frames.blurred_bars, 4),
    "window": Framed(frames.window, 3, tight=True),
    "split": Framed(frames.split, 3, tight=True),
    "border": Framed(frames.border, 4),
    "rim": Framed(frames.rim, 4),
}

PAINTED = {
    "banner": Painted(broadcast.banner, 5, 0.18),
    "ticker": Painted(broadcast.ticker, 3, 0.09),
    "subtitles": Painted(broadcast.subtitles, 4, 0.14),
    "live_badge": Painted(broadcast.live_badge, 5, 0.03),
    "channel_bug": Painted(broadcast.channel_bug, 4, 0.03),
    "watermark": Painted(broadcast.watermark, 3, 0.10),
    "camera": Painted(broadcast.camera, 4, 0.08),
    "chat_column": Painted(screens.chat_column, 4, 0.245),
    "chat_bubbles": Painted(screens.chat_bubbles, 4, 0.16),
    "game_hud": Painted(screens.game_hud, 7, 0.17),
    "app": Painted(screens.app, 5, 0.22),
    "emoji": Painted(screens.emoji, 4, 0.06),
    "pointers": Painted(screens.pointers, 3, 0.10),
    "cursor": Painted(screens.cursor, 2, 0.01),
}


def _alone(painted: Painted) -> Overlay:
    def overlay(picture: Rgb, rng: np.random.Generator, _: Rgb | None = None) -> Rgb:
        canvas = Canvas.over(picture, rng)
        painted.paint(canvas, rng)
        return canvas.finished()

    return overlay


OVERLAYS: dict[str, Overlay] = {
    **{name: framed.frame for name, framed in FRAMED.items()},
    **{name: _alone(painted) for name, painted in PAINTED.items()},
    "picture_in_picture": frames.picture_in_picture,
}
"""All of them by name, so that an evaluation can apply exactly one."""


def overlaid(picture: Rgb, rng: np.random.Generator, other: Rgb | None = None, *, in_place: bool = False) -> Rgb:
    """The picture with what a screen may put over and around it, or as it was.

    `other` must be an ordinary picture: it may be seen beside this one. With `in_place` nothing comes around the
    picture, so that a mask of it still fits.
    """
    framed = None
    if not in_place and rng.random() < FRAMED_SHARE:
        weights = np.array([entry.weight for entry in FRAMED.values()])
        framed = tuple(FRAMED.values())[int(rng.choice(len(weights), p=weights / weights.sum()))]
    after = framed is not None and (framed.tight or rng.random() < 0.5)
    if framed is not None and not after:
        picture = framed.frame(picture, rng, other)
    room = MOST_COVERED
    if rng.random() < INSET_SHARE:
        picture = frames.picture_in_picture(picture, rng, other)
        room -= 0.1
    if rng.random() < PAINTED_SHARE:
        picture = _painted(picture, room, rng)
    return framed.frame(picture, rng, other) if framed is not None and after else picture


def _painted(picture: Rgb, room: float, rng: np.random.Generator) -> Rgb:
    """The picture with one to three things drawn on it that cover no more than `room` together."""
    entries = tuple(PAINTED.values())
    weights = np.array([entry.weight for entry in entries])
    canvas = Canvas.over(picture, rng)
    wanted = int(rng.integers(1, _MOST_PAINTED + 1))
    for index in rng.choice(len(entries), wanted, replace=False, p=weights / weights.sum()):
        entry = entries[int(index)]
        if entry.most_covered <= room:
            entry.paint(canvas, rng)
            room -= entry.most_covered
    return canvas.finished()
