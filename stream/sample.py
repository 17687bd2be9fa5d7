"""The values that leave `stream/`: samples, what is known of a source, and where it stands."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

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
    """Live sources drop old samples under overload; stored ones wait."""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """Running totals of one source."""

    frames: int = 0
    samples: int = 0
    decode_errors: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    """Samples given up, by reason."""


@dataclass(frozen=True, slots=True)
class Status:
    """A source changed its state. `failure` accompanies `FAILED`, `info` the first `LIVE`."""

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

    async def aclose(self) -> None:
        """Stop the source. Idempotent; iteration then ends with `State.ENDED` if it had not ended by itself."""
        ...
