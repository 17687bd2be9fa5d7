"""What `/v1/incidents` and `/v1/views` answer, as types."""

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from ...store.kept import Verdict, ViewKind
from .common import DESCRIBED, IncidentId, MediaId, Probability, StreamId, Time
from .stream_shapes import IncidentInfo

ReviewId = Annotated[str, Field(pattern="^rev_[0-9A-Za-z]{21}$")]
ViewId = Annotated[str, Field(pattern="^view_[0-9A-Za-z]{21}$")]


@with_config(DESCRIBED)
class Person(TypedDict):
    """Who did something, by the key that was shown."""

    key: str | None
    """The `api_user`; null while there was no key."""
    name: str
    """The key's name; `nobody` while there was no key."""


@with_config(DESCRIBED)
class ReviewInfo(TypedDict):
    """What somebody said of an incident."""

    verdict: Verdict
    note: str | None
    by: Person
    at: Time


class NumberedReview(ReviewInfo):
    """One of an incident's reviews."""

    id: ReviewId


class ReviewList(TypedDict):
    """Reviews, newest first."""

    reviews: list[NumberedReview]
    next: ReviewId | None


@with_config(DESCRIBED)
class StreamIncident(IncidentInfo):
    """An incident, and where it happened."""

    stream: StreamId
    name: str | None
    """The stream's; null once its media is no longer kept."""
    media: MediaId
    state: Literal["open", "ended"]
    started: Time
    picture: bool
    """Whether the frame of its peak is kept."""
    heat: bool
    """Whether the detector in use tells where in that frame it sees gore."""
    review: ReviewInfo | None
    """The newest one."""


@with_config(DESCRIBED)
class IncidentList(TypedDict):
    """Incidents, newest first."""

    incidents: list[StreamIncident]
    next: IncidentId | None
    """What to give as `cursor` for those that follow; null if none do."""


@with_config(DESCRIBED)
class HeatInfo(TypedDict):
    """Where the detector in use sees gore in the frame of a peak, by the cells of a grid over it."""

    prob: Probability
    """Of the frame as a whole, before smoothing."""
    cells: list[list[Probability]]
    """Rows from the top, cells from the left."""
    region: list[list[bool]]
    """The cells that drove the score: those at least half as likely as the likeliest."""


@with_config(DESCRIBED)
class ViewInfo(TypedDict):
    """Somebody looked at a picture as it is."""

    id: ViewId
    kind: ViewKind
    subject: StreamId | IncidentId
    owner: str | None
    """The key that the stream or incident belongs to; null for nobody's."""
    by: Person
    at: Time
    shown_s: float | None
    """For how many seconds it was shown, as the page that showed it told; null while it has not."""


class ViewList(TypedDict):
    """Views, newest first."""

    views: list[ViewInfo]
    next: ViewId | None
