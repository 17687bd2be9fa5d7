"""Keeps events in the store with all that follows from them, in one transaction: either all of it is there, or nothing.

So who finds an incident's event finds its incident, and who finds the event that closed a media finds its summary.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from inference.events import MediaFailed, MediaFinished

from ..delivery.cloudevents import GAP, encode_gap
from ..delivery.history import Entry
from ..delivery.journal import Published
from ..store import events, incidents, media, regions
from ..store.errors import Refused, StoreError
from ..store.store import Store
from .following import US_PER_S, Describe, ceiling_for, facts_of, following

_log = logging.getLogger("gorewatch.events")


class Along(Protocol):
    """Has something else to write in the transaction of a batch."""

    async def write(self, tx: AsyncConnection, new: Sequence[Published]) -> None:
        """Called with the events that no earlier transaction kept; again with the same if this one is not committed."""
        ...

    def written(self) -> None:
        """A transaction is committed. Called once more where nobody knew whether an earlier one was."""
        ...


class StoreJournal:
    """A `web.delivery.journal.Journal`. One at a time writes to a store.

    `describe` is asked for a media at its first event.
    """

    def __init__(
        self,
        store: Store,
        describe: Describe,
        *,
        region: str = regions.DEFAULT,
        along: Sequence[Along] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`region` is that of the media."""
        self._store = store
        self._region = region
        self._clock = clock
        self._describe = describe
        self._along = tuple(along)
        self._rows: set[str] = set()
        """Media that run and have a row."""
        self._ceiling: int | None = None

    async def write(self, batch: Sequence[Published]) -> None:
        """Keep them all with what follows, or nothing. Raises `StoreError`, `Refused` for what can never be written.

        After a cancellation nobody knows which of the two it was; writing them again is right in both cases.
        """
        if batch:
            with _refusing():
                await self._write(batch, self._along, follow=True)

    async def keep_alone(self, refused: Published) -> bool:
        """Keep one that `write` refused: without what others write along with it, or else nothing but itself.

        False if not even that can be kept: then a `gap` event says so in its place. Raises `StoreError`.
        """
        for follow in (True, False):
            try:
                with _refusing():
                    await self._write([refused], (), follow=follow)
            except Refused as error:
                _log.debug("it is tried with less: %s", error)
            else:
                return True
        try:
            with _refusing():
                await self._write([_missing(refused, unix_s=self._clock())], (), follow=False)
        except Refused:
            await self._store.probe()
        return False

    async def _write(self, batch: Sequence[Published], alongs: Sequence[Along], *, follow: bool) -> None:
        new = {event.media_id: event for event in reversed(batch) if event.media_id not in self._rows}
        async with self._store.writing() as tx:
            ceiling = await self._reserve(tx, batch)
            added = await events.add(tx, batch)
            if follow:
                if new:
                    facts = [facts_of(published, self._describe) for published in new.values()]
                    await media.add(tx, facts, region=self._region)
                await _follow(tx, batch)
            for along in alongs:
                await along.write(tx, added)
        self._ceiling = ceiling
        for along in alongs:
            along.written()
        # A media whose row is refused goes on without one: its later events must not be held up by it again.
        self._rows.update(new)
        self._rows.difference_update(
            published.media_id for published in batch if isinstance(published.event, MediaFinished | MediaFailed)
        )

    async def after(self, number: int, limit: int) -> list[Entry]:
        """Up to `limit` of the events kept after that number, oldest first. Raises `StoreError`."""
        async with self._store.reading() as tx:
            return await events.after(tx, number, limit)

    async def floor(self) -> int:
        """The number up to which events may be missing. Raises `StoreError`."""
        async with self._store.reading() as tx:
            return await events.floor(tx) or 0

    async def bounds(self) -> tuple[int, int]:
        """The number up to which events may be missing, and one that none has ever gone beyond. Raises `StoreError`.

        To be asked before the first number is given: it reserves those that follow, so that none is given again after
        a restart, though nothing may have been kept and the clock may have been set back. That covers half a day in
        which nothing can be written.
        """
        async with self._store.writing() as tx:
            unix_s = self._clock()
            ceiling = await events.ceiling(tx)
            floor = await events.floor(tx)
            if floor is None:
                # Of a store that is new nobody can say what was before it.
                floor = int(unix_s * US_PER_S)
                await events.set_floor(tx, floor)
            reserved = ceiling_for(ceiling, unix_s=unix_s, ceiling=ceiling)
            await events.raise_ceiling(tx, reserved)
        self._ceiling = reserved
        return floor, ceiling

    async def _reserve(self, tx: AsyncConnection, batch: Sequence[Published]) -> int:
        """Push the ceiling ahead once much of what is reserved is used up."""
        ceiling = await events.ceiling(tx) if self._ceiling is None else self._ceiling
        last = batch[-1]
        wanted = ceiling_for(last.entry.number, unix_s=last.unix_s, ceiling=ceiling)
        if wanted != ceiling:
            await events.raise_ceiling(tx, wanted)
        return wanted


def _missing(refused: Published, *, unix_s: float) -> Published:
    """What is told instead of an event that cannot be kept."""
    number = refused.entry.number
    data = encode_gap(first=number + 1, since=number - 1, unix_s=unix_s)
    return Published(Entry(number, GAP, "", data), "", refused.event, unix_s)


@contextmanager
def _refusing() -> Iterator[None]:
    """Anything but trouble of the store's is due to what is written: a value that does not fit, or a fault of ours."""
    try:
        yield
    except (StoreError, TimeoutError, OSError):
        raise
    except Exception as error:
        # Most such errors quote the values, which may be addresses with passwords.
        _log.debug("events cannot be written", exc_info=error)
        raise Refused(f"The store does not take a value ({type(error).__name__}).") from error


async def _follow(tx: AsyncConnection, batch: Sequence[Published]) -> None:
    told = following(batch)
    if told.incidents:
        await incidents.put(tx, told.incidents)
    for media_id, picture in told.pictures.items():
        await media.describe(tx, media_id, picture)
    for media_id, end in told.ends.items():
        await media.end(tx, media_id, end)
