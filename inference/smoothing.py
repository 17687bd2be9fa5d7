"""Raw scores to prob: a time-weighted mean over a short window of unevenly spaced samples.

Each sample stands for the time since the sample before it. The weight of a moment fades linearly from 1 (now) to 0
(one window ago), a triangle: the newest samples count most, so that it alerts quickly, and a single outlier cannot
carry the mean. The weight of a sample is the area of the triangle over the time that it stands for.

The arithmetic at 2 samples a second and a window of 3 s: the area is 3 / 2 = 1.5; the newest sample covers ages
0 to 0.5 s, 0.5 - 0.5² / 6 = 0.4583 or 30.6 % of it; the two newest cover 1 - 1² / 6 = 0.8333 or 55.6 %. One outlier
of 0.95 among zeros gives 0.290 and stays under a threshold of 0.5; a second one in a row gives 0.528 and reaches it.
"""

import math
from collections import deque
from dataclasses import dataclass

_MAX_STRETCHES = 128
"""Most parts that a window is held in; neighbours are merged beyond that (30 samples/s over more than 4 s)."""


@dataclass(frozen=True, slots=True)
class Smoothed:
    """`prob` in [0, 1] over the `samples` that the window holds."""

    prob: float
    samples: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of media time that ends at `position_s`, and the score that stands for it."""

    position_s: float
    length_s: float
    raw: float
    samples: int = 1


class Window:
    """The smoothing of one media. Its cost is that of the samples in the window, which is bounded."""

    def __init__(self, seconds: float) -> None:
        """Raises ValueError unless `seconds` is positive and finite."""
        if not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"a window must have a positive length, not {seconds}")
        self._seconds = seconds
        self._epoch = 0
        self._stretches: deque[_Stretch] = deque()

    def add(self, position_s: float, epoch: int, raw: float) -> Smoothed:
        """The smoothed score at a new sample.

        A new epoch, or a gap longer than the window, starts afresh with prob = raw: nothing is averaged across it.
        Raises ValueError for a score outside [0, 1] and for a position that does not lie after the last one.
        """
        if not 0.0 <= raw <= 1.0:
            raise ValueError(f"a raw score must be in [0, 1], not {raw}")
        stretches = self._stretches
        elapsed_s = position_s - stretches[-1].position_s if stretches else math.inf
        if elapsed_s <= 0:
            raise ValueError(f"position {position_s} does not lie after the one before it")
        if epoch != self._epoch or elapsed_s > self._seconds:
            self._epoch = epoch
            stretches.clear()
            elapsed_s = 0.0
        elif len(stretches) == 1 and stretches[0].length_s == 0.0:
            # Nothing came before the first sample of a span: it stands for as long as the second one does.
            stretches[0] = _Stretch(stretches[0].position_s, elapsed_s, stretches[0].raw)
        stretches.append(_Stretch(position_s, elapsed_s, raw))
        while position_s - stretches[0].position_s >= self._seconds:
            stretches.popleft()
        if len(stretches) > _MAX_STRETCHES:
            self._stretches = _halved(stretches)
        return self._mean(position_s)

    def _mean(self, now_s: float) -> Smoothed:
        stretches = self._stretches
        if len(stretches) == 1:
            return Smoothed(stretches[0].raw, stretches[0].samples)
        total = weighted = 0.0
        low, high, samples = 1.0, 0.0, 0
        for stretch in stretches:
            age_s = now_s - stretch.position_s
            weight = self._area(age_s + stretch.length_s) - self._area(age_s)
            total += weight
            weighted += weight * stretch.raw
            low, high = min(low, stretch.raw), max(high, stretch.raw)
            samples += stretch.samples
        # Rounding must not carry a mean out of its values: a constant score gives exactly itself.
        return Smoothed(min(max(weighted / total, low), high), samples)

    def _area(self, age_s: float) -> float:
        """Area of the triangle between now and `age_s` ago, in seconds."""
        age_s = min(age_s, self._seconds)
        return age_s - age_s * age_s / (2 * self._seconds)


def _halved(stretches: deque[_Stretch]) -> deque[_Stretch]:
    """Every two neighbours as one with their mean, the newest left alone if their number is odd."""
    merged: deque[_Stretch] = deque()
    pairs = iter(stretches)
    for older in pairs:
        newer = next(pairs, None)
        if newer is None:
            merged.append(older)
            break
        length_s = older.length_s + newer.length_s
        raw = (older.raw * older.length_s + newer.raw * newer.length_s) / length_s
        merged.append(_Stretch(newer.position_s, length_s, min(max(raw, 0.0), 1.0), older.samples + newer.samples))
    return merged
