"""Writes down what is owed because of events: the publisher never waits for the store, which gets it in batches."""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from ..store import deliveries
from ..store.errors import StoreError
from ..store.store import Store
from .backlog import Backlog
from .delivery import Owed
from .endpoint import StreamHook, owed
from .endpoints import Endpoints
from .journal import Published

_MOST_WAITING = 10_000
_BATCH = 500
_TROUBLED_S = 2.0
_PRUNE_EVERY_S = 300.0
_KEPT_S = 7 * 86_400.0
"""How long an event that was given up can be tried again."""
_FULL = "More waited for this receiver than may (limits.webhook_queue)."
_log = logging.getLogger("gorewatch.callbacks")


class Ledger:
    """Lives on one event loop. `wake` is called when there is something to send."""

    def __init__(
        self,
        store: Store,
        endpoints: Endpoints,
        *,
        wake: Callable[[], None],
        most_owed: int,
        most_waiting: int = _MOST_WAITING,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`most_owed`: to one receiver, in the store; `most_waiting`: in all, on their way there."""
        self._store = store
        self._endpoints = endpoints
        self._wake = wake
        self._most_owed = most_owed
        self._waiting = Backlog(most_waiting)
        self._batch: list[Owed] = []
        """Taken, and to be written before anything else."""
        self._clock = clock
        self._added: Counter[str] = Counter()
        """By sender, since it was last held to what may be owed."""
        self._woken = asyncio.Event()
        self._finishing = False
        self._troubled = False
        self._gone: Counter[str] = Counter()
        self._prune_s = -math.inf

    def __len__(self) -> int:
        """What is not written down."""
        return len(self._waiting) + len(self._batch)

    @property
    def dropped(self) -> dict[str, int]:
        """Events that receivers were not told of, by reason."""
        return {
            "unwritten": self._waiting.dropped,
            "prob_over_limit": self._gone["gore.prob"],
            "over_limit": self._gone["given up"],
            "forgotten": self._gone["forgotten"],
        }

    def offer(self, published: Published, hook: StreamHook | None) -> None:
        """Owe what follows from an event; `hook` is the callback of its stream. Never waits."""
        if hook is not None and self._endpoints.unwanted(published.entry.stream_id):
            hook = None
        for one in owed([published], self._endpoints, lambda _: hook):
            self._waiting.put(one)
            self._woken.set()

    def tell_lost(self) -> None:
        """Log what could not be written down, when nothing more will be."""
        if len(self):
            _log.error("%d events are not posted, since they could not be written down", len(self))

    def finish(self) -> None:
        """No more events come: `run` ends when all are written."""
        self._finishing = True
        self._woken.set()

    async def run(self) -> None:
        """Write until `finish` was called and all is written. What is cancelled in the middle is not written."""
        while True:
            self._woken.clear()
            try:
                await self._prune()
                while len(self):
                    await self._write()
                self._troubled = False
            except StoreError as error:
                if not self._troubled:
                    _log.error("what is owed to webhooks waits to be written down: %s", error)
                self._troubled = True
                await asyncio.sleep(_TROUBLED_S)
                continue
            if self._finishing:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_PRUNE_EVERY_S):
                    await self._woken.wait()

    async def _write(self) -> None:
        self._batch = self._batch or self._waiting.take(_BATCH)
        now_s = self._clock()
        async with self._store.writing() as tx:
            await deliveries.add(tx, self._batch, now_s=now_s)
            self._added.update(one.sender for one in self._batch)
            full = [sender for sender, count in self._added.items() if count * 20 >= self._most_owed]
            gone = await deliveries.confine(tx, full, most=self._most_owed, why=_FULL)
        self._gone.update(gone)
        for sender in full:
            del self._added[sender]
        self._batch = []
        self._wake()

    async def _prune(self) -> None:
        if time.monotonic() >= self._prune_s:
            async with self._store.writing() as tx:
                await deliveries.forget(tx, owed_before_s=self._clock() - _KEPT_S)
            self._added.clear()
            self._prune_s = time.monotonic() + _PRUNE_EVERY_S
