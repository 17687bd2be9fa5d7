"""Which events a subscriber gets: those it wants of those it may see. Pure."""

import json
from dataclasses import dataclass, replace

from .cloudevents import FEED_TYPES, GAP
from .history import Entry

_KEYS = {"type", "streams", "types"}
_MOST = 1000
"""Streams or types that one filter may name."""


class NotUnderstood(Exception):
    """A message of a client that is none of ours. `str()` is one sentence of under 120 bytes."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a subscriber wants, an empty set meaning all, and which it may see, None meaning all."""

    streams: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    owners: frozenset[str | None] | None = None
    only_stream: str | None = None

    def wants(self, entry: Entry) -> bool:
        """Everybody wants to know where events are gone."""
        return entry.kind == GAP or (
            (not self.streams or entry.stream_id in self.streams)
            and (not self.kinds or entry.kind in self.kinds)
            and (self.owners is None or entry.owner in self.owners)
            and self.only_stream in (None, entry.stream_id)
        )

    def changed(self, message: str) -> "Filter":
        """The filter that a client's message asks for, which sees no more than this one. Raises `NotUnderstood`."""
        try:
            asked = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise NotUnderstood("A message must be JSON.") from error
        if not isinstance(asked, dict) or asked.get("type") != "filter" or asked.keys() - _KEYS:
            raise NotUnderstood('A message must be {"type": "filter", "streams": [...], "types": [...]}.')
        kinds = _words(asked.get("types", []))
        if kinds - set(FEED_TYPES):
            raise NotUnderstood("A filter names a type that does not exist.")
        return replace(self, streams=_words(asked.get("streams", [])), kinds=kinds)


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list) or len(value) > _MOST or not all(isinstance(one, str) for one in value):
        raise NotUnderstood(f"The streams and types of a filter must be lists of at most {_MOST} strings.")
    return frozenset(value)
