"""Sends what is owed to receivers: to each sender's one after the other, again after a while where that fails.

What is owed stands in the store, so that it outlives the service; it may arrive twice, and never out of its sender's
order. One dispatcher of a node sends the callbacks of all jobs and all events. On a server's store those of several
nodes share the work: each claims what it sends, and what a node has claimed that is gone is sent by another one.
"""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ..store.delivery_claims import Taken, give_back_all, take
from ..store.delivery_turns import Due, due
from ..store.errors import StoreError
from ..store.store import Store
from .delivery import Claim, Delivery
from .outcome import Outcome, headers_of, note
from .posting import NotPosted
from .room import Closed, Room

AT_ONCE = 64
_TROUBLED_AT_ONCE = 16
"""Of them, to hosts and senders whose last attempt failed."""
_PER_HOST = 4
_TROUBLED_S = 5.0
_LAST_NOTES_S = 1.0
_ATTEMPT_S = 15.0
"""At most, with what precedes the post, which has a shorter limit of its own."""
CLAIM_S = 30.0
"""Twice as long, so that clocks of nodes may differ, and what came of an attempt be noted."""
_LOOK_EVERY_S = 1.0
"""What other nodes write down or leave behind nobody tells of."""
_NAME_BYTES = 16
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
        self._name = secrets.token_hex(_NAME_BYTES) if store.shared else None
        """By which this node's claims are known. From a file nobody else sends: there are none."""
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
        if self._name is not None:
            await self._give_back(self._name)

    async def _give_back(self, name: str) -> None:
        try:
            async with asyncio.timeout(_LAST_NOTES_S), self._store.beside() as tx:
                await give_back_all(tx, name)
        except (StoreError, TimeoutError) as error:
            reason = str(error) or "the store does not answer"
            _log.warning("what was broken off is sent by others only after %g s: %s", CLAIM_S, reason)

    async def _begin(self) -> float | None:
        """Begin to send what is due, as far as there is room; for how long nothing more can be, None if unknown."""
        self._settled.clear()
        now_s = self._clock()
        entered: dict[str, Due] = {}
        try:
            # What is claimed is sent once that is sure.
            async with self._looking() as tx:
                taken, next_s = await self._take(tx, entered, now_s)
            for one in taken:
                del entered[one.delivery.id]
                self._start(one)
        except StoreError as error:
            _log.error("callbacks and webhooks wait: %s", error)
            return _TROUBLED_S
        finally:
            for other in entered.values():
                self._room.leave(other, failed=None)
        waits_s = [] if next_s is None else [next_s - now_s]
        if self._name is not None:
            waits_s.append(_LOOK_EVERY_S)
        return min(waits_s, default=None)

    def _looking(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._store.reading() if self._name is None else self._store.beside()

    async def _take(
        self, tx: AsyncConnection, entered: dict[str, Due], now_s: float
    ) -> tuple[list[Taken], float | None]:
        """What is to be sent now, and when the next one will be. All that found room is put into `entered`."""
        claim = None if self._name is None else Claim(self._name, now_s + CLAIM_S)
        taken: list[Taken] = []
        while self._room.free > 0:
            found = await due(tx, now_s=now_s, limit=self._room.free, closed=self._closed(), by=self._name)
            # What was sent while this was read is due no more, whatever was read.
            fit = [one for one in found.due if one.sender not in self._settled and self._room.enter(one)]
            entered.update({one.id: one for one in fit})
            if fit:
                taken += await take(tx, [one.id for one in fit], claim=claim, now_s=now_s)
            if not found.more:
                return taken, found.next_s
        return taken, None

    def _closed(self) -> Closed:
        closed = self._room.closed()
        return Closed(closed.senders | self._settled, closed.hosts, closed.tried)

    def _start(self, taken: Taken) -> None:
        task = asyncio.create_task(self._send(taken), name=f"callback-{taken.delivery.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, taken: Taken) -> None:
        delivery = taken.delivery
        refusal: NotPosted | None = NotPosted("It was broken off.")
        try:
            refusal = await self._attempt(taken)
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

    async def _attempt(self, taken: Taken) -> NotPosted | None:
        delivery, now_s = taken.delivery, self._clock()
        if delivery.claim is not None and now_s >= delivery.claim.until_s:
            # This node was held up for so long that another one may be sending it.
            return NotPosted("It was not sent in time.")
        try:
            async with asyncio.timeout(_ATTEMPT_S):
                headers = await headers_of(self._store, taken, self._secret, unix_s=int(now_s))
                await self._post(delivery, headers)
        except NotPosted as refusal:
            return refusal
        except TimeoutError:
            return NotPosted("The store took too long to tell what signs it.")
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
