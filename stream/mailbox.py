"""What comes for one reader, who may wait for it with a limit and give that up at any time: nothing is lost by it."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Lives on one event loop. Without a bound of its own: who puts in must have one.

    It does what `asyncio.Queue` and `asyncio.timeout` do together, for a fraction of what they cost: thousands of
    streams wait here for every one of their samples.
    """

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        """Never waits."""
        self._items.append(item)
        if self._waiter is not None:
            _wake(self._waiter)

    async def get(self, within_s: float | None = None) -> T | None:
        """The oldest item, taken out; None when there is none within that time, for ever without one."""
        if not self._items:
            loop = asyncio.get_running_loop()
            self._waiter = waiter = loop.create_future()
            timer = None if within_s is None else loop.call_later(within_s, _wake, waiter)
            try:
                await waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        return self._items.popleft() if self._items else None


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
