"""Sends the callbacks that jobs owe: those of one job one after the other, again after a while where that fails.

What is owed stands in the store, so that it outlives the service; a callback may arrive twice, and never out of its
job's order. One dispatcher sends for all jobs, so many at once at most.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from ..store import callbacks as rows
from ..store.callbacks import Callback
from ..store.errors import StoreError
from ..store.store import Store
from .attempts import Attempts
from .posting import NotPosted
from .signature import HEADER, signature

RETRY_AFTER_S = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""After each attempt that failed; after one more it is given up."""
_AT_ONCE = 16
_TROUBLED_S = 5.0
_log = logging.getLogger("gorewatch.callbacks")


class Posts(Protocol):
    """`web.delivery.posting.Poster`."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None: ...


class Dispatcher:
    """Lives on one event loop. `clock` tells Unix seconds; who moves it calls `wake`."""

    def __init__(
        self, store: Store, poster: Posts, *, signing_secret: str | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._poster = poster
        self._secret = signing_secret
        self._clock = clock
        self.attempts = Attempts()
        self._woken = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._settled: set[str] = set()
        """Sent while the store was being read: what it says of them is what was."""

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
            tasks = list(self._sending.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self) -> float | None:
        """Begin to send what is due, as far as there is room; for how long nothing more can be, None if unknown."""
        self._settled.clear()
        try:
            async with self._store.reading() as tx:
                turns = await rows.due(tx, now_s=math.inf, limit=2 * _AT_ONCE)
        except StoreError as error:
            _log.error("callbacks wait: %s", error)
            return _TROUBLED_S
        for callback in turns:
            if callback.id in self._sending or callback.id in self._settled:
                continue
            wait_s = (callback.next_attempt_s or 0.0) - self._clock()
            if wait_s > 0:
                return wait_s
            if len(self._sending) >= _AT_ONCE:
                return None
            self._sending[callback.id] = asyncio.create_task(self._send(callback), name=f"callback-{callback.id}")
        return None

    async def _send(self, callback: Callback) -> None:
        try:
            refusal = await self._attempt(callback)
            try:
                await self._note(callback, refusal)
            except StoreError as error:
                _log.error("how a callback went cannot be written down, so that it is sent again: %s", error)
                await asyncio.sleep(_TROUBLED_S)
        finally:
            del self._sending[callback.id]
            self._settled.add(callback.id)
            self.wake()

    async def _attempt(self, callback: Callback) -> NotPosted | None:
        headers = {}
        if self._secret is not None:
            headers[HEADER] = signature(self._secret, callback.body, unix_s=int(self._clock()))
        try:
            await self._poster.post(callback.url, callback.body, headers)
        except NotPosted as refusal:
            return refusal
        except Exception:
            _log.exception("sending a callback of the job %s failed", callback.job_id)
            return NotPosted("The service failed; its log says why.")
        return None

    async def _note(self, callback: Callback, refusal: NotPosted | None) -> None:
        if refusal is None:
            self.attempts.delivered += 1
        else:
            self.attempts.failed += 1
        async with self._store.writing() as tx:
            if refusal is None:
                await rows.delivered(tx, callback.id)
            elif refusal.hopeless or callback.attempts >= len(RETRY_AFTER_S):
                await rows.give_up(tx, callback.id, error=str(refusal))
                self.attempts.given_up += 1
                _log.warning("a callback of the job %s is given up: %s", callback.job_id, refusal)
            else:
                next_s = self._clock() + RETRY_AFTER_S[callback.attempts]
                await rows.postpone(tx, callback.id, next_attempt_s=next_s, error=str(refusal))
