"""The events that are still to be written to the journal: bounded, the dearest kept longest. Pure."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import chain, islice

from .history import Entry
from .journal import Published
from .waiting import PROB


class Unkept:
    """Up to `limit` events, whose numbers must grow. When full, the oldest `gore.prob` goes, or else the oldest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: OrderedDict[int, Published] = OrderedDict()
        self._probs: deque[int] = deque()
        """Numbers of those that go first; some may be gone already."""
        self._writing: list[Published] = []
        self.dropped: dict[str, int] = {}
        """Events that will never be kept, by type."""
        self.lost = 0
        """The number of the newest of them that was no `gore.prob`."""

    def __len__(self) -> int:
        return len(self._events) + len(self._writing)

    def __iter__(self) -> Iterator[Published]:
        """Oldest first, those that are being written included."""
        return chain(self._writing, self._events.values())

    def add(self, published: Published) -> None:
        entry = published.entry
        self._events[entry.number] = published
        if entry.kind == PROB:
            self._probs.append(entry.number)
        while len(self._events) > self._limit:
            self._drop()

    def begin(self, most: int) -> list[Published]:
        """The oldest, which are being written from now on."""
        self._writing = [self._events.popitem(last=False)[1] for _ in range(min(most, len(self._events)))]
        if self._writing:
            last = self._writing[-1].entry.number
            while self._probs and self._probs[0] <= last:
                self._probs.popleft()
        return self._writing

    def written(self) -> None:
        """Those that `begin` gave are kept."""
        self._writing = []

    def set_aside(self, entry: Entry) -> None:
        """One of those that `begin` gave is none that can be kept. The journal tells of it, and nothing else goes."""
        self._count(entry)

    def failed(self) -> None:
        """Those that `begin` gave must be written again."""
        for published in reversed(self._writing):
            entry = published.entry
            self._events[entry.number] = published
            self._events.move_to_end(entry.number, last=False)
            if entry.kind == PROB:
                self._probs.appendleft(entry.number)
        self._writing = []
        while len(self._events) > self._limit:
            self._drop()

    def give_up(self) -> None:
        """Nothing more can be written."""
        self.failed()
        while self._events:
            self._drop()

    def between(self, after: int, upto: int, limit: int) -> list[Entry]:
        """Up to `limit` of those with greater numbers than `after`, not greater than `upto`; oldest first."""
        entries = (one.entry for one in (*self._writing, *self._events.values()))
        return list(islice((entry for entry in entries if after < entry.number <= upto), limit))

    def _drop(self) -> None:
        number = self._probs.popleft() if self._probs else next(iter(self._events))
        entry = self._events.pop(number).entry
        self._count(entry)
        if entry.kind != PROB:
            self.lost = max(self.lost, entry.number)

    def _count(self, entry: Entry) -> None:
        self.dropped[entry.kind] = self.dropped.get(entry.kind, 0) + 1
