"""When the receiver of a job's callbacks is told of frames while the job runs: seldom. Pure."""

from ..store.job import JobFrame

OVER = 0.5
"""Frames whose prob is greater are told of."""
EVERY_MS = 10_000
"""Of media time, at least, between two callbacks about one run of such frames."""


class Notices:
    """Fed in order. Tells of a run of frames over the threshold when it begins, then at most every ten seconds."""

    def __init__(self) -> None:
        self._gathered: list[JobFrame] = []
        self._told_ms: int | None = None

    def add(self, frame: JobFrame) -> tuple[JobFrame, ...]:
        """The frames to tell of now: those of the run that were not told of yet, none most of the time."""
        if frame.prob <= OVER:
            self._gathered, self._told_ms = [], None
            return ()
        self._gathered.append(frame)
        if self._told_ms is not None and frame.position_ms - self._told_ms < EVERY_MS:
            return ()
        told, self._gathered, self._told_ms = tuple(self._gathered), [], frame.position_ms
        return told
