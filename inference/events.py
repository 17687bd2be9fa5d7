"""What the judge says of one media, as frozen values without ids of streams or the wire's envelope."""

from dataclasses import dataclass

from inference.incidents import Incident, IncidentState
from inference.summary import Summary
from stream.errors import Failure
from stream.sample import SourceInfo

__all__ = [
    "Event",
    "GoreIncident",
    "GoreProb",
    "Incident",
    "IncidentState",
    "MediaFailed",
    "MediaFinished",
    "MediaResumed",
    "MediaStalled",
    "MediaStarted",
    "Reading",
]


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
