"""Which streams the next service takes up again, on its way to the store: noted without waiting, written in batches."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress

from ..store import regions
from ..store import standing as rows
from ..store.errors import Refused, StoreError
from ..store.standing import StandingStream
from ..store.store import Store

_AGAIN_AFTER_S = 1.0
_SETTLED_WITHIN_S = 1.0
_ASKED_WITHIN_S = 1.0
_CLOSING_TIMEOUT_S = 2.0
_log = logging.getLogger("gorewatch.recording")

_Changes = dict[str, StandingStream | None]
"""What is to be in the store, by id; None for what is not to be there."""


class Standing:
    """Lives on one event loop. Of each stream only the latest change waits, for as long as the store fails."""

    def __init__(
        self,
        store: Store,
        *,
        region: str = regions.DEFAULT,
        keeps: bool = True,
        again_after_s: float = _AGAIN_AFTER_S,
    ) -> None:
        """`region` is that of the streams. Nothing is noted unless it `keeps`."""
        self._store = store
        self._region = region
        self._keeps = keeps
        self._again_after_s = again_after_s
        self._stand: set[str] = set()
        self._maybe_stored: set[str] = set()
        self._owed: _Changes = {}
        self._writing: _Changes = {}
        self._wake = asyncio.Event()
        self._flushing = asyncio.Lock()
        self._written = asyncio.Condition()
        self.failing = False
        """The last attempt to write did not succeed."""

    @property
    def waiting(self) -> int:
        """Changes that are not in the store yet."""
        return len(self._owed.keys() | self._writing.keys())

    def stored(self, ids: Collection[str]) -> None:
        """These are in the store, from an earlier service."""
        self._stand.update(ids)
        self._maybe_stored.update(ids)

    def add(self, one: StandingStream) -> None:
        """Have it taken up again. Nothing happens if it is noted already. Never waits."""
        if self._keeps and one.id not in self._stand:
            self._stand.add(one.id)
            self._owe(one.id, one)

    def remove(self, stream_id: str) -> None:
        """It is over, whatever it was. Never waits."""
        if stream_id not in self._stand:
            return
        self._stand.discard(stream_id)
        if stream_id in self._maybe_stored:
            self._owe(stream_id, None)
        else:
            del self._owed[stream_id]

    async def named_elsewhere(self, owner: str | None, name: str, *, within_s: float = _ASKED_WITHIN_S) -> str | None:
        """The other region in which a stream of that owner has that name; None also where the store does not tell."""
        try:
            async with asyncio.timeout(within_s), self._store.reading() as tx:
                return await rows.named_elsewhere(tx, owner, name, region=self._region)
        except (StoreError, TimeoutError):
            return None

    async def settled(self, stream_id: str, *, within_s: float = _SETTLED_WITHIN_S) -> None:
        """Until what is noted of a stream is in the store, or that takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._written:
                await self._written.wait_for(lambda: stream_id not in self._owed and stream_id not in self._writing)

    async def run(self) -> None:
        """Write what changes, and again later what could not be written; until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._try()
            if self.failing:
                await asyncio.sleep(self._again_after_s)
                self._wake.set()

    async def flush(self) -> None:
        """Write all that waits. Raises `StoreError`.

        What was not written goes on waiting, also when it is cancelled.
        """
        async with self._flushing:
            while self._owed:
                self._writing, self._owed = self._owed, {}
                self._maybe_stored.update(one for one, row in self._writing.items() if row is not None)
                try:
                    await self._write(self._writing)
                except BaseException:
                    self._owed = {**self._writing, **self._owed}
                    self._writing = {}
                    raise
                self._maybe_stored.difference_update(one for one, row in self._writing.items() if row is None)
                self._writing = {}
                async with self._written:
                    self._written.notify_all()

    async def aclose(self, *, timeout_s: float = _CLOSING_TIMEOUT_S) -> None:
        """Write what waits, within a bound; the log says how much was left."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.flush()
        except (StoreError, TimeoutError) as error:
            why = error if isinstance(error, StoreError) else f"the store takes more than {timeout_s:g} s"
            _log.error("of %d streams it could not be kept whether they are taken up again: %s", self.waiting, why)

    def _owe(self, stream_id: str, change: StandingStream | None) -> None:
        self._owed[stream_id] = change
        self._wake.set()

    async def _try(self) -> None:
        try:
            await self.flush()
        except StoreError as error:
            if not self.failing:
                _log.error("it is not kept for now which streams are taken up again: %s", error)
            self.failing = True
        else:
            if self.failing:
                _log.info("it is kept again which streams are taken up again")
            self.failing = False

    async def _write(self, changes: Mapping[str, StandingStream | None]) -> None:
        try:
            await self._put(changes)
        except Refused:
            for stream_id, change in changes.items():
                await self._put_alone(stream_id, change)

    async def _put_alone(self, stream_id: str, change: StandingStream | None) -> None:
        """One that can never be written must not hold up the others."""
        try:
            await self._put({stream_id: change})
        except Refused as error:
            _log.error("the stream %s will not be taken up again: %s", stream_id, error)

    async def _put(self, changes: Mapping[str, StandingStream | None]) -> None:
        added = [row for row in changes.values() if row is not None]
        async with self._store.writing() as tx:
            if gone := [one for one, row in changes.items() if row is None]:
                await rows.remove(tx, gone)
            if added:
                await rows.add(tx, added, region=self._region)
