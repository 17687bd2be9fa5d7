"""How often live media is sampled: seldom while its picture stands still, often after a cut and when told to hurry."""

import math
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from stream.gop import Due
from stream.sampling import Sampler

Thumb = npt.NDArray[np.float32]
"""A picture's brightness in a few cells, 0 to 255."""

_CELL_CHANGED, _MEAN_CHANGED = 10.0, 1.5
"""Grain and the breathing of an encoder stay under both."""
_MEAN_CUT = 24.0
_TIMES_USUAL = 2.5
_USUAL_WEIGHT = 0.25
_CUT_HURRY_S = 1.0
_CUT_PAUSE_S = 4.0
"""From one cut that made it hurry to the next: a clip of nothing but cuts must not cost four times as much."""


class Verdict(Enum):
    """What becomes of a frame that was looked at."""

    PASS = auto()
    SAMPLE = auto()
    BOTH = auto()
    """It is a sample, and so is the one before it, which was passed over: the picture was the old one until there."""


class Picker:
    """Picks the frames of one media: looks at `fps` a second of media time, or at `max_fps` while it hurries.

    Without `adaptive` every look is a sample. With it, a look that shows what the last sample showed is passed over
    while nothing hurries, but a sample is taken every `calm_s` seconds (or at every look, where those are rarer).
    """

    def __init__(self, *, fps: float, max_fps: float, calm_s: float, adaptive: bool) -> None:
        """Raises ValueError unless the rates are positive and finite."""
        self.adaptive = adaptive
        self._slot_s = 1.0 / fps
        self._even = Sampler(fps)
        self._quick_slot_s = 1.0 / max(fps, max_fps)
        self._quick = Sampler(max(fps, max_fps))
        self._calm_s = calm_s
        self._now_s = 0.0
        self._hurry_until_s = -math.inf
        self._next_cut_s = -math.inf
        self._sampled_s = -math.inf
        self._sampled: Thumb | None = None
        self._looked: Thumb | None = None
        self._usual = 0.0
        self._passed = False

    @property
    def due(self) -> Due:
        """From which media second on a frame is wanted, and for how long any frame will do."""
        if self._now_s < self._hurry_until_s:
            return Due(self._quick.next_s, self._quick_slot_s, self._quick.last_s)
        return Due(self._even.next_s, self._slot_s, self._even.last_s)

    @property
    def hurry_s(self) -> float:
        """For how many seconds of media time it will hurry yet, because it was told to or saw a cut."""
        return max(0.0, self._hurry_until_s - self._now_s)

    def hurry(self, for_s: float) -> None:
        """Look at `max_fps` a second from now on for so many seconds of media time."""
        if self.adaptive:
            self._hurry_until_s = max(self._hurry_until_s, self._now_s + for_s)

    def looks(self, position_s: float) -> bool:
        """Whether the frame at this position is to be looked at. Positions must not fall."""
        self._now_s = position_s
        asked, other = (self._quick, self._even) if position_s < self._hurry_until_s else (self._even, self._quick)
        if not asked.due(position_s):
            return False
        other.taken(position_s)
        return True

    def look(self, position_s: float, thumb: Thumb) -> Verdict:
        """What becomes of a frame that `looks` has picked."""
        if self._cuts(thumb) and position_s >= self._next_cut_s:
            self._next_cut_s = position_s + _CUT_PAUSE_S
            self.hurry(_CUT_HURRY_S)
        changed = self._sampled is None or _differ(thumb, self._sampled)
        # The next look comes a slot later: that must not be too late.
        calm = position_s >= self._hurry_until_s and position_s + 0.99 * self._slot_s <= self._sampled_s + self._calm_s
        if calm and not changed:
            self._passed = True
            return Verdict.PASS
        both = changed and self._passed
        self._passed = False
        self._sampled, self._sampled_s = thumb, position_s
        return Verdict.BOTH if both else Verdict.SAMPLE

    def _cuts(self, thumb: Thumb) -> bool:
        """Whether it differs far more from the look before than looks did of late. A pan differs, but always."""
        before, self._looked = self._looked, thumb
        if before is None:
            return False
        if before.shape != thumb.shape:
            return True
        step = float(np.abs(thumb - before).mean())
        usual = self._usual
        self._usual += _USUAL_WEIGHT * (step - usual)
        return step >= _MEAN_CUT and step >= _TIMES_USUAL * usual


def _differ(one: Thumb, other: Thumb) -> bool:
    if one.shape != other.shape:
        return True
    apart = np.abs(one - other)
    return bool(apart.max() >= _CELL_CHANGED or apart.mean() >= _MEAN_CHANGED)
