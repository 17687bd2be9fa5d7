"""Events as messages of the log, and back; no I/O.

The body is the CloudEvent as subscribers get it, so that anybody who may read the log can use it; only its id is not
known before the log has given it a number. What the store is told beside it travels in headers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    MediaFailed,
    MediaFinished,
    MediaResumed,
    MediaStalled,
    MediaStarted,
    Reading,
)

from ..delivery.cloudevents import format_id
from ..delivery.history import Entry
from ..delivery.journal import Published
from ..store.kept import MediaFacts

PREFIX: Final = "gore"
ID_HEADER: Final = "Nats-Msg-Id"
"""By which the log knows what it has already."""
OWNER_HEADER: Final = "Gore-Owner"
RECORD_HEADER: Final = "Gore-Record"
_HEAD = b'{"specversion":"1.0","id":"'
_ID_END = len(_HEAD) + len(format_id(0))

_EVENTS: dict[str, TypeAdapter[Event]] = {
    "media.started": TypeAdapter(MediaStarted),
    "gore.incident": TypeAdapter(GoreIncident),
    "media.stalled": TypeAdapter(MediaStalled),
    "media.resumed": TypeAdapter(MediaResumed),
    "media.finished": TypeAdapter(MediaFinished),
    "media.failed": TypeAdapter(MediaFailed),
}
_FACTS = TypeAdapter(MediaFacts)


class NotAnEvent(ValueError):
    """A message of the log that is none of ours, or of a version that this one cannot read."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the log."""

    subject: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def size_bytes(self) -> int:
        """With its headers, as the server counts."""
        return (
            len(self.body)
            + len(b"NATS/1.0\r\n\r\n")
            + sum(len(key) + len(value) + 4 for key, value in self.headers.items())
        )


def subject_of(region: str, stream_id: str, kind: str) -> str:
    """Such as `gore.eu.str_….gore.prob`: whoever reads the log can choose by each part."""
    return f"{PREFIX}.{region}.{stream_id}.{kind}"


def subjects_of(region: str) -> str:
    """All that the service of a region writes to."""
    return f"{PREFIX}.{region}.>"


def message_of(published: Published, *, region: str, facts: MediaFacts | None) -> Message:
    """What the log is given. `facts` are what is known of the event's media; a `gore.prob` leaves no trace of them."""
    entry = published.entry
    headers = {ID_HEADER: f"{published.media_id}.{entry.number}"}
    if entry.owner is not None:
        headers[OWNER_HEADER] = entry.owner
    if (adapter := _EVENTS.get(entry.kind)) is not None:
        record = {
            "event": adapter.dump_python(published.event, mode="json"),
            "facts": None if facts is None else _FACTS.dump_python(facts, mode="json"),
        }
        headers[RECORD_HEADER] = json.dumps(record, separators=(",", ":"))
    return Message(subject_of(region, entry.stream_id, entry.kind), entry.data, headers)


def entry_of(message: Message, number: int) -> Entry:
    """The event as subscribers get it, by the number that the log gave it. Raises `NotAnEvent`."""
    parts = message.subject.split(".", 3)
    body = message.body
    if len(parts) != 4 or parts[0] != PREFIX or not body.startswith(_HEAD) or body[_ID_END : _ID_END + 1] != b'"':
        raise NotAnEvent(f"a message on {message.subject} is no event of this version")
    data = b"".join((_HEAD, format_id(number).encode(), body[_ID_END:]))
    return Entry(number, parts[3], parts[2], data, message.headers.get(OWNER_HEADER))


def recorded(message: Message, number: int) -> tuple[Published, MediaFacts | None]:
    """The event as the store is told of it, and what is known of its media. Raises `NotAnEvent`."""
    entry = entry_of(message, number)
    try:
        envelope: dict[str, Any] = json.loads(message.body)
        unix_s = datetime.fromisoformat(envelope["time"]).timestamp()
        if (adapter := _EVENTS.get(entry.kind)) is None:
            return Published(entry, envelope["subject"], _prob(envelope["data"]), unix_s), None
        record: dict[str, Any] = json.loads(message.headers[RECORD_HEADER])
        event = adapter.validate_python(record["event"])
        facts = None if record["facts"] is None else _FACTS.validate_python(record["facts"])
        return Published(entry, envelope["subject"], event, unix_s), facts
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise NotAnEvent(f"the message {number} on {message.subject} cannot be read: {error}") from error


def _prob(data: Mapping[str, Any]) -> GoreProb:
    """As the event shows it, rounded; when its picture was taken only its host could say."""
    window = data["window"]
    return GoreProb(
        Reading(
            position_s=data["position"],
            prob=data["gore"]["prob"],
            raw=data["raw"]["prob"],
            window_s=window["seconds"],
            window_samples=window["samples"],
            captured_s=0.0,
        )
    )
