"""How a still is animated: a camera that pans, zooms, turns and shakes over it, and light that flickers.

Every movement is a slow wave with a period and phase of its own, so that its speed does not depend on how long the
shot is, and a held shot does not come to rest.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

Affine = tuple[float, float, float, float, float, float]
"""Where the pixel (x, y) of a frame lies on the canvas: (a·x + b·y + c, d·x + e·y + f)."""

_MARGIN = 0.04
"""Of the canvas, kept at each side for turning and shaking."""
_MOST_TURN = math.radians(2.0)


@dataclass(frozen=True, slots=True)
class Wave:
    """A value that swings around `mid`."""

    mid: float
    reach: float
    period_s: float
    phase: float

    @classmethod
    def between(cls, low: float, high: float, period_s: tuple[float, float], rng: np.random.Generator) -> Self:
        """A wave that stays between two values, and may use only a part of the way."""
        ends = np.sort(rng.uniform(low, high, 2))
        mid, reach = float(ends.mean()), float(ends[1] - ends[0]) / 2.0
        return cls(mid, reach, float(rng.uniform(*period_s)), float(rng.uniform(0.0, 2.0 * math.pi)))

    def at(self, seconds: float) -> float:
        return self.mid + self.reach * math.sin(2.0 * math.pi * seconds / self.period_s + self.phase)


@dataclass(frozen=True, slots=True)
class Motion:
    """One shot's movement."""

    across: Wave
    """Where the view lies in the room that the zoom leaves, -1 to 1."""
    down: Wave
    zoom: Wave
    turn: Wave
    """Radians."""
    shake_across: Wave
    """In widths of the canvas."""
    shake_down: Wave
    light: Wave
    """Factor on the brightness."""

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, most_zoom: float) -> Self:
        """A random movement. The least of the still that is seen is 1 / `most_zoom`² of its canvas."""
        slow = (5.0, 20.0)
        gain = float(rng.uniform(0.75, 1.2))
        flicker = float(rng.uniform(0.0, 0.04))
        return cls(
            across=Wave.between(-1.0, 1.0, slow, rng),
            down=Wave.between(-1.0, 1.0, slow, rng),
            zoom=Wave.between(1.0 + 3.0 * _MARGIN, most_zoom, slow, rng),
            turn=Wave.between(-_MOST_TURN, _MOST_TURN, slow, rng),
            shake_across=Wave.between(-0.006, 0.006, (0.3, 1.3), rng),
            shake_down=Wave.between(-0.006, 0.006, (0.3, 1.3), rng),
            light=Wave.between(gain - flicker, gain + flicker, (0.15, 3.0), rng),
        )

    def view(self, seconds: float, *, canvas_px: tuple[int, int], frame_px: tuple[int, int]) -> Affine:
        """What is seen `seconds` into the shot; sizes are (width, height), of one shape."""
        (canvas_w, canvas_h), (frame_w, frame_h) = canvas_px, frame_px
        zoom, turn = self.zoom.at(seconds), self.turn.at(seconds)
        room = max(0.0, 0.5 - 0.5 / zoom - _MARGIN)
        centre_x = canvas_w * (0.5 + room * self.across.at(seconds) + self.shake_across.at(seconds))
        centre_y = canvas_h * (0.5 + room * self.down.at(seconds) + self.shake_down.at(seconds))
        scale = canvas_w / (frame_w * zoom)
        cos, sin = scale * math.cos(turn), scale * math.sin(turn)
        return (
            cos,
            -sin,
            centre_x - cos * frame_w / 2 + sin * frame_h / 2,
            sin,
            cos,
            centre_y - sin * frame_w / 2 - cos * frame_h / 2,
        )
