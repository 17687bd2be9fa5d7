"""The scores of one media over time, in bounded memory and without losing a peak."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Point:
    """One sample's scores, both in [0, 1]."""

    position_s: float
    raw: float
    prob: float


_NUMBERS = 3


class ScoreHistory:
    """Every sample of a short media; of a long one evenly spread extremes, never more than `limit` points.

    Each time it is full, every four neighbours leave their two most telling points, and from then on so do twice as
    many new samples: the resolution is the same from the first second to the last.

    Points are kept as bare numbers: as objects, those of a thousand streams are a gigabyte, which Python's search for
    garbage goes through again and again.
    """

    def __init__(self, limit: int = 7200) -> None:
        """Raises ValueError for a limit under 8 or no multiple of 4."""
        if limit < 8 or limit % 4:
            raise ValueError(f"limit must be a multiple of 4 and at least 8, not {limit}")
        self._limit = limit
        self._kept = array("d")
        """Position, raw and prob of each, one after the other."""
        self._bucket: list[Point] = []
        self._in_bucket = 0
        self._per_bucket = 1

    def add(self, point: Point) -> None:
        """Points come in order of position."""
        self._bucket = _extremes([*self._bucket, point])
        self._in_bucket += 1
        if self._in_bucket < self._per_bucket:
            return
        for kept in _telling(self._bucket):
            self._kept.extend((kept.position_s, kept.raw, kept.prob))
        self._bucket = []
        self._in_bucket = 0
        if len(self._kept) >= _NUMBERS * self._limit:
            self._kept = _thinned(self._kept)
            self._per_bucket = max(4, 2 * self._per_bucket)

    def points(self) -> list[Point]:
        """In order of position."""
        kept = np.frombuffer(self._kept).reshape(-1, _NUMBERS).tolist()
        return [*(Point(position_s, raw, prob) for position_s, raw, prob in kept), *_telling(self._bucket)]


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


def _thinned(kept: "array[float]") -> "array[float]":
    """Of every four neighbours those that `_telling` names, without a loop: of many streams all are full at once.

    Up to three that are left over stay.
    """
    whole = len(kept) - len(kept) % (4 * _NUMBERS)
    fours: npt.NDArray[np.float64] = np.frombuffer(kept[:whole]).reshape(-1, 4, _NUMBERS)
    raw, prob = fours[..., 1], fours[..., 2]
    top, low = prob.argmax(axis=1), prob.argmin(axis=1)
    top_raw = np.where(raw == raw.max(axis=1, keepdims=True), prob, -1.0).argmax(axis=1)
    other = np.where(top_raw == top, low, top_raw)
    first, second = np.minimum(top, other), np.maximum(top, other)
    every = np.arange(len(fours))
    both = np.stack([fours[every, first], fours[every, second]], axis=1)
    there = np.stack([np.full(len(fours), True), first != second], axis=1)
    return array("d", both[there].tobytes()) + kept[whole:]


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
