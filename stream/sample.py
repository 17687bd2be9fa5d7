"""The values that leave `stream/`: samples, what is known of a source, and where it stands."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from stream.errors import Failure

Pixels = npt.NDArray[np.uint8]
"""One picture, height × width × 3, RGB."""


class State(StrEnum):
    """Where a source stands; the wire names of `GET /v1/streams`."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Nothing follows this state."""
        return self in (State.ENDED, State.FAILED)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One decoded frame that the sampling policy picked.

    `pixels` may be a view on memory shared with a worker: it is valid until the sample is given back to its source
    with `release`, and must be copied by whoever needs it longer.
    """

    pixels: Pixels
    position_s: float
    """Media time since the first frame, from PTS. Strictly increasing within a media, across epochs too."""
    captured_s: float
    """Monotonic clock (shared by all processes of the machine) when the frame left its decoder."""
    epoch: int
    """Grows at each discontinuity of the source's clock; nothing may be averaged across it."""
    number: int
    """Counts the samples of a media from 0; a hole is a sample that was dropped."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What opening a source tells about it."""

    codec: str
    width: int
    height: int
    fps: float | None
    """Nominal frames a second, None when the source does not say."""
    live: bool
    """It goes on while it is watched, and may never end."""
    duration_s: float | None = None
    patient: bool = False
    """Live, but its server keeps what is not read yet (HLS, HTTP): it is read in bursts, and nothing need be dropped
    while it keeps up. Other live sources drop old samples under overload; stored ones wait."""

    decoder: Literal["cpu", "nvdec"] = "cpu"
    """What decodes it."""

    def __post_init__(self) -> None:
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0.0):
            raise ValueError(f"fps must be a positive number, not {self.fps}")

    @property
    def droppable(self) -> bool:
        """Under overload, its old samples are given up for new ones."""
        return self.live and not self.patient


@dataclass(frozen=True, slots=True)
class Counters:
    """Running totals of one source."""

    frames: int = 0
    """Decoded."""
    samples: int = 0
    decode_errors: int = 0
    fallbacks: int = 0
    """GOPs decoded beyond their key frame although `keyframes` was asked for: they are longer than two seconds."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Samples given up, by reason."""
    packets: int = 0
    """Of its video; for WebRTC its frames as they came, decoded or not."""
    size_bytes: int = 0
    """Of these packets together; not counted for WebRTC."""
    reconnects: int = 0
    """Openings after the first, whether they came to anything or not."""
    lag_s: float | None = None
    """How far it is behind live, the least that it ever was taken as 0; None for what is stored or not connected."""

    def __post_init__(self) -> None:
        if self.lag_s is not None and not math.isfinite(self.lag_s):
            raise ValueError(f"a lag must be finite, not {self.lag_s}")

    def __reduce__(self) -> tuple[type["Counters"], tuple[object, ...]]:
        # As dataclasses with slots are pickled by themselves it takes far longer, and there is one a stream and second.
        return Counters, _values_of(self)

    def plus(self, later: "Counters") -> "Counters":
        """The totals of both; the lag is the later one's."""
        dropped = {
            reason: self.dropped.get(reason, 0) + later.dropped.get(reason, 0)
            for reason in (*self.dropped, *later.dropped)
        }
        return Counters(
            frames=self.frames + later.frames,
            samples=self.samples + later.samples,
            decode_errors=self.decode_errors + later.decode_errors,
            fallbacks=self.fallbacks + later.fallbacks,
            dropped=dropped,
            packets=self.packets + later.packets,
            size_bytes=self.size_bytes + later.size_bytes,
            reconnects=self.reconnects + later.reconnects,
            lag_s=later.lag_s,
        )


_values_of = attrgetter(*(field.name for field in fields(Counters)))


@dataclass(frozen=True, slots=True)
class Status:
    """A source changed its state.

    `failure` accompanies `FAILED` and, if that is what it was lost by, `RECONNECTING`; `info` the first `LIVE` of every
    opening; `reason` is a code that says why.
    """

    state: State
    info: SourceInfo | None = None
    failure: Failure | None = None
    reason: str | None = None


class Source(Protocol):
    """One source of samples, however it is fed. Ends by a final `Status`, after which iteration stops."""

    def __aiter__(self) -> AsyncIterator[Sample | Status]: ...

    def release(self, sample: Sample) -> None:
        """Give a sample's memory back. Idempotent; every yielded sample must be released."""
        ...

    def counters(self) -> Counters: ...

    def hurry(self, for_s: float) -> None:
        """Sample more often for so many seconds of media time, if it is a live source that does so. Never blocks."""
        ...

    async def aclose(self) -> None:
        """Stop the source. Idempotent; iteration then ends with `State.ENDED` if it had not ended by itself."""
        ...
