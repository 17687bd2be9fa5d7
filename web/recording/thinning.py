"""The scores of a media read block by block: how many there are, the highest, and points that show them all. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.scores import Point, ScoreHistory, downsample

from ..store.blocks import samples_of

_MOST_POINTS = 20_000
"""Read before they are thinned out, at least twice as many as anybody may ask for."""


@dataclass(frozen=True, slots=True)
class Series:
    """Scores over time."""

    points: tuple[Point, ...]
    samples: int
    """That the points stand for."""
    prob: float | None
    """The highest; None without a sample."""


class Thinner:
    """Takes the blocks of a range in order and holds a bounded number of points, with the highest prob and raw."""

    def __init__(self, *, samples: int, blocks: int, from_s: float = -math.inf, to_s: float = math.inf) -> None:
        """`samples` and `blocks` say about how many will be taken; from one position to another, both included."""
        self._from_s = from_s
        self._to_s = to_s
        self._of_each = None if samples <= _MOST_POINTS else max(2, _MOST_POINTS // max(1, blocks))
        # With room beyond what is expected, so that it thins out in the middle only what came unexpected.
        self._history = ScoreHistory(2 * _MOST_POINTS)
        self._last_s = -math.inf
        self._samples = 0
        self._prob: float | None = None

    def take(self, blocks: Sequence[bytes], *, damaged: Callable[[ValueError], None]) -> None:
        """The next blocks; `damaged` is told of those that are none."""
        for block in blocks:
            points = [
                Point(sample.position_s, sample.raw, sample.prob)
                for sample in samples_of([block], damaged=damaged)
                if self._from_s <= sample.position_s <= self._to_s and sample.position_s > self._last_s
            ]
            if points:
                self._last_s = points[-1].position_s
                self._samples += len(points)
                highest = max(point.prob for point in points)
                self._prob = highest if self._prob is None else max(self._prob, highest)
                for point in points if self._of_each is None else downsample(points, self._of_each):
                    self._history.add(point)

    def series(self, max_points: int) -> Series:
        """At most so many points, at least 2."""
        return Series(tuple(downsample(self._history.points(), max_points)), self._samples, self._prob)
