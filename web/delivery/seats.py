"""How many event connections there may be, in all and of each key. Pure."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class NoSeat(Exception):
    """There are as many as there may be. `str()` is one sentence."""

    def __init__(self, message: str, *, of_the_key: bool) -> None:
        super().__init__(message)
        self.of_the_key = of_the_key
        """The caller has them all, and can end some."""


class Seats:
    """`most` in all, `most_of_one` of each key; everybody counts as one while there is no key."""

    def __init__(self, *, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._taken: Counter[str | None] = Counter()
        self._count = 0
        self.refused = 0

    @contextmanager
    def one(self, key_id: str | None) -> Iterator[None]:
        """Have one for as long as the block lasts. Raises `NoSeat`."""
        if self._taken[key_id] >= self._most_of_one:
            self.refused += 1
            raise NoSeat(
                f"This key has {self._most_of_one} event connections, the limit (limits.key_subscribers); close some.",
                of_the_key=True,
            )
        if self._count >= self._most:
            self.refused += 1
            raise NoSeat(
                f"The service has {self._most} event connections, the limit (limits.max_subscribers); try again later.",
                of_the_key=False,
            )
        self._taken[key_id] += 1
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
            self._taken[key_id] -= 1
            if not self._taken[key_id]:
                del self._taken[key_id]
