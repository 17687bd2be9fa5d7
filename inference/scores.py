"""The scores of one media over time, in bounded memory and without losing a peak."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One sample's scores, both in [0, 1]."""

    position_s: float
    raw: float
    prob: float


class ScoreHistory:
    """Every sample of a short media; of a long one evenly spread extremes, never more than `limit` points.

    Each time it is full, every four neighbours leave their two most telling points, and from then on so do twice as
    many new samples: the resolution is the same from the first second to the last.
    """

    def __init__(self, limit: int = 7200) -> None:
        """Raises ValueError for a limit under 8 or no multiple of 4."""
        if limit < 8 or limit % 4:
            raise ValueError(f"limit must be a multiple of 4 and at least 8, not {limit}")
        self._limit = limit
        self._kept: list[Point] = []
        self._bucket: list[Point] = []
        self._in_bucket = 0
        self._per_bucket = 1

    def add(self, point: Point) -> None:
        """Points come in order of position."""
        self._bucket = _extremes([*self._bucket, point])
        self._in_bucket += 1
        if self._in_bucket < self._per_bucket:
            return
        self._kept += _telling(self._bucket)
        self._bucket = []
        self._in_bucket = 0
        if len(self._kept) >= self._limit:
            self._kept = [kept for at in range(0, self._limit, 4) for kept in _telling(self._kept[at : at + 4])]
            self._per_bucket = max(4, 2 * self._per_bucket)

    def points(self) -> list[Point]:
        """In order of position."""
        return [*self._kept, *_telling(self._bucket)]


def downsample(points: Sequence[Point], max_points: int) -> list[Point]:
    """At most `max_points` of the points, evenly spread, with the highest prob and the highest raw score among them.

    Raises ValueError for fewer than 2.
    """
    if max_points < 2:
        raise ValueError(f"at least 2 points are needed to keep the peaks, not {max_points}")
    if len(points) <= max_points:
        return list(points)
    parts = max_points // 2
    edges = [len(points) * part // parts for part in range(parts + 1)]
    return [point for at in range(parts) for point in _telling(points[edges[at] : edges[at + 1]])]


def _extremes(points: Sequence[Point]) -> list[Point]:
    """The points with the highest prob, the highest raw score and the lowest prob, in order, without repeats."""
    if len(points) <= 1:
        return list(points)
    return _in_order(_top_prob(points), _top_raw(points), _low_prob(points))


def _telling(points: Sequence[Point]) -> list[Point]:
    """The two points that say most: both peaks if they are two, otherwise the peak and the lowest prob."""
    if len(points) <= 2:
        return list(points)
    top, raw = _top_prob(points), _top_raw(points)
    return _in_order(top, raw if raw is not top else _low_prob(points))


def _top_prob(points: Sequence[Point]) -> Point:
    return max(points, key=lambda point: point.prob)


def _top_raw(points: Sequence[Point]) -> Point:
    # Of equal ones the one with the higher prob, so that one point can be both peaks.
    return max(points, key=lambda point: (point.raw, point.prob))


def _low_prob(points: Sequence[Point]) -> Point:
    return min(points, key=lambda point: point.prob)


def _in_order(*points: Point) -> list[Point]:
    return sorted(set(points), key=lambda point: point.position_s)
