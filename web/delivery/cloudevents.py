"""The envelope of `GET /v1/events`: CloudEvents 1.0 in JSON, one object an event. Pure."""

import json
import re
from collections.abc import Iterable

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    MediaFailed,
    MediaFinished,
    MediaResumed,
    MediaStalled,
    MediaStarted,
)
from inference.summary import Json, incident_json, summary_json

from ..wire import failure_json, reading_json, timestamp

_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_ID_DIGITS = 20
_FEED = "/v1/events"
"""The source of what the feed says of itself."""

TYPES = (
    "media.started",
    "gore.prob",
    "gore.incident",
    "media.stalled",
    "media.resumed",
    "media.finished",
    "media.failed",
)
"""Of streams: what is kept, and what webhooks get."""
GAP = "gap"
STORE_FAILED, STORE_RECOVERED = "store.failed", "store.recovered"
FEED_TYPES = (*TYPES, STORE_FAILED, STORE_RECOVERED)
"""What a subscriber may filter by; `gap` and `control.filter` go to those whom they concern."""


def next_id(last: int, unix_us: int) -> int:
    """The id of an event that happens at `unix_us`: greater than the last one, and than those before a restart."""
    return max(last + 1, unix_us)


def format_id(number: int) -> str:
    """Zero-padded, so that ids sort as text too."""
    return f"{number:0{_ID_DIGITS}d}"


def parse_id(text: str) -> int | None:
    """The number of an id, None when it is no id."""
    return int(text) if _ID.fullmatch(text) else None


def encode(
    event: Event, *, number: int, stream_id: str, media_id: str, unix_s: float, monotonic_s: float
) -> tuple[str, bytes]:
    """The event's type and its JSON; `unix_s` and `monotonic_s` are the moment of sending."""
    kind, data = _content(event, stream_id=stream_id, sent_s=monotonic_s)
    envelope = _envelope(number, kind, f"/v1/streams/{stream_id}", unix_s)
    return kind, _dump(envelope | {"subject": media_id, "data": data})


def encode_gap(*, first: int, since: int, unix_s: float) -> bytes:
    """Says that events after `since` are gone and that all from `first` on follow.

    Its own id is the one before `first`: resuming after it misses nothing that is still kept.
    """
    envelope = _envelope(first - 1, GAP, _FEED, unix_s)
    return _dump(envelope | {"data": {"first": format_id(first), "since": format_id(since)}})


def encode_filter(*, number: int, streams: Iterable[str], kinds: Iterable[str], unix_s: float) -> bytes:
    """Says which events come from now on; its id is that of the last event before, and can be resumed from."""
    envelope = _envelope(number, "control.filter", _FEED, unix_s)
    return _dump(envelope | {"data": {"streams": sorted(streams), "types": sorted(kinds)}})


def encode_store(*, number: int, failed: str | None, dropped: int, unix_s: float) -> tuple[str, bytes]:
    """The type and the JSON of what is said when nothing can be stored any more, and why, or with None again.

    `dropped` events were given up meanwhile.
    """
    kind = STORE_RECOVERED if failed is None else STORE_FAILED
    data: Json = {"dropped": dropped} if failed is None else {"reason": failed}
    return kind, _dump(_envelope(number, kind, _FEED, unix_s) | {"data": data})


def _envelope(number: int, kind: str, source: str, unix_s: float) -> Json:
    return {
        "specversion": "1.0",
        "id": format_id(number),
        "type": kind,
        "source": source,
        "time": timestamp(unix_s),
        "datacontenttype": "application/json",
    }


def _content(event: Event, *, stream_id: str, sent_s: float) -> tuple[str, Json]:
    match event:
        case MediaStarted(info):
            described: Json = {
                "stream": stream_id,
                "codec": info.codec,
                "width": info.width,
                "height": info.height,
                "fps": info.fps,
            }
            return "media.started", described
        case GoreProb(reading):
            return "gore.prob", reading_json(reading) | _latency(reading.captured_s, sent_s)
        case GoreIncident(reading, state, incident):
            scored = reading_json(reading) | _latency(reading.captured_s, sent_s)
            return "gore.incident", scored | {"state": state.value, "incident": incident_json(incident)}
        case MediaStalled(reason):
            return "media.stalled", {"reason": reason}
        case MediaResumed(reason):
            return "media.resumed", {"reason": reason}
        case MediaFinished(summary):
            return "media.finished", {"summary": summary_json(summary)}
        case MediaFailed(failure):
            return "media.failed", {"error": failure_json(failure)}


def _latency(captured_s: float, sent_s: float) -> Json:
    return {"latency": round(max(sent_s - captured_s, 0.0), 4)}


def _dump(value: Json) -> bytes:
    return _JSON.encode(value).encode()
