"""Counts of values by size, as Prometheus has histograms. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Histogram:
    """Values so far: how many, their sum, and how many were at most each of `bounds`."""

    bounds: tuple[float, ...]
    at_most: tuple[int, ...]
    count: int
    total: float


class Buckets:
    """Takes values one by one."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` rise."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def histogram(self) -> Histogram:
        """As it stands now."""
        at_most, below = [], 0
        for count in self._counts[:-1]:
            below += count
            at_most.append(below)
        return Histogram(self._bounds, tuple(at_most), below + self._counts[-1], self._total)
