"""What the judge says of one media, as frozen values without ids of streams or the wire's envelope."""

from dataclasses import dataclass
from enum import StrEnum

from inference.summary import Summary
from stream.errors import Failure
from stream.sample import SourceInfo


@dataclass(frozen=True, slots=True)
class Reading:
    """The smoothed score at one sample: what every scoring event carries."""

    position_s: float
    prob: float
    raw: float
    window_s: float
    window_samples: int
    captured_s: float
    """Monotonic capture time of the newest sample in the window, for the latency."""


class IncidentState(StrEnum):
    STARTED = "started"
    PEAK = "peak"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Incident:
    """A stretch of media during which prob stayed over the threshold, with hysteresis. Positions are media seconds."""

    id: str
    start_s: float
    end_s: float | None
    """None while it lasts."""
    peak: float
    peak_position_s: float


@dataclass(frozen=True, slots=True)
class MediaStarted:
    info: SourceInfo


@dataclass(frozen=True, slots=True)
class GoreProb:
    reading: Reading


@dataclass(frozen=True, slots=True)
class GoreIncident:
    reading: Reading
    state: IncidentState
    incident: Incident


@dataclass(frozen=True, slots=True)
class MediaStalled:
    reason: str


@dataclass(frozen=True, slots=True)
class MediaResumed:
    reason: str


@dataclass(frozen=True, slots=True)
class MediaFinished:
    summary: Summary


@dataclass(frozen=True, slots=True)
class MediaFailed:
    failure: Failure
    summary: Summary


Event = MediaStarted | GoreProb | GoreIncident | MediaStalled | MediaResumed | MediaFinished | MediaFailed
