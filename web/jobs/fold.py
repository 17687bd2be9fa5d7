"""Samples of a job in; what is to be written down and told out. Pure.

A stored video that is taken up again after a restart is read from its beginning: what it gives is the same, so that the
frames that are known already only count. A live one goes on where it would be now.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inference.taxonomy import Taxonomy
from stream.sample import SourceInfo

from ..api.compat.answers import Frame
from ..store.job import JobFrame
from .grid import Grid
from .notices import OVER, Notices
from .objects import detail_of

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """What has come and is not written down yet."""

    frames: tuple[JobFrame, ...]
    notices: tuple[tuple[JobFrame, ...], ...]
    """For each callback that is owed, the frames that it is about."""
    operations: int
    """Frames of the job in all."""
    progress: float | None


class Fold:
    """Gathers what becomes of one job, between its opening and its end."""

    def __init__(
        self, *, interval_s: float, max_duration_s: float, detailed: bool, known: Sequence[JobFrame], live: bool
    ) -> None:
        """`known`: frames of an earlier run. `live`: what it is taken for until it is opened."""
        self._interval_s = interval_s
        self._most_ms = round(max_duration_s * 1000)
        self._detailed = detailed
        self._known = known
        self._skip = 0
        self._number = 0
        self._live = live
        self._grid: Grid | None = None
        self._notices = Notices()
        self._frames: list[JobFrame] = []
        self._owed: list[tuple[JobFrame, ...]] = []
        self._duration_s: float | None = None
        self._progress = None if live else 0.0
        self.reached = False
        """Its longest duration: nothing more is taken."""

    @property
    def begun(self) -> bool:
        return self._grid is not None

    def begin(self, info: SourceInfo, *, away_s: float) -> None:
        """It is open; `away_s` seconds have passed since its last known frame was written down."""
        first_point = 0
        if info.live:
            self._progress = None
            if self._known:
                last_s = self._known[-1].position_ms / 1000.0
                first_point = math.floor((last_s + max(away_s, 0.0)) / self._interval_s) + 1
                self._number = self._known[-1].number
        else:
            self._duration_s = info.duration_s
            self._progress = None if info.duration_s is None else 0.0
            self._skip = len(self._known)
        self._grid = Grid(
            self._interval_s,
            fills=not info.live,
            over=OVER,
            most_points=math.ceil(self._most_ms / 1000.0 / self._interval_s),
            first_point=first_point,
        )
        self._live = info.live

    def scored(self, position_s: float, gore: Taxonomy) -> bool:
        """One more sample; whether there is somebody to be told. `begin` comes first."""
        assert self._grid is not None, "it is not open"
        if self.reached:
            return False
        if self._duration_s:
            self._progress = round(min(position_s / self._duration_s, 1.0), _DECIMALS)
        return self._take(self._grid.add(position_s, gore))

    def finish(self, *, to_the_end: bool) -> None:
        """No more samples come; `to_the_end`: a stored video was read whole."""
        if self._grid is None or self.reached:
            return
        whole = to_the_end and not self._live
        self._take(self._grid.finish(self._duration_s if whole else None))
        if whole:
            self._progress = 1.0

    def batch(self) -> Batch:
        operations = max(self._number, len(self._known))
        return Batch(tuple(self._frames), tuple(self._owed), operations, self._progress)

    def written(self, batch: Batch) -> None:
        """What a batch had is kept now."""
        del self._frames[: len(batch.frames)]
        del self._owed[: len(batch.notices)]

    def _take(self, frames: Sequence[Frame]) -> bool:
        owed = len(self._owed)
        for frame in frames:
            if frame.position_ms >= self._most_ms:
                self.reached = True
                break
            self._number += 1
            kept = JobFrame(
                self._number,
                frame.position_ms,
                frame.gore.prob,
                detail_of(frame.gore) if self._detailed else None,
            )
            told = self._notices.add(kept)
            if self._number > self._skip:
                self._frames.append(kept)
                if told:
                    self._owed.append(told)
        return len(self._owed) > owed
