"""From decoded frames to samples in the ring: where a worker's source meets the sampling policy.

Only frames that are sampled are converted. Stored media waits for room in the ring. Live media never waits: when all
its slots are with the service, the newest due frame is kept aside, and a newer one takes its place (`overload` drops).
"""

import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from stream.messages import Opened, Picked, Progress, Reports
from stream.options import SourceOptions
from stream.ring import SlotMemory, Slots
from stream.sample import Counters, Pixels, SourceInfo
from stream.sampling import Sampler
from stream.timeline import Placed, Timeline

_LIVE_SLOTS = 4
_STORED_SLOTS = 8
_WAIT_S = 0.5
_PROGRESS_EVERY_S = 1.0
_NOMINAL_FPS = 25.0


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
        self._sampler = Sampler(options.fps)
        self._reformatter = VideoReformatter()
        self._timeline: Timeline | None = None
        self._live = False
        self._opened = False
        self._info: SourceInfo | None = None
        self._pending: tuple[VideoFrame, Placed, float, int] | None = None
        self._frames = 0
        self._samples = 0
        self._numbers = 0
        self._overload = 0
        self._decode_errors = 0
        self._reported_s = clock()

    def begin(self, info: SourceInfo, time_base: Fraction, *, live: bool) -> None:
        """A source was opened, or opened again: its stamps start a new epoch."""
        self._info = info
        self._live = live
        frame_s = 1 / Fraction(info.fps or _NOMINAL_FPS).limit_denominator(1001)
        if self._timeline is None:
            self._timeline = Timeline(time_base, frame_s=frame_s)
        else:
            self._timeline.restart(time_base, frame_s=frame_s)

    def frame(self, frame: VideoFrame, *, decode_errors: int = 0) -> float | None:
        """Take one decoded frame. Returns its media seconds, None for one whose stamp cannot be used."""
        now_s = self._clock()
        timeline = self._timeline
        assert timeline is not None, "begin() comes before the first frame"
        self._frames += 1
        self._decode_errors = decode_errors
        if not self._opened:
            self._open(frame)
        placed = timeline.place(frame.pts)
        if placed is not None and self._sampler.due(placed.position_s):
            self._sample(frame, placed, now_s)
        elif self._pending is not None:
            self._flush_pending()
        self.progress(now_s)
        return None if placed is None else placed.position_s

    def finish(self) -> None:
        """No frame follows: what is pending gets its last chance, and the final counters are told."""
        if self._pending is not None:
            self._flush_pending(wait_s=_WAIT_S)
        self._reports.send(Progress(self._source, self._counters()))

    def progress(self, now_s: float) -> None:
        """Tell the service, once a second, that this source makes headway."""
        if now_s - self._reported_s >= _PROGRESS_EVERY_S:
            self._reported_s = now_s
            self._reports.send(Progress(self._source, self._counters()))

    def _open(self, frame: VideoFrame) -> None:
        info = self._info
        assert info is not None, "begin() comes before the first frame"
        # WebRTC, and some containers, tell the size only by the first frame.
        known = SourceInfo(
            codec=info.codec,
            width=frame.width,
            height=frame.height,
            fps=info.fps,
            live=self._live,
            duration_s=info.duration_s,
        )
        self._opened = True
        self._reports.send(Opened(self._source, known))

    def _sample(self, frame: VideoFrame, placed: Placed, now_s: float) -> None:
        number = self._numbers
        self._numbers += 1
        if not self._live:
            self._write_waiting(frame, placed, now_s, number)
            return
        if self._pending is not None:
            self._overload += 1
        self._pending = (frame, placed, now_s, number)
        self._flush_pending()

    def _write_waiting(self, frame: VideoFrame, placed: Placed, captured_s: float, number: int) -> None:
        while not self._stopped():
            slot = self._slots.take(self._source, at_most=_STORED_SLOTS, wait_s=_WAIT_S)
            if slot is not None:
                self._write(slot, frame, placed, captured_s, number)
                return
            self.progress(self._clock())

    def _flush_pending(self, wait_s: float = 0.0) -> None:
        assert self._pending is not None, "there is a pending frame"
        slot = self._slots.take(self._source, at_most=_LIVE_SLOTS, wait_s=wait_s)
        if slot is not None:
            pending, self._pending = self._pending, None
            self._write(slot, *pending)

    def _write(self, slot: int, frame: VideoFrame, placed: Placed, captured_s: float, number: int) -> None:
        target = self._memory.view(slot)
        height_px, width_px, _ = target.shape
        scaled = self._reformatter.reformat(
            frame, width=width_px, height=height_px, format="rgb24", interpolation=Interpolation.AREA, threads=1
        )
        np.copyto(target, _rgb(scaled))
        self._samples += 1
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

    def _counters(self) -> Counters:
        dropped = {"overload": self._overload} if self._overload else {}
        return Counters(frames=self._frames, samples=self._samples, decode_errors=self._decode_errors, dropped=dropped)


def _rgb(frame: VideoFrame) -> Pixels:
    """A view on an RGB frame's pixels; its rows may be padded."""
    plane = frame.planes[0]
    rows: Pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)
    return rows[:, : frame.width * 3].reshape(frame.height, frame.width, 3)
