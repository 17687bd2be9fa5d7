"""From the event log to the store: every event once, with all that follows from it, in the order of the log.

A service records the events of its region, which are those that its log has. How far that was recorded is written in
the same transaction as what was recorded. So a recorder that breaks off goes on where it stopped, and of two that
believe it is their turn one fails and records nothing.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ..background import going_on
from ..delivery.cloudevents import format_id
from ..delivery.journal import Published
from ..recording.journal import Along, StoreJournal
from ..store import place, regions
from ..store.errors import Refused, StoreError
from ..store.kept import MediaFacts
from ..store.store import Store
from .fresh import Fresh, Messages
from .messages import Message, NotAnEvent, recorded

_FIRST_RETRY_S = 0.1
_LAST_RETRY_S = 5.0
_MOST_MEDIA = 10_000
_MOST_FRESH = 2000
_MOST_READ = 500
_OPENING_S = 30.0
_CLOSING_S = 2.0
_log = logging.getLogger("gorewatch.recording")


class Log(Protocol):
    """`web.cluster.log.EventLog`, or what stands for it."""

    @property
    def written(self) -> int: ...

    async def bounds(self) -> tuple[int, int]: ...

    async def floor(self) -> int: ...

    async def read(self, number: int, limit: int) -> Messages: ...

    def watching(self, see: Callable[[int, Messages], None]) -> AbstractContextManager[None]: ...


class LogRecorder:
    """Lives on one event loop. `along` have something to write in the transactions of events, too."""

    def __init__(self, log: Log, store: Store, *, region: str = regions.DEFAULT, along: Sequence[Along] = ()) -> None:
        """`region` is that of the log."""
        self._log = log
        self._store = store
        self._facts: OrderedDict[str, MediaFacts] = OrderedDict()
        """What the log told of media, those that were told of last."""
        self._place = _Place(region)
        self._journal = StoreJournal(store, self._facts.get, region=region, along=[self._place, *along])
        self._more = asyncio.Event()
        self._fresh = Fresh(_MOST_FRESH)
        self._news = asyncio.Event()
        self._behind = True
        self.number = 0
        """All events up to it are in the store, or gone."""
        self.failing = False
        """The last attempt to write did not succeed."""
        self.refused = 0
        """Events of which the store did not take everything, for ever."""
        self.passed_over = 0
        """Messages that could not be read."""

    async def run(self) -> None:
        """Record what comes, until cancelled."""
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                await self._begin()
                while True:
                    await self._record(await self._next())
                    retry_s = _FIRST_RETRY_S
                    self._recovered()
            except StoreError as error:
                if not self.failing:
                    _log.error("events stay in the log and are not stored for now: %s", error)
                self.failing = True
                await asyncio.sleep(retry_s)
                retry_s = min(2.0 * retry_s, _LAST_RETRY_S)

    def see(self, after: int, batch: Messages) -> None:
        """Take note of what just came from the log: all of it after that number. Never waits."""
        self._fresh.add(after, batch)
        self._news.set()

    def look(self) -> None:
        """Ask the log whether there is more."""
        self._behind = True
        self._news.set()

    async def reached(self, number: int, *, within_s: float) -> None:
        """Until the event with that number is in the store, or gone. Raises `TimeoutError`."""
        async with asyncio.timeout(within_s):
            while self.number < number:
                await self._more.wait()

    async def _next(self) -> Messages:
        """What follows, once there is something: from what came by, or else from the log. Raises `StoreError`."""
        while True:
            self._news.clear()
            if batch := self._fresh.take(self.number):
                return batch
            # Before what came by there is a hole, or nobody knows whether anything did.
            if self._fresh.any or self._behind:
                if batch := await self._log.read(self.number, _MOST_READ):
                    return batch
                self._behind = False
                # What other regions have written meanwhile may have pushed out the last of this one.
                self._moved(max(self.number, await self._log.floor()))
            await self._news.wait()

    async def _begin(self) -> None:
        """Go on after what is in the store. Raises `StoreError`."""
        async with self._store.reading() as tx:
            self._place.number = await place.read(tx, self._place.region)
        floor = await self._log.floor()
        if 0 < (self.number or self._place.number) < floor:
            # Those of other regions among them are no loss, and nobody knows any more which these were.
            _log.error(
                "events up to the id %d are gone from the log; what of this region was not stored is lost", floor
            )
        self._behind = True
        self._moved(max(self._place.number, floor))

    async def _record(self, batch: Messages) -> None:
        those = [published for number, message in batch if (published := self._read(number, message)) is not None]
        self._place.next = batch[-1][0]
        try:
            await self._journal.write(those)
        except Refused:
            for published in those:
                await self._record_alone(published)
        self._moved(batch[-1][0])

    async def _record_alone(self, published: Published) -> None:
        """So that what can be stored is not held up by what cannot."""
        entry = published.entry
        self._place.next = entry.number
        try:
            await self._journal.write([published])
        except Refused as error:
            self.refused += 1
            kept = await self._journal.keep_alone(published)
            how = "is stored without all that follows from it" if kept else "can never be stored"
            _log.error("the event %s, %s, %s: %s", format_id(entry.number), entry.kind, how, error)
        self._moved(entry.number)

    def _read(self, number: int, message: Message) -> Published | None:
        try:
            published, facts = recorded(message, number)
        except NotAnEvent as error:
            self.passed_over += 1
            _log.error("passed over in the event log: %s", error)
            return None
        if facts is not None:
            self._facts[published.media_id] = facts
            self._facts.move_to_end(published.media_id)
            if len(self._facts) > _MOST_MEDIA:
                self._facts.popitem(last=False)
        return published

    def _moved(self, number: int) -> None:
        self.number = number
        # Each who waits looks for itself, and may wait for yet another one.
        self._more.set()
        self._more = asyncio.Event()

    def _recovered(self) -> None:
        if self.failing:
            self.failing = False
            _log.warning("events are stored again")


class _Place:
    """How far the log is recorded, moved on in the transaction of a batch. An `Along`."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.number = 0
        self.next = 0

    async def write(self, tx: AsyncConnection, new: Sequence[Published]) -> None:  # noqa: ARG002
        if not await place.move(tx, self.region, self.number, self.next):
            raise StoreError("Another node records events; this one waits for its turn.")

    def written(self) -> None:
        self.number = self.next


@asynccontextmanager
async def recording_log(
    log: Log, store: Store, *, region: str = regions.DEFAULT, along: Sequence[Along]
) -> AsyncIterator[LogRecorder]:
    """A recorder that has caught up with the log, as far as that was written; at the end, too, within a bound.

    Raises `StoreError`, and what the log raises.
    """
    recorder = LogRecorder(log, store, region=region, along=along)
    _, last = await log.bounds()
    with log.watching(recorder.see):
        async with going_on(recorder.run, "log-recorder"):
            try:
                await recorder.reached(last, within_s=_OPENING_S)
            except TimeoutError as error:
                raise StoreError("The event log is not stored; the log says why.") from error
            try:
                yield recorder
            finally:
                recorder.look()
                with suppress(TimeoutError):
                    await recorder.reached(log.written, within_s=_CLOSING_S)
