"""When a micro-batch closes and whose samples go into it: size, age of the oldest, fairness between streams."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Item]):
    item: Item
    stream: int
    live: bool
    since_s: float


class Intake(Generic[Item]):
    """What waits to be scored, one queue a stream, taken in turns: one item of each stream, then the next of each.

    Live items are bounded twice, by stream and in all, and the oldest is given up for the newest: of the same stream
    first, then of all. Items of stored media are never given up; they are bounded by whoever submits them and waits.
    So neither kind starves the other: the turns share out the work, and live items are dropped for live ones alone.

    Every item that is added comes back exactly once: from `add` (given up), `take`, `remove` or `drain`.
    Times are seconds of any one clock that does not go back.
    """

    def __init__(self, *, max_batch: int, max_wait_s: float, size: int, per_live_stream: int = 2) -> None:
        """`size` bounds the live items of all streams together. Raises ValueError for a bound that holds nothing."""
        if min(max_batch, size, per_live_stream) < 1 or max_wait_s < 0:
            raise ValueError("a batch, the intake and a stream's share must hold 1 item or more; no wait is negative")
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._size = size
        self._per_live_stream = per_live_stream
        self._turns: OrderedDict[int, deque[_Waiting[Item]]] = OrderedDict()
        self._by_age: OrderedDict[_Waiting[Item], None] = OrderedDict()
        self._live_by_age: OrderedDict[_Waiting[Item], None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_age)

    def add(self, stream: int, item: Item, *, live: bool, now_s: float) -> list[Item]:
        """Queue an item. Returns the older ones that were given up for it."""
        given_up = [self._give_up(waiting) for waiting in self._victims(stream)] if live else []
        waiting = _Waiting(item, stream, live, now_s)
        self._turns.setdefault(stream, deque()).append(waiting)
        self._by_age[waiting] = None
        if live:
            self._live_by_age[waiting] = None
        for other in given_up:
            self._end_turn_if_empty(other.stream)
        return [other.item for other in given_up]

    def closes_at(self) -> float | None:
        """When the next batch closes by age, or the time its oldest item came if it is full. None: nothing waits."""
        if not self._by_age:
            return None
        oldest_s = next(iter(self._by_age)).since_s
        return oldest_s if self.full else oldest_s + self._max_wait_s

    @property
    def full(self) -> bool:
        """A whole batch waits."""
        return len(self._by_age) >= self._max_batch

    def take(self, now_s: float, most: int | None = None) -> list[Item]:
        """The next batch, at most `max_batch` items, or `most`; empty while it is neither full nor old enough."""
        closes_at_s = self.closes_at()
        if closes_at_s is None or now_s < closes_at_s:
            return []
        size = self._max_batch if most is None else min(most, self._max_batch)
        batch: list[Item] = []
        while self._by_age and len(batch) < size:
            stream, queue = next(iter(self._turns.items()))
            self._turns.move_to_end(stream)
            batch.append(self._give_up(queue[0]).item)
            self._end_turn_if_empty(stream)
        return batch

    def remove(self, stream: int) -> list[Item]:
        """Take out everything of a stream, oldest first."""
        removed = [self._give_up(waiting).item for waiting in tuple(self._turns.get(stream, ()))]
        self._turns.pop(stream, None)
        return removed

    def drain(self) -> list[Item]:
        """Take out everything, oldest first."""
        items = [waiting.item for waiting in self._by_age]
        for held in (self._turns, self._by_age, self._live_by_age):
            held.clear()
        return items

    def _victims(self, stream: int) -> list[_Waiting[Item]]:
        """What a new live item of this stream takes the place of: one item or none."""
        own = [waiting for waiting in self._turns.get(stream, ()) if waiting.live]
        if len(own) >= self._per_live_stream:
            return own[:1]
        return [next(iter(self._live_by_age))] if len(self._live_by_age) >= self._size else []

    def _give_up(self, waiting: _Waiting[Item]) -> _Waiting[Item]:
        """Forget an item. Its stream keeps its turn, even when it has nothing left: that is for the caller to end."""
        self._turns[waiting.stream].remove(waiting)
        del self._by_age[waiting]
        self._live_by_age.pop(waiting, None)
        return waiting

    def _end_turn_if_empty(self, stream: int) -> None:
        if not self._turns[stream]:
            del self._turns[stream]
