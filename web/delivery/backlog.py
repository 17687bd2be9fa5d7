"""What is owed and not written down yet: a bounded queue that gives up `gore.prob` before anything else. Pure."""

from collections import deque

from .delivery import Owed


class Backlog:
    """Holds `most` deliveries. `dropped` counts those that had to go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._probs: deque[Owed] = deque()
        self._others: deque[Owed] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._probs) + len(self._others)

    def put(self, owed: Owed) -> None:
        """Add the latest one; the oldest `gore.prob`, or else the oldest, goes where there is no room."""
        (self._probs if owed.kind == "gore.prob" else self._others).append(owed)
        if len(self) > self._most:
            (self._probs or self._others).popleft()
            self.dropped += 1

    def take(self, most: int) -> list[Owed]:
        """The oldest ones, in order."""
        taken: list[Owed] = []
        while len(taken) < most and len(self):
            probs_first = not self._others or (self._probs and self._probs[0].number < self._others[0].number)
            taken.append((self._probs if probs_first else self._others).popleft())
        return taken
