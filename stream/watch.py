"""One opening of a source, read with an eye on the clock: silence becomes a state, and after a while an end."""

from collections.abc import Callable

from stream.errors import SourceTimeout
from stream.lifecycle import SILENT, Silence
from stream.reading import reader_of
from stream.sample import Sample, Source, SourceInfo, State, Status

_LOOK_EVERY_S = 1.0
"""How often the counters are looked at: as often as they come."""
_STUCK_S = 10.0
"""A connection that is stalled for so long is given up for a new one."""


class Watched:
    """Items of one opening, with `STALLED` and `LIVE` in between. To be read by one task; ends by a final status.

    What is heard of a source is its packets and frames, sampled or not. Live sources alone are watched. Owns neither
    the source nor its samples.
    """

    def __init__(self, source: Source, *, stall_after_s: float, patience_s: float, clock: Callable[[], float]) -> None:
        """`patience_s`: how long a live playlist may stand still after it has stalled."""
        self._source = source
        self._stall_after_s = stall_after_s
        self._patience_s = patience_s
        self._clock = clock
        self._reader = reader_of(source)
        self._kept: Sample | None = None
        self._silence: Silence | None = None
        self._beat = (0, 0)
        self._state = State.CONNECTING
        self._gives_up_s = 0.0
        self.info: SourceInfo | None = None
        self.live_since_s: float | None = None

    @property
    def came_early(self) -> bool:
        """It gave its media faster than it plays, as live sources do not."""
        return self._silence is not None and self._silence.came_early

    async def next(self) -> Sample | Status:
        """The next item, or change of state; the latter comes first."""
        kept, self._kept = self._kept, None
        if kept is not None:
            return kept
        while True:
            item = await self._reader.next_within(self._wait_s())
            if item is not None:
                stalled = self._state is State.STALLED
                self._note(item)
                if stalled and isinstance(item, Sample):
                    self._kept = item
                    return self._resumed()
                return item
            status = self._look()
            if status is not None:
                return status

    async def aclose(self) -> None:
        """Stop reading. Idempotent."""
        await self._reader.aclose()

    def _wait_s(self) -> float | None:
        if self._silence is None:
            return None
        due_s = self._gives_up_s if self._state is State.STALLED else self._silence.stalled_at_s
        return min(max(due_s - self._clock(), 0.0), _LOOK_EVERY_S, self._stall_after_s)

    def _note(self, item: Sample | Status) -> None:
        now_s = self._clock()
        if isinstance(item, Sample):
            if self._silence is not None:
                self._silence.placed(now_s, item.position_s)
        elif item.info is not None:
            self.info = item.info
            self.live_since_s = now_s
            self._state = State.LIVE
            self._beat = self._heart()
            if item.info.live:
                self._silence = Silence(
                    now_s, stall_after_s=self._stall_after_s, patient=item.info.patient, fps=item.info.fps
                )

    def _look(self) -> Status | None:
        """What the clock and the counters say, if that is news."""
        silence = self._silence
        assert silence is not None, "only what is live is looked at"
        now_s = self._clock()
        beat, self._beat = self._beat, self._heart()
        if beat != self._beat:
            silence.heard(now_s)
        if self._state is State.STALLED:
            if now_s < silence.stalled_at_s:
                return self._resumed()
            return self._given_up() if now_s >= self._gives_up_s else None
        if now_s < silence.stalled_at_s:
            return None
        self._state = State.STALLED
        self._gives_up_s = now_s + (self._patience_s if self._is_patient else _STUCK_S)
        return Status(State.STALLED, reason=SILENT)

    def _resumed(self) -> Status:
        self._state = State.LIVE
        return Status(State.LIVE, info=self.info)

    def _heart(self) -> tuple[int, int]:
        """What changes whenever something is heard."""
        counters = self._source.counters()
        return counters.packets, counters.frames

    @property
    def _is_patient(self) -> bool:
        return self.info is not None and self.info.patient

    def _given_up(self) -> Status:
        if self._is_patient:
            return Status(State.ENDED)
        return Status(State.FAILED, failure=SourceTimeout("Nothing has come from it for too long.").failure())
