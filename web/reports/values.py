"""What a report tells, as values. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from inference.incidents import Incident
from inference.policy import Policy
from inference.scores import Point
from stream.errors import Failure

from ..store.kept import LatestReview, MediaPicture

MOST_INCIDENTS = 200
"""Of one media that are shown one by one: the highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakFrame:
    """A frame in blocks in which nothing can be made out: a grey PNG of one pixel a block."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One incident, with what there is to see of it."""

    incident: Incident
    frame: PeakFrame | None = None
    review: LatestReview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReport:
    """One media that is not moderated any more."""

    name: str
    """What heads it; any text, as everything else that comes from outside."""
    uri: str
    media_id: str
    kept: bool = False
    """It is in a service's store, where its ids lead somewhere."""
    started_s: float | None = None
    """Unix seconds."""
    finished_s: float | None = None
    prob: float | None
    """The highest; None if nothing was scored."""
    samples: int
    failure: Failure | None = None
    """Why it was not read to its end, or not at all."""
    policy: Policy | None
    """What it was judged by, where that is known."""
    picture: MediaPicture | None = None
    points: tuple[Point, ...] = ()
    """In order of position."""
    incidents: tuple[Shown, ...] = ()
    """In order of position, at most `MOST_INCIDENTS`."""
    incident_count: int = 0
    """All of them."""
    flagged_s: float = 0.0
    """How long they lasted together."""

    @property
    def flagged(self) -> bool:
        over = self.policy is not None and self.prob is not None and self.prob >= self.policy.threshold
        return over or self.incident_count > 0

    @property
    def complete(self) -> bool:
        """It was read to its end."""
        return self.prob is not None and self.failure is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One or more media."""

    made_s: float
    """Unix seconds."""
    made_by: str
    """The program and its version."""
    detector: str
    """The model and its version."""
    media: tuple[MediaReport, ...]


def lasted_s(incident: Incident) -> float:
    """How long it lasted; one whose end is not known, up to its peak."""
    end_s = incident.peak_position_s if incident.end_s is None else incident.end_s
    return max(0.0, end_s - incident.start_s)


def highest(shown: Iterable[Shown]) -> tuple[Shown, ...]:
    """The `MOST_INCIDENTS` with the highest peaks, in order of position."""
    kept = sorted(shown, key=lambda one: one.incident.peak, reverse=True)[:MOST_INCIDENTS]
    return tuple(sorted(kept, key=lambda one: one.incident.start_s))
