"""Which frames of a video are answered: one for every multiple of the interval below the duration. Pure."""

from collections.abc import Sequence

from inference.looks import Look

from .answers import Frame

_STAMP_ROUNDING_S = 0.001
"""As the sampler has it: the frame of a point may lie a millisecond before it."""
_LAST_S = 0.1
"""A container's duration is that of its longest track: sound may go on a little after the last frame."""


def frames_at(looks: Sequence[Look], *, interval_s: float, duration_s: float) -> list[Frame]:
    """The highest look of each interval; where there is none, the one before it, which a player goes on showing."""
    by_point: dict[int, Look] = {}
    for look in looks:
        point = int((look.position_s + _STAMP_ROUNDING_S) / interval_s)
        if point not in by_point or look.gore.prob > by_point[point].gore.prob:
            by_point[point] = look
    if not by_point:
        return []
    frames = []
    shown = by_point[min(by_point)]
    point = 0
    while point <= max(by_point) or point * interval_s < duration_s - _LAST_S:
        shown = by_point.get(point, shown)
        frames.append(Frame(round(point * interval_s * 1000), shown.gore))
        point += 1
    return frames
