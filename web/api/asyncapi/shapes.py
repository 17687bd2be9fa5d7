"""What the event feed sends, as types: a CloudEvent for each type of event."""

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from inference.incidents import IncidentState

from ...delivery.cloudevents import FEED_TYPES
from ..openapi.common import DESCRIBED, MediaId, Probability, StreamId, Time
from ..openapi.stream_shapes import FailedSummary, IncidentInfo, StreamError, Summary

MOST_NAMED = 1000
"""Streams or types that one filter may name."""
EventId = Annotated[str, Field(pattern="^[0-9]{20}$")]


Kind = Annotated[str, Field(json_schema_extra={"enum": list(FEED_TYPES)})]


@with_config(DESCRIBED)
class Envelope(TypedDict):
    """What every event has."""

    specversion: Literal["1.0"]
    id: EventId
    """Grows over the whole service, and sorts as text."""
    time: Time
    datacontenttype: Literal["application/json"]


@with_config(DESCRIBED)
class StreamEnvelope(Envelope):
    """What every event of a stream has."""

    source: Annotated[str, Field(pattern="^/v1/streams/str_[0-9A-Za-z]{21}$")]
    """The path of the stream."""
    subject: MediaId


class FeedEnvelope(Envelope):
    """What the feed says of itself."""

    source: Literal["/v1/events"]


class Score(TypedDict):
    """A probability of gore."""

    prob: Probability


@with_config(DESCRIBED)
class Window(TypedDict):
    """What the smoothing looked back over."""

    seconds: Annotated[float, Field(ge=0.0)]
    samples: Annotated[int, Field(ge=1)]
    """Of which a score was in it."""


@with_config(DESCRIBED)
class ScoreData(TypedDict):
    """The score at one sample."""

    position: float
    """Seconds of media time."""
    gore: Score
    """Smoothed over the window: what is judged."""
    raw: Score
    """Of the sample alone."""
    window: Window
    latency: Annotated[float, Field(ge=0.0)]
    """Seconds from the capture of the newest sample to the event."""


class IncidentData(ScoreData):
    """The score, and the incident as it stands."""

    state: IncidentState
    incident: IncidentInfo


@with_config(DESCRIBED)
class StartedData(TypedDict):
    """What opening the source tells about it."""

    stream: StreamId
    codec: str
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    fps: float | None
    """Null where the source does not say."""


@with_config(DESCRIBED)
class ReasonData(TypedDict):
    """Why there are no frames, or what brought them back."""

    reason: str
    """Of a stall `silent`, `off_air`, or the code of a failure."""


class SummaryData(TypedDict):
    """What became of the media."""

    summary: Summary | FailedSummary


class ErrorData(TypedDict):
    """What went wrong."""

    error: StreamError


@with_config(DESCRIBED)
class GapData(TypedDict):
    """Which events are gone."""

    first: EventId
    """All from this one on follow."""
    since: EventId
    """What was asked for."""


@with_config(DESCRIBED)
class FilterData(TypedDict):
    """What is let through from now on."""

    streams: list[str]
    """Ids; of all where it is empty."""
    types: list[str]
    """Of all where it is empty."""


@with_config(DESCRIBED)
class StoreFailedData(TypedDict):
    """What is wrong with the store."""

    reason: str


@with_config(DESCRIBED)
class StoreRecoveredData(TypedDict):
    """What was lost."""

    dropped: Annotated[int, Field(ge=0)]
    """Events that will never be stored, since the service was started."""


class MediaStarted(StreamEnvelope):
    """The first frame was decoded."""

    type: Literal["media.started"]
    data: StartedData


class GoreProb(StreamEnvelope):
    """A score: every `event_interval` of media time, and when an incident starts or ends."""

    type: Literal["gore.prob"]
    data: ScoreData


class GoreIncident(StreamEnvelope):
    """An incident started, reached a new peak, or ended."""

    type: Literal["gore.incident"]
    data: IncidentData


class MediaStalled(StreamEnvelope):
    """A live stream fell silent or was lost."""

    type: Literal["media.stalled"]
    data: ReasonData


class MediaResumed(StreamEnvelope):
    """There are frames again."""

    type: Literal["media.resumed"]
    data: ReasonData


class MediaFinished(StreamEnvelope):
    """The media closed."""

    type: Literal["media.finished"]
    data: SummaryData


class MediaFailed(StreamEnvelope):
    """It could not be read, or broke for good."""

    type: Literal["media.failed"]
    data: ErrorData


class Gap(FeedEnvelope):
    """Events that were asked for with `since` are gone; comes before those that follow them, whatever the filters."""

    type: Literal["gap"]
    data: GapData


class ControlFilter(FeedEnvelope):
    """The answer to `filter`: what follows is let through by it. Its id is that of the last event before."""

    type: Literal["control.filter"]
    data: FilterData


class StoreFailed(FeedEnvelope):
    """Events cannot be stored and are sent at once. Only to callers who see everything; not stored itself."""

    type: Literal["store.failed"]
    data: StoreFailedData


class StoreRecovered(FeedEnvelope):
    """Events are stored again before they are sent. Only to callers who see everything; not stored itself."""

    type: Literal["store.recovered"]
    data: StoreRecoveredData


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
class Filter(TypedDict):
    """Asks for other events on the same connection."""

    type: Literal["filter"]
    streams: NotRequired[Annotated[list[str], Field(max_length=MOST_NAMED)]]
    """Ids; of all where there is none."""
    types: NotRequired[Annotated[list[Kind], Field(max_length=MOST_NAMED)]]
    """Of all where there is none."""
