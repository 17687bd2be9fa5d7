"""Sends what is owed to receivers: to each sender's one after the other, again after a while where that fails.

What is owed stands in the store, so that it outlives the service; it may arrive twice, and never out of its sender's
order. One dispatcher sends the callbacks of all jobs and all events.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from ..store.delivery_turns import due, next_due_s
from ..store.errors import StoreError
from ..store.store import Store
from .delivery import Delivery
from .outcome import Outcome, headers_of, note
from .posting import NotPosted
from .room import Closed, Room

AT_ONCE = 64
_TROUBLED_AT_ONCE = 16
"""Of them, to hosts and senders whose last attempt failed."""
_PER_HOST = 4
_TROUBLED_S = 5.0
_LAST_NOTES_S = 1.0
_DRAWN = random.SystemRandom()
_log = logging.getLogger("gorewatch.callbacks")


class Posts(Protocol):
    """`web.delivery.posting.Poster`."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None: ...


class Dispatcher:
    """Lives on one event loop. `clock` tells Unix seconds; who moves it calls `wake`. `chance` is in [0, 1)."""

    def __init__(
        self,
        store: Store,
        poster: Posts,
        *,
        signing_secret: str | None,
        gone: Callable[[Delivery], None],
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = _DRAWN.random,
    ) -> None:
        """`gone` is told the delivery whose receiver said that it wants no more events."""
        self._store = store
        self._poster = poster
        self._secret = signing_secret
        self._gone = gone
        self._clock = clock
        self._chance = chance
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._posting: set[asyncio.Task[None]] = set()
        """Those of the tasks that wait for a receiver."""
        self._noting = asyncio.Lock()
        """One attempt at a time is written down: whoever keeps events waits for one of them at most."""
        self._ending = False
        self._room = Room(most=AT_ONCE, most_troubled=_TROUBLED_AT_ONCE, most_per_host=_PER_HOST)
        self._settled: set[str] = set()
        """Senders of what was sent while the store was being read: what it says of them is what was."""
        self.outcomes: dict[str, int] = {outcome.value: 0 for outcome in Outcome}
        """Attempts so far, by how they went."""

    def wake(self) -> None:
        """Something is owed that was not before."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; what is under way then counts as not sent."""
        try:
            while True:
                self._woken.clear()
                wait_s = await self._begin()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._woken.wait()
        finally:
            await self._end()

    async def _end(self) -> None:
        """Break off what is being posted; how attempts went that are over is still written down."""
        self._ending = True
        for task in self._posting:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_LAST_NOTES_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _begin(self) -> float | None:
        """Begin to send what is due, as far as there is room; for how long nothing more can be, None if unknown."""
        self._settled.clear()
        now_s = self._clock()
        try:
            async with self._store.reading() as tx:
                while self._room.free > 0:
                    found = await due(tx, now_s=now_s, limit=self._room.free, closed=self._closed())
                    if not found:
                        break
                    for delivery in found:
                        self._start(delivery)
                next_s = await next_due_s(tx, after_s=now_s)
        except StoreError as error:
            _log.error("callbacks and webhooks wait: %s", error)
            return _TROUBLED_S
        return None if next_s is None else next_s - now_s

    def _closed(self) -> Closed:
        closed = self._room.closed()
        return Closed(closed.senders | self._settled, closed.hosts, closed.tried)

    def _start(self, delivery: Delivery) -> None:
        if delivery.sender not in self._settled and self._room.enter(delivery):
            task = asyncio.create_task(self._send(delivery), name=f"callback-{delivery.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, delivery: Delivery) -> None:
        refusal: NotPosted | None = NotPosted("It was broken off.")
        try:
            refusal = await self._attempt(delivery)
            try:
                async with self._noting:
                    outcome = await note(self._store, delivery, refusal, now_s=self._clock(), chance=self._chance())
                self._tell(delivery, outcome, refusal)
            except StoreError as error:
                _log.error("how a callback went cannot be written down, so that it is sent again: %s", error)
                await asyncio.sleep(_TROUBLED_S)
        finally:
            self._room.leave(delivery, failed=refusal is not None)
            self._settled.add(delivery.sender)
            self.wake()

    async def _attempt(self, delivery: Delivery) -> NotPosted | None:
        try:
            headers = await headers_of(self._store, delivery, self._secret, unix_s=int(self._clock()))
            await self._post(delivery, headers)
        except NotPosted as refusal:
            return refusal
        except Exception:
            _log.exception("sending on behalf of %s failed", delivery.sender)
            return NotPosted("The service failed; its log says why.")
        return None

    async def _post(self, delivery: Delivery, headers: Mapping[str, str]) -> None:
        task = asyncio.current_task()
        if task is None or self._ending:
            raise asyncio.CancelledError
        self._posting.add(task)
        try:
            await self._poster.post(delivery.url, delivery.body, headers)
        finally:
            self._posting.discard(task)

    def _tell(self, delivery: Delivery, outcome: Outcome, refusal: NotPosted | None) -> None:
        self.outcomes[outcome.value] += 1
        if outcome is Outcome.GIVEN_UP:
            _log.warning("a callback of %s is given up: %s", delivery.sender, refusal)
        elif outcome is Outcome.GONE:
            _log.warning("no more events are posted for %s: its receiver answered 410", delivery.sender)
            self._gone(delivery)
