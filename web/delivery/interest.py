"""Who wants which events, found without asking everybody. Pure."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from .cloudevents import GAP
from .filters import Filter
from .history import Entry

T = TypeVar("T")

_MOST_NAMED = 16
"""Streams that a filter is found by; one that names more is asked about every event, so that it takes no more room."""


class Interest(Generic[T]):
    """Groups of those that want the same. Most watch one stream each: an event of another one costs them nothing."""

    def __init__(self) -> None:
        self._groups: dict[Filter, set[T]] = {}
        self._asked: dict[Filter, None] = {}
        """Those of them that are asked about every event."""
        self._by_stream: dict[str, dict[Filter, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def __iter__(self) -> Iterator[T]:
        return iter([one for group in self._groups.values() for one in group])

    def add(self, wanted: Filter, one: T) -> None:
        if wanted not in self._groups:
            self._groups[wanted] = set()
            for place in self._places(wanted):
                place[wanted] = None
        self._groups[wanted].add(one)

    def remove(self, wanted: Filter, one: T) -> bool:
        """Whether it was there."""
        group = self._groups.get(wanted, set())
        if one not in group:
            return False
        group.discard(one)
        if not group:
            del self._groups[wanted]
            for place in self._places(wanted):
                del place[wanted]
            for stream in _named(wanted):
                if not self._by_stream.get(stream, True):
                    del self._by_stream[stream]
        return True

    def told(self, entries: Sequence[Entry]) -> Iterator[tuple[tuple[T, ...], list[Entry]]]:
        """For every group that wants some of the events: who is in it now, and these in their order."""
        # Everybody wants to know where events are gone.
        everybody = any(entry.kind == GAP for entry in entries)
        found = {wanted: [*filter(wanted.wants, entries)] for wanted in (self._groups if everybody else self._asked)}
        if not everybody:
            for entry in entries:
                for wanted in self._by_stream.get(entry.stream_id, ()):
                    if wanted.wants(entry):
                        found.setdefault(wanted, []).append(entry)
        for wanted, some in found.items():
            if some:
                yield tuple(self._groups.get(wanted, ())), some

    def _places(self, wanted: Filter) -> list[dict[Filter, None]]:
        """Where a filter is found."""
        named = _named(wanted)
        return [self._by_stream.setdefault(stream, {}) for stream in named] if named else [self._asked]


def _named(wanted: Filter) -> frozenset[str]:
    """The streams that it is found by; none if it is asked about every event."""
    if wanted.only_stream is not None:
        return frozenset({wanted.only_stream})
    return wanted.streams if len(wanted.streams) <= _MOST_NAMED else frozenset()
