"""The events that wait for one subscriber: bounded, and shortened where nothing is lost by it. Pure."""

from collections import OrderedDict

from .history import Entry

PROB = "gore.prob"
"""The one type of which a newer event makes up for an older one of the same stream."""
_LAGS_FROM = 8
"""A reader lags when more than one in so many places is taken."""


class Waiting:
    """Up to `limit` entries, whose numbers must grow.

    Once a reader lags, a `gore.prob` takes the place of the one before it of the same stream, if nothing else of that
    stream came between.
    """

    __slots__ = ("_entries", "_lags_at", "_limit", "_probs", "merged")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lags_at = limit // _LAGS_FROM
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._probs: dict[str, int] = {}
        """By stream, the number of the `gore.prob` that a newer one may replace."""
        self.merged = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> bool:
        """Add the newest; false if there is no room for it."""
        if entry.kind != PROB:
            self._probs.pop(entry.stream_id, None)
        elif len(self._entries) > self._lags_at and (older := self._probs.pop(entry.stream_id, None)) is not None:
            del self._entries[older]
            self.merged += 1
        if len(self._entries) >= self._limit:
            return False
        self._entries[entry.number] = entry
        if entry.kind == PROB:
            self._probs[entry.stream_id] = entry.number
        return True

    def take(self, most: int) -> list[Entry]:
        """Remove up to so many, oldest first."""
        taken = [self._entries.popitem(last=False)[1] for _ in range(min(most, len(self._entries)))]
        for entry in taken:
            if self._probs.get(entry.stream_id) == entry.number:
                del self._probs[entry.stream_id]
        return taken

    def upto(self, number: int) -> list[Entry]:
        """Remove those whose numbers are not greater."""
        return self.take(sum(1 for waiting in self._entries if waiting <= number))

    def clear(self) -> None:
        self._entries.clear()
        self._probs.clear()
