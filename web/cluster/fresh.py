"""The newest of the log, as it went by: so that who records it need not ask for what subscribers just got. No I/O."""

from collections import deque
from collections.abc import Sequence

from .messages import Message

Messages = Sequence[tuple[int, Message]]


class Fresh:
    """Up to `limit` messages that nobody took yet; of more all go, since the log has them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._batches: deque[tuple[int, Messages]] = deque()
        """Each with the number after which it has everything."""
        self._count = 0

    @property
    def any(self) -> bool:
        """There is something, be it after a hole."""
        return bool(self._batches)

    def add(self, after: int, batch: Messages) -> None:
        """All that there is after that number, up to the last of these."""
        self._batches.append((after, batch))
        self._count += len(batch)
        if self._count > self._limit:
            self._batches.clear()
            self._count = 0

    def take(self, number: int) -> Messages:
        """The first of what follows that number, without a hole; nothing where that is not here."""
        while self._batches:
            after, batch = self._batches[0]
            if after > number:
                return ()
            self._batches.popleft()
            self._count -= len(batch)
            if batch[-1][0] > number:
                return batch if after == number else [one for one in batch if one[0] > number]
        return ()
