"""Presentation stamps × time base to seconds of media time: missing, repeated, backward and jumping stamps too."""

import math
from dataclasses import dataclass
from fractions import Fraction

_NANO = 10**9
_FRAME_RANGE_S = (Fraction(1, 240), Fraction(10))
"""A declared rate outside this is a clock (90000 is common) or a mistake, and no frame rate."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a frame stands: seconds since the first one, and the epoch that it may be averaged within."""

    position_s: float
    epoch: int


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A stamp and its position over one denominator, so that any other stamp's place is arithmetic of integers."""

    stamp: int
    at: int
    tick: int
    denominator: int

    def numerator(self, pts: int) -> int:
        return self.at + (pts - self.stamp) * self.tick


class Timeline:
    """Places the frames of one media. Positions start at 0.0 and increase strictly, across epochs too.

    Within an epoch a position is exact: integer stamp × rational base, made a float only at the end. An epoch ends
    where the stamps cannot be the same clock any more (backward by more than `max_back_s`, forward by more than
    `max_jump_s`, or `restart`); the next one goes on one nominal frame after the last position.

    A frame whose stamp is repeated or a little backward is dropped and counted in `dropped`. After `max_dropped` of
    them in a row the stamps are taken to be broken, and frames are spaced by the nominal duration until a stamp
    advances again: a source must not be able to hide its frames behind a stamp that stands still.
    """

    def __init__(
        self,
        time_base: Fraction,
        *,
        frame_s: Fraction = Fraction(1, 25),
        max_back_s: float = 1.0,
        max_jump_s: float = 30.0,
        max_dropped: int = 50,
    ) -> None:
        """`frame_s` is the nominal duration of a frame, taken to be between 1/240 and 10 s.

        Raises ValueError if `time_base` is not positive.
        """
        self._time_base = _positive(time_base)
        self._frame_s = _plausible(frame_s)
        self._max_back_s = max_back_s
        self._max_jump_s = max_jump_s
        self._max_dropped = max_dropped
        self._anchor: _Anchor | None = None
        self._last: tuple[int, int] | None = None
        """The last position, numerator and denominator: a `Fraction` for every frame is dear."""
        self._last_s = 0.0
        self._epoch = 0
        self._fresh = True
        self._refused = 0
        self.dropped = 0
        """Frames refused for their stamp since the start."""

    def place(self, pts: int | None) -> Placed | None:
        """The place of the next frame in presentation order; None if the frame is to be dropped.

        `pts` is in units of the time base, None if the frame has no stamp.
        """
        if self._last is None:
            return self._put(Fraction(0), pts)
        if self._fresh:
            return self._new_epoch(pts)
        anchor = self._anchor
        if pts is None or anchor is None:
            return self._put(self._next, pts)
        numerator = anchor.numerator(pts)
        position_s = numerator / anchor.denominator
        step_s = position_s - self._last_s
        if step_s > self._max_jump_s or step_s < -self._max_back_s:
            return self._new_epoch(pts)
        if step_s <= 0:
            return self._refuse(pts)
        self._refused = 0
        self._last, self._last_s = (numerator, anchor.denominator), position_s
        return Placed(position_s, self._epoch)

    def restart(self, time_base: Fraction, *, frame_s: Fraction | None = None) -> None:
        """The source was reopened, looped or changed its time base: the next frame begins a new epoch.

        Raises ValueError as the constructor does.
        """
        self._time_base = _positive(time_base)
        if frame_s is not None:
            self._frame_s = _plausible(frame_s)
        self._fresh = True

    @property
    def _next(self) -> Fraction:
        """One nominal frame after the last position."""
        assert self._last is not None, "a frame was placed"
        return Fraction(*self._last) + self._frame_s

    def _new_epoch(self, pts: int | None) -> Placed:
        self._epoch += 1
        self._anchor = None
        self._refused = 0
        # Whole nanoseconds keep the denominators from growing with every change of base; rounded up, so never back.
        return self._put(Fraction(math.ceil(self._next * _NANO), _NANO), pts)

    def _refuse(self, pts: int) -> Placed | None:
        if self._refused < self._max_dropped:
            self._refused += 1
            self.dropped += 1
            return None
        if self._refused == self._max_dropped:
            self._refused += 1
            self._epoch += 1
        return self._put(self._next, pts)

    def _put(self, position: Fraction, anchor_pts: int | None) -> Placed:
        if anchor_pts is not None:
            self._anchor = _anchored(anchor_pts, position, self._time_base)
        self._last, self._last_s = position.as_integer_ratio(), float(position)
        self._fresh = False
        return Placed(self._last_s, self._epoch)


def _anchored(stamp: int, position: Fraction, time_base: Fraction) -> _Anchor:
    denominator = math.lcm(position.denominator, time_base.denominator)
    return _Anchor(
        stamp,
        position.numerator * (denominator // position.denominator),
        time_base.numerator * (denominator // time_base.denominator),
        denominator,
    )


def _positive(time_base: Fraction) -> Fraction:
    if time_base <= 0:
        raise ValueError(f"a time base must be positive, not {time_base}")
    return time_base


def _plausible(frame_s: Fraction) -> Fraction:
    low, high = _FRAME_RANGE_S
    return min(max(frame_s, low), high)
