"""Media of the store, and what other policies would have made of them, described."""

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from inference.policy import Policy

from .. import kept_media
from ..replay import WhatIf, WhatIfOfMany
from .common import BEARER, DESCRIBED, MediaId, Probability, StreamId, Time, in_path, problems
from .operation import Content, Operation, answer
from .stream_shapes import FailedSummary, StreamError, Summary

_Count = Annotated[int, Field(ge=0)]
_Seconds = Annotated[float, Field(ge=0.0)]
_BODY = (400, 408, 413, 415, 422)


@with_config(DESCRIBED)
class KeptMediaInfo(TypedDict):
    """A media."""

    id: MediaId
    stream: StreamId
    name: str
    """Its stream's."""
    uri: str
    """User name and password masked."""
    started: Time
    finished: Time | None
    """Null while it runs."""
    prob: Probability | None
    """The highest smoothed probability; null if nothing was scored."""
    operations: _Count
    """Samples scored."""
    error: StreamError | None


@with_config(DESCRIBED)
class KeptMediaList(TypedDict):
    """Media, newest first."""

    media: list[KeptMediaInfo]
    next: MediaId | None
    """The `cursor` of the page after this one; null if there is none."""


@with_config(DESCRIBED)
class WouldBeIncident(TypedDict):
    """An incident that a policy would have raised. Positions are seconds of media time."""

    start: float
    end: float
    peak: Probability
    peak_position: float


@with_config(DESCRIBED)
class MediaReplay(TypedDict):
    """What a policy would have given of a media."""

    media: MediaId
    policy: Policy
    """The media's own one with the keys that were given."""
    exact: bool
    """It was judged by all that it was judged by then; false where scores are missing, or thinned out by their age."""
    ignored: list[str]
    """Keys that were given and change nothing in a replay."""
    incidents: list[WouldBeIncident]
    """Oldest first; of very many the newest 1000."""
    incident_count: _Count
    flagged_seconds: _Seconds
    """Media time in these incidents."""
    summary: Summary | FailedSummary


class JudgedBy(TypedDict):
    """What makes a difference of the configured policy with the keys that were given."""

    window: float
    threshold: float
    release: float
    cooldown: float


@with_config(DESCRIBED)
class PolicyOutcome(TypedDict):
    """What one policy would have given."""

    policy: JudgedBy
    ignored: list[str]
    """Keys that were given and change nothing in a replay."""
    media: _Count
    media_flagged: _Count
    """Media with an incident."""
    incidents: _Count
    flagged_seconds: _Seconds
    right: _Count
    """Incidents where somebody confirmed one."""
    wrong: _Count
    """Incidents where all that somebody reviewed was dismissed."""
    confirmed: _Count
    """Incidents that were confirmed, by whatever policy they were raised."""
    found: _Count
    """Those of them that this policy would have raised."""
    precision: Probability | None
    """`right` of `right` and `wrong`; null without either."""
    recall: Probability | None
    """`found` of `confirmed`; null if there are none."""


@with_config(DESCRIBED)
class RangeReplay(TypedDict):
    """What policies would have given of the media of a time."""

    samples: _Count
    """Scores that were judged, by each policy."""
    exact: bool
    """All media were judged by all that they were judged by then."""
    policies: list[PolicyOutcome]
    """In the order in which they were given."""


PAST = (
    Operation(
        method="GET",
        path="/v1/media",
        id="listMedia",
        tag="Media",
        summary="Media, newest first",
        parameters=(
            kept_media.STREAM.described(),
            kept_media.SINCE.described(),
            kept_media.UNTIL.described(),
            kept_media.LIMIT.described(),
            kept_media.CURSOR.described(),
        ),
        answers={200: answer("Those that the caller may see.", KeptMediaList)} | problems(400, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/media/{id}",
        id="getMedia",
        tag="Media",
        summary="One media",
        parameters=(in_path("id", "Id of a media."),),
        answers={200: answer("The media.", KeptMediaInfo)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/media/{id}/replay",
        id="replayMedia",
        tag="What if",
        summary="What another policy would have given of a media",
        text="Judges the scores that were stored. `window`, `threshold`, `release` and `cooldown` make a difference.",
        parameters=(in_path("id", "Id of a media."),),
        bodies=(Content(type=WhatIf, example={"policy": {"threshold": 0.7, "release": 0.5}}),),
        answers={200: answer("What it would have given.", MediaReplay)} | problems(*_BODY, 404),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/replay",
        id="replayMany",
        tag="What if",
        summary="What policies would have given of the media of a time, and how right that would have been",
        text="Counts for each policy over all media that began in the time and that the caller may see, compared with "
        "the reviews of their incidents.",
        bodies=(
            Content(
                type=WhatIfOfMany,
                example={
                    "since": "2026-11-01T00:00:00Z",
                    "policies": [{"threshold": 0.5}, {"threshold": 0.7}],
                },
            ),
        ),
        answers={200: answer("One outcome for each policy.", RangeReplay)} | problems(*_BODY),
        security=BEARER,
    ),
)
