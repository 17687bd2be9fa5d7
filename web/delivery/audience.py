"""Who is to be told of an event, found without asking every webhook. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .endpoint import USUAL, Endpoint
from .history import Entry


@dataclass(slots=True)
class _Listeners:
    """Of one type of events, and of one stream or of all."""

    everybody: list[Endpoint] = field(default_factory=list)
    seeing_all: list[Endpoint] = field(default_factory=list)
    of_key: dict[str, list[Endpoint]] = field(default_factory=dict)
    """The others, by their key; nobody's see no stream that belongs to somebody."""

    def add(self, endpoint: Endpoint) -> None:
        self.everybody.append(endpoint)
        if endpoint.sees_all:
            self.seeing_all.append(endpoint)
        elif endpoint.key_id is not None:
            self.of_key.setdefault(endpoint.key_id, []).append(endpoint)

    def told(self, owner: str | None) -> Iterator[Endpoint]:
        if owner is None:
            yield from self.everybody
        else:
            yield from self.seeing_all
            yield from self.of_key.get(owner, ())


class Audience:
    """Endpoints by what they ask for. It finds those whose `Endpoint.wants` says so, and no others."""

    def __init__(self, endpoints: Iterable[Endpoint] = ()) -> None:
        self._listeners: dict[tuple[str, str | None], _Listeners] = {}
        """By type and stream, None for all streams."""
        for endpoint in endpoints:
            if endpoint.disabled is None:
                self._add(endpoint)

    def of(self, entry: Entry) -> Iterator[Endpoint]:
        """Who is to be told of it, each once: those who are told of all streams first."""
        for stream_id in (None, entry.stream_id):
            listeners = self._listeners.get((entry.kind, stream_id))
            if listeners is not None:
                yield from listeners.told(entry.owner)

    def _add(self, endpoint: Endpoint) -> None:
        for kind in set(endpoint.kinds or USUAL):
            for stream_id in set(endpoint.streams or (None,)):
                self._listeners.setdefault((kind, stream_id), _Listeners()).add(endpoint)
