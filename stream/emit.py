"""From decoded frames to samples in the ring: where a worker's source meets the sampling policy.

Only frames that are sampled are converted. Who waits when the service holds all of a source's slots:

- stored media waits for room;
- live media never does: the newest due frame is kept aside and a newer one takes its place (`overload` drops);
- live media that its server keeps (HLS, HTTP) comes in bursts: it waits like stored media until it lags too far behind
  the moment when it might have been sampled, and is live media until it has caught up.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from av.video.frame import VideoFrame

from stream.adaptive import Picker, Verdict
from stream.errors import DecodeFailed
from stream.gop import Due
from stream.lag import ErrorRate, Lag
from stream.messages import Opened, Picked, Progress, Reports
from stream.options import SourceOptions
from stream.ring import SlotMemory, Slots
from stream.sample import Counters, SourceInfo
from stream.scale import Scaler, thumbnail
from stream.timeline import Placed, Timeline

_LIVE_SLOTS = 4
_STORED_SLOTS = 8
_WAIT_S = 0.5
_PROGRESS_EVERY_S = 1.0
_NOMINAL_FPS = 25.0
_SLOWEST_FPS = 0.01
_MAX_LIVE_JUMP_S = 30.0
_MAX_LAG_S = 15.0
"""Of patient live media, beyond the least lag that it ever had: a segment or two."""


@dataclass(slots=True)
class _Counts:
    """What changes with every packet and frame. `Counters` are made of it when they are told, once a second."""

    packets: int = 0
    size_bytes: int = 0
    frames: int = 0
    samples: int = 0
    overload: int = 0
    decode_errors: int = 0
    fallbacks: int = 0
    lag_s: float | None = None

    def told(self) -> Counters:
        return Counters(
            packets=self.packets,
            size_bytes=self.size_bytes,
            frames=self.frames,
            samples=self.samples,
            dropped={"overload": self.overload} if self.overload else {},
            decode_errors=self.decode_errors,
            fallbacks=self.fallbacks,
            lag_s=self.lag_s,
        )


class Emitter:
    """One source's way into the ring. To be used by one thread, which keeps one scaling context."""

    def __init__(
        self,
        source: int,
        options: SourceOptions,
        *,
        memory: SlotMemory,
        slots: Slots,
        reports: Reports,
        stopped: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._memory = memory
        self._slots = slots
        self._reports = reports
        self._stopped = stopped
        self._clock = clock
        self._options = options
        self._picker = self._new_picker(adaptive=False)
        self._passed: tuple[VideoFrame, Placed, float] | None = None
        self._hurry_s = 0.0
        self._hurry_until_s = -math.inf
        self._scaler = Scaler()
        self._timeline: Timeline | None = None
        self._info: SourceInfo | None = None
        self._least_lag_s = math.inf
        self._pending: tuple[VideoFrame, Placed, float, int] | None = None
        self._opened = False
        self._numbers = 0
        self._counts = _Counts()
        self._reported_s = clock()
        self._lag = Lag()
        self._errors = ErrorRate(options.decode_errors_per_min)

    def begin(self, info: SourceInfo, time_base: Fraction) -> None:
        """A source was opened, or opened again: its stamps start a new epoch."""
        self._info = info
        frame_s = 1 / Fraction(max(info.fps or _NOMINAL_FPS, _SLOWEST_FPS)).limit_denominator(1001)
        if self._timeline is None:
            # A slide show may stand still for hours; what is live and jumps has a clock that is wrong.
            longest_s = max(_MAX_LIVE_JUMP_S, info.duration_s or 0.0)
            self._timeline = Timeline(time_base, frame_s=frame_s, max_jump_s=longest_s)
            # Of what is stored, everybody who looks must see the same samples.
            self._picker = self._new_picker(adaptive=self._options.adaptive and info.live)
        else:
            self._timeline.restart(time_base, frame_s=frame_s)

    def _new_picker(self, *, adaptive: bool) -> Picker:
        options = self._options
        return Picker(fps=options.fps, max_fps=options.max_fps, calm_s=options.calm_s, adaptive=adaptive)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of a sample."""
        height_px, width_px, _ = self._memory.view(0).shape
        return width_px, height_px

    @property
    def due(self) -> Due:
        """From which media second on a frame is wanted."""
        self._take_hurry()
        return self._picker.due

    @property
    def hurried(self) -> bool:
        """It was told to hurry, and what is due has not been asked for since."""
        return self._hurry_s > 0.0

    def hurry(self, for_s: float) -> None:
        """Sample at `max_fps` for so many seconds of media time, if the source is adaptive. From any thread."""
        self._hurry_s = for_s
        if self._options.adaptive:
            self._hurry_until_s = self._clock() + for_s

    @property
    def hurries(self) -> bool:
        """Whether it was told to hurry, or saw a cut, so lately that it still does. From any thread."""
        return self._clock() < self._hurry_until_s

    def _take_hurry(self) -> None:
        for_s, self._hurry_s = self._hurry_s, 0.0
        if for_s > 0.0:
            self._picker.hurry(for_s)

    @property
    def counters(self) -> Counters:
        """What it has come to so far."""
        return self._counts.told()

    def packet(self, size_bytes: int, decode_errors: int) -> None:
        """Take note of a packet and of the errors so far. Raises `DecodeFailed` for live media that has too many."""
        counts, now_s = self._counts, self._clock()
        counts.packets += 1
        counts.size_bytes += size_bytes
        counts.decode_errors = decode_errors
        if self._errors.exceeded(now_s, decode_errors) and self._info is not None and self._info.live:
            raise DecodeFailed("Too much of its video could not be decoded within a minute.")
        self._beat(now_s)

    def received(self, packets: int) -> None:
        """Take note of how many packets there were in all, where somebody else has read them."""
        self._counts.packets = packets

    def frame(self, frame: VideoFrame, *, decode_errors: int = 0, fallbacks: int = 0) -> float | None:
        """Take one decoded frame. Returns its media seconds, None for one whose stamp cannot be used."""
        now_s = self._clock()
        timeline, counts = self._timeline, self._counts
        assert timeline is not None, "begin() comes before the first frame"
        counts.frames += 1
        counts.decode_errors, counts.fallbacks = decode_errors, fallbacks
        if not self._opened:
            self._open(frame)
        placed = timeline.place(frame.pts)
        self._take_hurry()
        if placed is not None and self._info is not None and self._info.live:
            counts.lag_s = self._lag.at(now_s, placed.position_s, placed.epoch)
        if placed is not None and self._picker.looks(placed.position_s):
            self._look(frame, placed, now_s)
        elif self._pending is not None:
            self._flush_pending()
        self._beat(now_s)
        return None if placed is None else placed.position_s

    def finish(self) -> None:
        """No frame follows: what is pending gets its last chance, and the final counters are told."""
        if self._pending is not None:
            self._flush_pending(wait_s=_WAIT_S)
        self._reports.send(Progress(self._source, self.counters))

    def heartbeat(self) -> None:
        """Tell the service, once a second, that this source makes headway, or waits for what will come."""
        self._beat(self._clock())

    def _beat(self, now_s: float) -> None:
        if now_s - self._reported_s >= _PROGRESS_EVERY_S:
            self._reported_s = now_s
            self._reports.send(Progress(self._source, self.counters))

    def _open(self, frame: VideoFrame) -> None:
        assert self._info is not None, "begin() comes before the first frame"
        # Some containers tell the size only by the first frame.
        width, height = self._scaler.upright_size(frame)
        self._info = replace(self._info, width=width, height=height)
        self._opened = True
        self._reports.send(Opened(self._source, self._info))

    def _look(self, frame: VideoFrame, placed: Placed, now_s: float) -> None:
        picker = self._picker
        verdict = picker.look(placed.position_s, thumbnail(frame)) if picker.adaptive else Verdict.SAMPLE
        if picker.hurry_s > 0.0:
            # What decodes for it may have to decode more to give it frames that often.
            self._hurry_until_s = max(self._hurry_until_s, now_s + picker.hurry_s)
        if verdict is Verdict.PASS:
            self._passed = (frame, placed, now_s)
            return
        passed, self._passed = self._passed, None
        # A sample stands for the time since the one before it: a new picture must not stand for the old one's time.
        if verdict is Verdict.BOTH and passed is not None and passed[1].epoch == placed.epoch:
            self._sample(*passed)
        self._sample(frame, placed, now_s)

    def _sample(self, frame: VideoFrame, placed: Placed, now_s: float) -> None:
        number = self._numbers
        self._numbers += 1
        if self._waits(placed, now_s):
            self._write_waiting(frame, placed, now_s, number)
            return
        if self._pending is not None:
            self._counts.overload += 1
        self._pending = (frame, placed, now_s, number)
        self._flush_pending()

    def _waits(self, placed: Placed, now_s: float) -> bool:
        assert self._info is not None, "begin() comes before the first frame"
        if not self._info.patient:
            return not self._info.live
        lag_s = now_s - placed.position_s
        self._least_lag_s = min(self._least_lag_s, lag_s)
        return lag_s - self._least_lag_s <= _MAX_LAG_S

    def _write_waiting(self, frame: VideoFrame, placed: Placed, captured_s: float, number: int) -> None:
        if self._pending is not None:
            # It became patient again: what came before goes before.
            pending, self._pending = self._pending, None
            self._write_waiting(*pending)
        while not self._stopped():
            slot = self._slots.take(self._source, at_most=_STORED_SLOTS, wait_s=_WAIT_S, leaves_reserve=True)
            if slot is not None:
                self._write(slot, frame, placed, captured_s, number)
                return
            self.heartbeat()

    def _flush_pending(self, wait_s: float = 0.0) -> None:
        assert self._pending is not None, "there is a pending frame"
        slot = self._slots.take(self._source, at_most=_LIVE_SLOTS, wait_s=wait_s)
        if slot is not None:
            pending, self._pending = self._pending, None
            self._write(slot, *pending)

    def _write(self, slot: int, frame: VideoFrame, placed: Placed, captured_s: float, number: int) -> None:
        self._scaler.scale(frame, self._memory.view(slot))
        self._counts.samples += 1
        self._reports.send(
            Picked(
                source=self._source,
                slot=slot,
                number=number,
                position_s=placed.position_s,
                captured_s=captured_s,
                epoch=placed.epoch,
            )
        )
