"""The ways of taking one sample a second from a clip that `bench ingest` compares: ours, a bare PyAV loop, OpenCV's."""

import importlib
import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol, cast

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from stream.address import parse
from stream.emit import Emitter
from stream.messages import Alive, Answered, Done, Opened, Picked, Progress, Ready, Reports, Restarted
from stream.options import SourceOptions
from stream.pull import pull
from stream.ring import SlotMemory, Slots, create_memory_fd, memory_bytes
from stream.sample import Counters

SIDE_PX = 224
FPS = 1.0
"""Samples a second."""
_SLOTS = 8
_ROUNDING = 1e-3

Bare = Literal["all", "partial", "nonref", "keyframes"]
_SKIPS: dict[Bare, Literal["NONREF", "NONKEY"]] = {"nonref": "NONREF", "keyframes": "NONKEY"}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of all threads from where measuring begins, and the samples or frames of the whole reading."""

    cpu_s: float
    samples: int


class Meter:
    """CPU seconds of this process since a position of the media was reached.

    The first GOP of a live source is read before anything is known of it: over a short clip that would weigh too much.
    """

    def __init__(self, from_s: float) -> None:
        self._from_s = from_s
        self._since_s: float | None = None

    def at(self, position_s: float) -> None:
        if self._since_s is None and position_s >= self._from_s - _ROUNDING:
            self._since_s = time.process_time()

    def cpu_s(self) -> float:
        assert self._since_s is not None, "the clip is longer than what is left out of it"
        return time.process_time() - self._since_s


class Sink(Reports):
    """The service's end of a ring, in the same process: takes samples and gives their slots back at once."""

    def __init__(
        self, slots: Slots, *, sampled: Callable[[float], None], answered: Callable[[str], None] | None = None
    ) -> None:
        self._slots = slots
        self._sampled = sampled
        self._answered = answered
        self.samples = 0
        self.counters = Counters()

    def send(self, report: Ready | Alive | Answered | Restarted | Opened | Picked | Progress | Done) -> None:
        match report:
            case Picked(slot=slot, position_s=position_s):
                self.samples += 1
                self._slots.give_back(slot)
                self._sampled(position_s)
            case Progress(counters=counters):
                self.counters = counters
            case Answered(answer=answer):
                if self._answered is not None:
                    self._answered(answer)


class Way:
    """A worker's way into a ring, for one source: what a thread of it would have."""

    def __init__(
        self,
        decode: Literal["auto", "all", "keyframes"],
        *,
        sampled: Callable[[float], None] = lambda _: None,
        answered: Callable[[str], None] | None = None,
    ) -> None:
        """`sampled` is told the position of every sample, `answered` the answer to a WebRTC offer."""
        memory_fd = create_memory_fd(memory_bytes(slots=_SLOTS, height_px=SIDE_PX, width_px=SIDE_PX))
        memory = SlotMemory(memory_fd, slots=_SLOTS, height_px=SIDE_PX, width_px=SIDE_PX)
        os.close(memory_fd)
        slots = Slots(_SLOTS)
        self.options = SourceOptions(fps=FPS, decode=decode, trusted=True, paced=True)
        self.stop = threading.Event()
        self.sink = Sink(slots, sampled=sampled, answered=answered)
        self.emitter = Emitter(0, self.options, memory=memory, slots=slots, reports=self.sink, stopped=self.stop.is_set)


def ours(clip: Path, decode: Literal["auto", "all", "keyframes"], *, from_s: float = 0.0) -> Cost:
    """A worker's path from the address to the ring, as for a live source, as fast as it goes."""
    meter = Meter(from_s)
    way = Way(decode, sampled=meter.at)
    # By a clock on which hours pass between two packets, none has to wait for its time.
    hours = itertools.count(0.0, 3600.0)
    pull(parse(str(clip)), way.options, way.emitter, way.stop, clock=lambda: next(hours))
    return Cost(meter.cpu_s(), way.sink.samples)


def bare(clip: Path, way: Bare, *, from_s: float = 0.0, scaled: bool = False) -> Cost:
    """PyAV alone, decoding and nothing else: what our own choice of packets is measured against.

    With `scaled` the first frame of each sampling period is brought to the model's size, too.
    """
    meter = Meter(from_s)
    scale = _Scale() if scaled else None
    frames = 0
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "NONE"
        if way in _SKIPS:
            stream.codec_context.skip_frame = _SKIPS[way]
        packets = _metered(container.demux(stream), meter)
        decoded = _to_last_due(packets) if way == "partial" else (packet.decode() for packet in packets)
        for some in decoded:
            for frame in some:
                frames += 1
                if scale is not None:
                    scale.take(frame)
        return Cost(meter.cpu_s(), frames)


class _Scale:
    """One frame of each sampling period to the model's size."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._next_s = 0.0

    def take(self, frame: VideoFrame) -> None:
        if frame.time >= self._next_s - _ROUNDING:
            self._next_s = math.floor(frame.time * FPS + 1.0 + _ROUNDING) / FPS
            self._reformatter.reformat(
                frame, width=SIDE_PX, height=SIDE_PX, format="rgb24", interpolation=Interpolation.AREA, threads=1
            )


def _metered(packets: "Iterable[Packet[VideoStream]]", meter: Meter) -> "Iterator[Packet[VideoStream]]":
    for packet in packets:
        if packet.pts is not None:
            meter.at(_seconds(packet))
        yield packet


def _to_last_due(packets: "Iterable[Packet[VideoStream]]") -> Iterator[list[VideoFrame]]:
    """Of each GOP, what a reader who knows its length would decode for one sample a second, the first at its key."""
    gop: list[Packet[VideoStream]] = []
    for packet in packets:
        if gop and (packet.is_keyframe or packet.size == 0):
            yield from _decoded(gop)
            gop = []
        gop.append(packet)


def _decoded(gop: "list[Packet[VideoStream]]") -> Iterator[list[VideoFrame]]:
    stamps = [_seconds(packet) for packet in gop]
    last_due_s = int(max(stamps) * FPS + _ROUNDING) / FPS
    for packet, stamp in zip(gop, stamps, strict=True):
        if packet.is_keyframe or stamp <= last_due_s + _ROUNDING:
            yield packet.decode()


def _seconds(packet: "Packet[VideoStream]") -> float:
    return float((packet.pts or 0) * (packet.time_base or Fraction(1)))


class _Capture(Protocol):
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, object]: ...
    def release(self) -> None: ...


class OpenCVLoop(Protocol):
    """Reads a clip of so many frames a second."""

    def __call__(self, clip: Path, every: int, from_s: float = 0.0) -> Cost: ...


class _OpenCV(Protocol):
    def VideoCapture(self, name: str) -> _Capture: ...  # noqa: N802  (its own name)
    def resize(self, picture: object, size: tuple[int, int], /) -> object: ...


def opencv() -> OpenCVLoop | None:
    """What one would write with OpenCV: grab every frame, retrieve and scale one a second. None if it is not there."""
    try:
        cv2 = cast("_OpenCV", importlib.import_module("cv2"))
    except ImportError:
        return None

    def read(clip: Path, every: int, from_s: float = 0.0) -> Cost:
        meter = Meter(from_s)
        capture = cv2.VideoCapture(str(clip))
        number = samples = 0
        while capture.grab():
            meter.at(number / every)
            if number % every == 0:
                _, picture = capture.retrieve()
                cv2.resize(picture, (SIDE_PX, SIDE_PX))
                samples += 1
            number += 1
        capture.release()
        return Cost(meter.cpu_s(), samples)

    return read
