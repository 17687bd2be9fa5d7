"""The ways of taking one sample a second from a clip that `bench ingest` compares: ours, a bare PyAV loop, OpenCV's."""

import importlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol, cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from stream.address import parse
from stream.emit import Emitter
from stream.messages import Alive, Answered, Done, Opened, Picked, Progress, Ready, Reports, Restarted
from stream.options import SourceOptions
from stream.pull import pull
from stream.ring import SlotMemory, Slots, create_memory_fd, memory_bytes

SIDE_PX = 224
FPS = 1.0
"""Samples a second."""
_SLOTS = 8
_ROUNDING = 1e-3

Bare = Literal["all", "partial", "nonref", "keyframes"]
_SKIPS: dict[Bare, Literal["NONREF", "NONKEY"]] = {"nonref": "NONREF", "keyframes": "NONKEY"}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of all threads, and the samples that came of them."""

    cpu_s: float
    samples: int


class _Sink(Reports):
    """The service's end of a ring, in the same process: takes samples and gives their slots back at once."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.samples = 0

    def send(self, report: Ready | Alive | Answered | Restarted | Opened | Picked | Progress | Done) -> None:
        if isinstance(report, Picked):
            self.samples += 1
            self._slots.give_back(report.slot)


def ours(clip: Path, decode: Literal["auto", "all", "keyframes"]) -> Cost:
    """A worker's path from the address to the ring, as for a live source, as fast as it goes."""
    memory_fd = create_memory_fd(memory_bytes(slots=_SLOTS, height_px=SIDE_PX, width_px=SIDE_PX))
    memory = SlotMemory(memory_fd, slots=_SLOTS, height_px=SIDE_PX, width_px=SIDE_PX)
    os.close(memory_fd)
    slots = Slots(_SLOTS)
    sink = _Sink(slots)
    options = SourceOptions(fps=FPS, decode=decode, trusted=True, paced=True)
    stop = threading.Event()
    emitter = Emitter(0, options, memory=memory, slots=slots, reports=sink, stopped=stop.is_set)
    # By a clock on which hours pass between two packets, none has to wait for its time.
    hours = itertools.count(0.0, 3600.0)
    cpu_s = _cpu_s(lambda: pull(parse(str(clip)), options, emitter, stop, clock=lambda: next(hours)))
    return Cost(cpu_s, sink.samples)


def bare(clip: Path, way: Bare) -> Cost:
    """PyAV alone, decoding and nothing else: what our own choice of packets is measured against."""
    frames = 0

    def loop() -> None:
        nonlocal frames
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_type = "NONE"
            if way in _SKIPS:
                stream.codec_context.skip_frame = _SKIPS[way]
            frames = (
                _decode_to_last_due(container.demux(stream)) if way == "partial" else _decode_all(container, stream)
            )

    return Cost(_cpu_s(loop), frames)


def _decode_all(container: InputContainer, stream: VideoStream) -> int:
    return sum(1 for _ in container.decode(stream))


def _decode_to_last_due(packets: "Iterable[Packet[VideoStream]]") -> int:
    """Of each GOP, what a reader who knows its length would decode for one sample a second, the first at its key."""
    gop: list[Packet[VideoStream]] = []
    frames = 0
    for packet in packets:
        if gop and (packet.is_keyframe or packet.size == 0):
            frames += _decode_gop(gop)
            gop = []
        gop.append(packet)
    return frames


def _decode_gop(gop: "list[Packet[VideoStream]]") -> int:
    stamps = [_seconds(packet) for packet in gop]
    last_due_s = int(max(stamps) * FPS + _ROUNDING) / FPS
    return sum(
        len(packet.decode())
        for packet, stamp in zip(gop, stamps, strict=True)
        if packet.is_keyframe or stamp <= last_due_s + _ROUNDING
    )


def _seconds(packet: "Packet[VideoStream]") -> float:
    return float((packet.pts or 0) * (packet.time_base or Fraction(1)))


class _Capture(Protocol):
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, object]: ...
    def release(self) -> None: ...


class _OpenCV(Protocol):
    def VideoCapture(self, name: str) -> _Capture: ...  # noqa: N802  (its own name)
    def resize(self, picture: object, size: tuple[int, int], /) -> object: ...


def opencv() -> Callable[[Path, int], Cost] | None:
    """What one would write with OpenCV: grab every frame, retrieve and scale one a second. None if it is not there."""
    try:
        cv2 = cast("_OpenCV", importlib.import_module("cv2"))
    except ImportError:
        return None

    def read(clip: Path, every: int) -> Cost:
        samples = 0

        def loop() -> None:
            nonlocal samples
            capture = cv2.VideoCapture(str(clip))
            number = 0
            while capture.grab():
                if number % every == 0:
                    _, picture = capture.retrieve()
                    cv2.resize(picture, (SIDE_PX, SIDE_PX))
                    samples += 1
                number += 1
            capture.release()

        return Cost(_cpu_s(loop), samples)

    return read


def _cpu_s(work: Callable[[], object]) -> float:
    before_s = time.process_time()
    work()
    return time.process_time() - before_s
