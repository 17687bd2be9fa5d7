"""Parts of the past as they are read, and the ones that were read last, for all who are at the same place. Pure."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .history import Entry


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the past: what is kept of the events up to `upto`."""

    entries: Sequence[Entry]
    upto: int
    first: int | None = None
    """If events are gone: the first number from which on none are."""


class Shelf:
    """The last few stretches without a gap: after a restart of the service thousands ask for the same ones."""

    def __init__(self, size: int) -> None:
        self._stretches: deque[tuple[int, Stretch]] = deque(maxlen=size)
        """Each with the number that it begins after."""

    def put(self, after: int, stretch: Stretch) -> None:
        if stretch.first is None:
            self._stretches.appendleft((after, stretch))

    def find(self, number: int) -> Stretch | None:
        """What comes next after that number, if it is here."""
        for after, stretch in self._stretches:
            if after <= number < stretch.upto:
                begin = bisect_right(stretch.entries, number, key=lambda entry: entry.number)
                return Stretch(stretch.entries[begin:], stretch.upto)
        return None


class InHand:
    """How many events readers have that did not come back yet: what takes its time fills the memory.

    Those of one stretch count once, however many have them or a part of them.
    """

    def __init__(self) -> None:
        self._readers: dict[object, int] = {}
        """Where the stretch ends that each has."""
        self._held: dict[int, tuple[int, int]] = {}
        """By where it ends, how many have a stretch, and its events."""
        self.total = 0

    def give(self, reader: object, stretch: Stretch) -> None:
        """It is done with what it had."""
        self.take(reader)
        readers, count = self._held.get(stretch.upto, (0, 0))
        more = max(len(stretch.entries) - count, 0)
        self._held[stretch.upto] = readers + 1, count + more
        self._readers[reader] = stretch.upto
        self.total += more

    def take(self, reader: object) -> None:
        """It has nothing any more. Idempotent."""
        upto = self._readers.pop(reader, None)
        if upto is None:
            return
        readers, count = self._held.pop(upto)
        if readers > 1:
            self._held[upto] = readers - 1, count
        else:
            self.total -= count
