"""What moderation leaves behind, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from inference.incidents import Incident
from inference.policy import Policy
from inference.summary import MediaRef
from stream.errors import Failure
from stream.sample import SourceInfo


class Verdict(StrEnum):
    """What a person says of an incident."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What is known of a media before its first frame."""

    ref: MediaRef
    stream_id: str
    owner: str | None
    """The key that it belongs to; None for nobody's."""
    name: str
    """Its stream's."""
    policy: Policy | None
    """None where it is not known, or is none in this version."""
    started_s: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPicture:
    """What its first frame told."""

    codec: str
    width: int
    height: int
    fps: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEnd:
    """How a media closed."""

    finished_s: float
    """Unix seconds."""
    operations: int
    prob: float | None
    summary: str | None
    """The summary as JSON, exactly as it was told; None for a media that the service did not see the end of."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMedia:
    """One media. `end` is None while it runs."""

    facts: MediaFacts
    picture: MediaPicture | None = None
    end: MediaEnd | None = None
    region: str | None = None
    """That of the service which watched it; None where a version before regions did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One person's judgement of one incident."""

    id: str
    incident_id: str
    verdict: Verdict
    note: str | None = None
    reviewed_by: str
    at_s: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestReview:
    """The newest of an incident's reviews, as lists show it."""

    verdict: Verdict
    note: str | None
    reviewed_by: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptIncident:
    """One incident, as it stood when it was last told of."""

    incident: Incident
    media_id: str
    stream_id: str
    owner: str | None
    started_s: float
    """Unix seconds of the event that told of its start."""
    picture: str | None = None
    """Where the frame of the peak is kept; None if it is not."""
    review: LatestReview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents are wanted; None is any."""

    owners: frozenset[str | None] | None = None
    stream_id: str | None = None
    media_id: str | None = None
    state: Literal["open", "ended"] | None = None
    verdict: Verdict | Literal["none"] | None = None
    """`none`: not reviewed yet."""
    since_s: float | None = None
    """Begun then or later, by the time of the event that told of it; Unix seconds."""
    until_s: float | None = None
    """Begun before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFilter:
    """Which media are wanted; None is any."""

    owners: frozenset[str | None] | None = None
    stream_id: str | None = None
    stream_ids: frozenset[str] | None = None
    """Of any of these streams."""
    since_s: float | None = None
    until_s: float | None = None


ViewKind = Literal["preview", "thumbnail", "covered"]
"""The latest sample of a stream; the frame of an incident's peak, and that with blocks over what drove its score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Somebody looked at a clear picture."""

    id: str
    kind: ViewKind
    subject: str
    """The stream or the incident that it shows."""
    owner: str | None
    """Whose stream or incident it is."""
    viewed_by: str
    at_s: float
    shown_s: float | None = None
    """For how many seconds it was shown; None until that is told."""


def picture_of(info: SourceInfo) -> MediaPicture:
    """What is kept of a source's description."""
    return MediaPicture(codec=info.codec, width=info.width, height=info.height, fps=info.fps)
