"""The fold of a media's scores into its summary: key for key the JSON of the Sightengine API."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from inference.incidents import Incident
from inference.scores import Point
from stream.errors import Failure

Json = dict[str, object]

NO_FRAMES: Final = Failure("no_frames", "No frame of this media has been decoded and scored.")
"""Why a media without any failure of its own has no probability."""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """Which media a summary is about. `uri` is already redacted."""

    request_id: str
    media_id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Summary:
    """`prob` is the highest smoothed probability, None when no frame could be decoded."""

    media: MediaRef
    timestamp_s: float
    """Unix seconds."""
    operations: int
    """Samples scored."""
    prob: float | None
    failure: Failure | None = None


class Fold:
    """Gathers what a summary says while the samples of a media are scored."""

    def __init__(self, media: MediaRef) -> None:
        self._media = media
        self._operations = 0
        self._prob: float | None = None

    def add(self, prob: float) -> None:
        """One more sample was scored; `prob` is the smoothed score at it."""
        self._operations += 1
        self._prob = prob if self._prob is None else max(self._prob, prob)

    def summary(self, timestamp_s: float, failure: Failure | None = None) -> Summary:
        """The summary so far. It has a failure only when nothing was scored: what was scored counts."""
        if self._prob is None:
            return Summary(self._media, timestamp_s, 0, None, failure or NO_FRAMES)
        return Summary(self._media, timestamp_s, self._operations, self._prob)


def probability(value: float) -> float:
    """A probability as every interface shows it: 4 decimals, in [0, 1]. Raises ValueError for NaN."""
    if math.isnan(value):
        raise ValueError("a probability must not be NaN")
    return round(min(max(float(value), 0.0), 1.0), 4)


def summary_json(summary: Summary) -> Json:
    """The API's own answer for a media, as a success or a failure."""
    answer: Json = {
        "status": "success" if summary.prob is not None else "failure",
        "request": {
            "id": summary.media.request_id,
            "timestamp": round(float(summary.timestamp_s), 4),
            "operations": summary.operations,
        },
    }
    if summary.prob is not None:
        answer["gore"] = {"prob": probability(summary.prob)}
    else:
        answer["error"] = error_json(summary.failure or NO_FRAMES)
    answer["media"] = {"id": summary.media.media_id, "uri": summary.media.uri}
    return answer


def detail_json(summary: Summary, incidents: Iterable[Incident], scores: Iterable[Point]) -> Json:
    """The summary with the keys `incidents` and `scores` beside it."""
    return {
        **summary_json(summary),
        "incidents": [incident_json(incident) for incident in incidents],
        "scores": [point_json(point) for point in scores],
    }


def incident_json(incident: Incident) -> Json:
    """Positions in media seconds; `end` is null while the incident lasts."""
    return {
        "id": incident.id,
        "start": seconds(incident.start_s),
        "end": None if incident.end_s is None else seconds(incident.end_s),
        "peak": probability(incident.peak),
        "peak_position": seconds(incident.peak_position_s),
    }


def point_json(point: Point) -> Json:
    """One point of a time series."""
    return {"position": seconds(point.position_s), "prob": probability(point.prob), "raw": probability(point.raw)}


def seconds(value_s: float) -> float:
    """A position as every interface shows it: to the millisecond, always a float."""
    return round(float(value_s), 3)


def error_json(failure: Failure) -> Json:
    """The `error` object of a failed answer, with the API's own type and number."""
    kind, number = _ERRORS.get(failure.code, _OURS)
    return {"type": kind, "code": number, "message": failure.message}


_UNREACHABLE = ("media_error", 61)
_SIZE = ("media_error", 62)
_UNREADABLE = ("media_error", 63)
_OURS = ("api_error", 91)
_ERRORS: Final[dict[str, tuple[str, int]]] = {
    "address_invalid": ("argument_error", 54),
    "address_refused": _UNREACHABLE,
    "host_unknown": _UNREACHABLE,
    "connection_refused": _UNREACHABLE,
    "access_denied": _UNREACHABLE,
    "not_found": _UNREACHABLE,
    "server_error": _UNREACHABLE,
    "timeout": _UNREACHABLE,
    "connection_lost": _UNREACHABLE,
    "too_large": _SIZE,
    "too_small": _SIZE,
    "too_long": ("media_error", 64),
    "too_many_frames": ("media_error", 65),
    "not_media": _UNREADABLE,
    "no_video": _UNREADABLE,
    "truncated": _UNREADABLE,
    "decode_failed": _UNREADABLE,
    "publish_refused": _UNREADABLE,
    "offer_invalid": _UNREADABLE,
    "codec_unsupported": _UNREADABLE,
    NO_FRAMES.code: _UNREADABLE,
}
