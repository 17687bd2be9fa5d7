"""Which frames become samples: the first one at or after each point of a grid in media time."""

import math

_STAMP_ROUNDING_S = 0.001
"""Containers that count milliseconds put a frame up to half of one before its true place."""


class Sampler:
    """Picks `fps` frames per second of media time from frames at any rate, regular or not.

    Media time is cut into slots of 1 / fps seconds from zero on and each slot gives at most one sample, so that the
    rate is exact in the long run and never higher. A slot that stayed empty may be made up for by a second sample in
    the very next one (a camera that trembles around the sampling rate loses nothing by it), but no further back, and
    two samples are never closer than half a slot: there is no burst after a gap. It knows positions only: a new
    epoch or picture size changes nothing.
    """

    def __init__(self, fps: float) -> None:
        """Raises ValueError unless `fps` is positive and finite."""
        if not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"fps must be a positive number, not {fps}")
        self._fps = fps
        self._next_slot = 0
        self._last_s: float | None = None

    @property
    def last_s(self) -> float:
        """Where the last sample was taken."""
        return -math.inf if self._last_s is None else self._last_s

    @property
    def next_s(self) -> float:
        """No frame before this position is due."""
        if self._last_s is None:
            return -math.inf
        return max(self._next_slot / self._fps - _STAMP_ROUNDING_S, self._last_s + 0.5 / self._fps)

    def taken(self, position_s: float) -> None:
        """A frame became a sample although nobody asked here: its slot has its sample."""
        slot = math.floor((position_s + _STAMP_ROUNDING_S) * self._fps)
        self._next_slot = max(self._next_slot, slot + 1)
        self._last_s = position_s

    def due(self, position_s: float) -> bool:
        """Whether the frame at this position is to be a sample; the first one always is. Positions must not fall."""
        slot = math.floor((position_s + _STAMP_ROUNDING_S) * self._fps)
        if self._last_s is None:
            self._next_slot = slot + 1
        elif slot < self._next_slot or (position_s - self._last_s) * self._fps < 0.5:
            return False
        else:
            missed_one = slot == self._next_slot + 1
            self._next_slot = slot if missed_one else slot + 1
        self._last_s = position_s
        return True
