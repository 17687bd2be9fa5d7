"""A judge whose samples somebody else hears of, as they were judged. Pure."""

from collections.abc import Callable

from inference.events import Event
from inference.judge import Judge, Scored
from inference.summary import Summary
from stream.errors import Failure
from stream.sample import Status

from ..store.blocks import Judged


class HeardJudge:
    """An `inference.pipeline.Judging`. `hear` is called with every sample that was judged, and must not block."""

    def __init__(self, judge: Judge, *, hear: Callable[[Judged], None]) -> None:
        self._judge = judge
        self._hear = hear

    @property
    def rising(self) -> bool:
        return self._judge.rising

    def feed(self, what: Scored | Status) -> list[Event]:
        before = self._judge.latest
        events = self._judge.feed(what)
        reading = self._judge.latest
        if isinstance(what, Scored) and reading is not None and reading is not before:
            self._hear(Judged(what.position_s, what.epoch, what.raw, reading.prob))
        return events

    def finish(self, timestamp_s: float, failure: Failure | None = None) -> list[Event]:
        return self._judge.finish(timestamp_s, failure)

    def summary(self, timestamp_s: float) -> Summary:
        return self._judge.summary(timestamp_s)
