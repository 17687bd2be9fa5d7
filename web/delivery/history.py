"""The latest events, kept for whoever comes back and asks for what it missed. Pure."""

from bisect import bisect_right
from dataclasses import dataclass

OPERATORS = "operators"
"""The owner of what only those see who see everything; no key has such a name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One encoded event and what subscribers filter it by."""

    number: int
    kind: str
    stream_id: str
    data: bytes
    owner: str | None = None
    """The key that the stream belongs to, or `OPERATORS`; None for nobody's."""


class History:
    """A ring of the newest `capacity` entries, whose numbers must grow.

    `floor` is the number up to which events may be missing here: at first that of the start of the service, since
    events of an earlier run are not in it; later that of the newest entry that had to go.
    """

    def __init__(self, capacity: int, *, floor: int) -> None:
        self._ring: list[Entry] = []
        self._capacity = capacity
        self._end = 0
        self.floor = floor

    @property
    def first(self) -> int:
        """The first number kept, or the first that can be if there is none yet."""
        return self._at(self._begin).number if self._end else self.floor + 1

    @property
    def last(self) -> int:
        """The newest number, or the floor if there is none yet."""
        return self._at(self._end - 1).number if self._end else self.floor

    @property
    def newest(self) -> int:
        """The newest number, or 0 if there is none yet."""
        return self._at(self._end - 1).number if self._end else 0

    def append(self, entry: Entry) -> None:
        if len(self._ring) < self._capacity:
            self._ring.append(entry)
        else:
            slot = self._end % self._capacity
            self.floor = self._ring[slot].number
            self._ring[slot] = entry
        self._end += 1

    def after(self, number: int, limit: int) -> list[Entry]:
        """Up to `limit` of the entries that came after `number`, oldest first."""
        start = bisect_right(range(self._begin, self._end), number, key=lambda index: self._at(index).number)
        start += self._begin
        return [self._at(index) for index in range(start, min(start + limit, self._end))]

    @property
    def _begin(self) -> int:
        return self._end - len(self._ring)

    def _at(self, index: int) -> Entry:
        return self._ring[index % self._capacity]
