"""What `/v1` answers, as types."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from inference.policy import Policy
from stream.sample import State

from .common import DESCRIBED, Fault, IncidentId, MediaId, MediaInfo, Probability, RequestInfo, StreamId, Time


class StreamError(TypedDict):
    """Why a stream failed, or what went wrong last while it reconnects."""

    code: str
    message: str


@with_config(DESCRIBED)
class Counters(TypedDict):
    """Running totals over all openings of a stream."""

    packets: int
    bytes: int
    frames: int
    samples: int
    dropped: dict[str, int]
    """Samples given up, by reason."""
    decode_errors: int
    fallbacks: int
    """GOPs decoded beyond their key frame although key frames alone were asked for."""
    reconnects: int
    lag: float | None
    """Seconds behind live, of the present opening."""


@with_config(DESCRIBED)
class StreamInfo(TypedDict):
    """A stream."""

    id: StreamId
    name: str
    url: str
    """User name and password masked."""
    state: State
    media: MediaId
    prob: Probability | None
    """The smoothed score at the newest sample; null before the first."""
    raw: Probability | None
    position: float | None
    """Seconds of media time."""
    samples: int
    """Samples scored."""
    dropped: int
    started: Time
    error: StreamError | None
    policy: Policy
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    decoder: str | None
    counters: Counters


class StreamList(TypedDict):
    """Streams, oldest first."""

    streams: list[StreamInfo]


@with_config(DESCRIBED)
class IncidentInfo(TypedDict):
    """A stretch of media during which prob stayed over the threshold. Positions are seconds of media time."""

    id: IncidentId
    start: float
    end: float | None
    """Null while it lasts."""
    peak: Probability
    peak_position: float


class ScorePoint(TypedDict):
    """One point of a time series."""

    position: float
    prob: Probability
    raw: Probability


class Scores(TypedDict):
    """The scores of a media over time."""

    media: MediaId
    scores: list[ScorePoint]


@with_config(DESCRIBED)
class SummaryGore(TypedDict):
    """What the detector says of a media."""

    prob: Probability
    """The highest smoothed probability."""


class Summary(TypedDict):
    """The summary of a media of which something was scored."""

    status: Literal["success"]
    request: RequestInfo
    gore: SummaryGore
    media: MediaInfo
    incidents: NotRequired[list[IncidentInfo]]
    scores: NotRequired[list[ScorePoint]]


class FailedSummary(TypedDict):
    """The summary of a media of which nothing was scored."""

    status: Literal["failure"]
    request: RequestInfo
    error: Fault
    media: MediaInfo
    incidents: NotRequired[list[IncidentInfo]]
    scores: NotRequired[list[ScorePoint]]


class TokenInfo(TypedDict):
    """A short-lived token."""

    token: str
    expires: Time
