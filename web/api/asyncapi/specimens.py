"""One event of each type, for the examples of the document: what the feed's own encoder makes of them. Pure."""

import json

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    Incident,
    IncidentState,
    MediaFailed,
    MediaFinished,
    MediaResumed,
    MediaStalled,
    MediaStarted,
    Reading,
)
from inference.summary import MediaRef, Summary
from stream.errors import Failure
from stream.sample import SourceInfo

from ...delivery.cloudevents import encode, encode_filter, encode_gap, encode_store
from ...wire import Json

_STREAM, _MEDIA = "str_1OjgDqTw4YmZ8bKxN2vHc", "med_1OjgEqvJtOhqP7sfNe3ga"
_UNIX_S = 1795369203.12
_FIRST = 1795369203120000
_CAPTURED_S, _SENT_S = 100.0, 100.084
_SUMMARY = Summary(MediaRef("req_1OjggusalNb2S7MxwLq2h", _MEDIA, "rtsp://camera.example/lobby"), _UNIX_S, 58, 0.9014)
_LOST = Failure("connection_lost", "The connection to the source was lost.")
_READING = Reading(12.48, 0.8312, 0.9127, 3.0, 6, _CAPTURED_S)

_EVENTS: tuple[Event, ...] = (
    MediaStarted(SourceInfo(codec="h264", width=1280, height=720, fps=30.0, live=True)),
    GoreProb(_READING),
    GoreIncident(_READING, IncidentState.STARTED, Incident("inc_1OjgFxPz7cQdR3uJmW9sB", 12.48, None, 0.8312, 12.48)),
    MediaStalled("silent"),
    MediaResumed("frames arrive again"),
    MediaFinished(_SUMMARY),
    MediaFailed(_LOST, _SUMMARY),
)


def examples() -> dict[str, Json]:
    """By the type of event, the message `filter` among them."""
    found = {}
    for number, event in enumerate(_EVENTS, _FIRST):
        kind, data = encode(
            event, number=number, stream_id=_STREAM, media_id=_MEDIA, unix_s=_UNIX_S, monotonic_s=_SENT_S
        )
        found[kind] = json.loads(data)
    found["control.filter"] = json.loads(
        encode_filter(number=_FIRST, streams=[_STREAM], kinds=["gore.incident"], unix_s=_UNIX_S)
    )
    for failed in ("The store /var/lib/gorewatch/gorewatch.db cannot be written; is its disk full or broken?", None):
        kind, data = encode_store(number=_FIRST, failed=failed, dropped=0, unix_s=_UNIX_S)
        found[kind] = json.loads(data)
    found["filter"] = {"type": "filter", "streams": [_STREAM], "types": ["gore.incident"]}
    found["gap"] = json.loads(encode_gap(first=_FIRST, since=42, unix_s=_UNIX_S))
    return found
