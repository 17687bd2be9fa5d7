"""Places the samples of a job on the multiples of its interval, as they come. Pure.

What `api.compat.grid` does for a short video as a whole: a frame for every multiple, the highest sample of each.
"""

import math

from inference.taxonomy import Taxonomy

from ..api.compat.answers import Frame

_STAMP_ROUNDING_S = 0.001
"""As the sampler has it: the frame of a point may lie a millisecond before it."""
_LAST_S = 0.1
"""A container's duration is that of its longest track: sound may go on a little after the last frame."""


class Grid:
    """Fed in order of position. A frame is given once the next one's time has come, or at once if it is over `over`."""

    def __init__(self, interval_s: float, *, fills: bool, over: float, most_points: int, first_point: int = 0) -> None:
        """With `fills` a multiple without a sample has what was shown before it. Points count on from `first_point`.

        Holes are filled up to `most_points` alone: how long a file says that it is, and when its next picture is shown,
        may be as much as numbers can say.
        """
        self._interval_s = interval_s
        self._fills = fills
        self._over = over
        self._first_point = first_point
        self._most_points = most_points
        self._point = -1
        self._held: Taxonomy | None = None
        self._shown: Taxonomy | None = None

    def add(self, position_s: float, gore: Taxonomy) -> list[Frame]:
        """One more sample; the frames that are certain now."""
        point = math.floor((position_s + _STAMP_ROUNDING_S) / self._interval_s)
        if point <= self._point:
            if self._held is not None and gore.prob > self._held.prob:
                self._held = gore
            return []
        frames = [*self._release(), *self._filled(point, self._shown or gore)]
        self._point, self._held, self._shown = point, gore, gore
        return frames + self._release() if gore.prob > self._over else frames

    def finish(self, duration_s: float | None) -> list[Frame]:
        """The last frames: all up to a known duration, where holes are filled."""
        frames = self._release()
        if duration_s is not None and self._shown is not None:
            points = math.ceil((duration_s - _LAST_S) / self._interval_s)
            frames += self._filled(points, self._shown)
        return frames

    def _release(self) -> list[Frame]:
        if self._held is None:
            return []
        self._shown, self._held = self._held, None
        return [self._frame(self._point, self._shown)]

    def _filled(self, before_point: int, gore: Taxonomy) -> list[Frame]:
        first, before = self._point + 1, min(before_point, self._most_points)
        self._point = max(self._point, before - 1)
        return [self._frame(point, gore) for point in range(first, before)] if self._fills else []

    def _frame(self, point: int, gore: Taxonomy) -> Frame:
        return Frame(round((self._first_point + point) * self._interval_s * 1000), gore)
