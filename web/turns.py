"""Room for so many at once and a bounded queue before it: who comes when that is full is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stream.errors import Overloaded


class Turns:
    """Turns are taken in the order of asking. Used on one event loop."""

    def __init__(self, *, running: int, waiting: int, wait_s: float) -> None:
        """`running` have their turn at once, `waiting` more wait for theirs, for `wait_s` at most."""
        self._room = asyncio.Semaphore(running)
        self._most_waiting = waiting
        self._wait_s = wait_s
        self.waiting = 0
        self.running = 0
        self.refused = 0
        """Since the start."""

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn, for as long as the context lasts. Raises `Overloaded` at once when the queue is full, or after
        `wait_s` in it."""
        if self._room.locked() and self.waiting >= self._most_waiting:
            self.refused += 1
            raise Overloaded("As many are being served, and wait to be, as may be.")
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._room.acquire()
        except TimeoutError as error:
            self.refused += 1
            raise Overloaded(f"Its turn did not come within {self._wait_s:g} s.") from error
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._room.release()
