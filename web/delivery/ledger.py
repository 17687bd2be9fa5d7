"""Writes down what is owed because of events, in the transaction that keeps them: either both are there, or neither."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ..store import deliveries, media
from ..store.errors import StoreError
from ..store.store import Store
from .delivery import Owed
from .endpoint import USUAL, owed, stream_hook
from .endpoints import Endpoints
from .journal import Published

_PRUNE_EVERY_S = 300.0
_KEPT_S = 7 * 86_400.0
"""How long an event that was given up can be tried again."""
_HELD_AFTER = 20
"""What a receiver is owed is counted whenever a part of the limit, one in so many, has come to it."""
_HELD_AT_ONCE = 500
_FULL = "More waited for this receiver than may (limits.webhook_queue)."
_log = logging.getLogger("gorewatch.callbacks")


class Ledger:
    """A `web.recording.journal.Along`. `wake` is called when there is something to send.

    `usual_url` is the `callback_url` of the configuration; `most_owed` is to one receiver.
    """

    def __init__(
        self,
        store: Store,
        endpoints: Endpoints,
        *,
        wake: Callable[[], None],
        usual_url: str | None,
        most_owed: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._wake = wake
        self._usual_url = usual_url
        self._most_owed = most_owed
        self._clock = clock
        self._added: Counter[str] = Counter()
        """By sender, since it was last held to what may be owed."""
        self._owes = False
        """Something was written down that nobody was woken for."""
        self._going: Counter[str] = Counter()
        """What the transaction that is not committed gave up."""
        self._gone: Counter[str] = Counter()

    @property
    def dropped(self) -> dict[str, int]:
        """Events that receivers were not told of, by reason."""
        return {
            "prob_over_limit": self._gone["gore.prob"],
            "over_limit": self._gone["given up"],
            "forgotten": self._gone["forgotten"],
        }

    async def write(self, tx: AsyncConnection, new: Sequence[Published]) -> None:
        """Owe what follows from events that were not kept before. Their media must be."""
        self._going.clear()
        owing = await self._owed(tx, new)
        if not owing:
            return
        await deliveries.add(tx, owing, now_s=self._clock())
        self._owes = True
        self._added.update(one.sender for one in owing)
        full = [sender for sender, count in self._added.items() if count * _HELD_AFTER >= self._most_owed]
        if full:
            self._going.update(await deliveries.confine(tx, full, most=self._most_owed, why=_FULL))
        for sender in full:
            del self._added[sender]

    def written(self) -> None:
        """What `write` wrote is committed."""
        self._gone.update(self._going)
        self._going.clear()
        if self._owes:
            self._owes = False
            self._wake()

    async def run(self) -> None:
        """Forget what was given up long ago, at once and every few minutes, until cancelled."""
        while True:
            try:
                await self.prune()
            except StoreError as error:
                _log.error("what was given up long ago could not be cleared away: %s", error)
            await asyncio.sleep(_PRUNE_EVERY_S)

    async def prune(self) -> None:
        """Once, and hold all receivers to what they may be owed. Raises `StoreError`."""
        async with self._store.writing() as tx:
            await deliveries.forget(tx, owed_before_s=self._clock() - _KEPT_S)
        while self._added:
            async with self._store.writing() as tx:
                some = [sender for sender, _ in self._added.most_common(_HELD_AT_ONCE)]
                gone = await deliveries.confine(tx, some, most=self._most_owed, why=_FULL)
                for sender in some:
                    del self._added[sender]
            self._gone.update(gone)

    async def _owed(self, tx: AsyncConnection, new: Sequence[Published]) -> list[Owed]:
        # From the store, not from what runs: a media's last events may be written after its stream is forgotten.
        urls = await media.callback_urls(tx, {one.media_id for one in new if one.entry.kind in USUAL})
        hooks = {
            one.entry.stream_id: stream_hook(url, owner=one.entry.owner, usual=self._usual_url)
            for one in new
            if (url := urls.get(one.media_id)) is not None and not self._endpoints.unwanted(one.entry.stream_id)
        }
        return owed(new, self._endpoints.told, hooks.get)
