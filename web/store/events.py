"""Events as they were published, by number; and which numbers were ever given."""

from collections.abc import Sequence
from itertools import takewhile

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.history import Entry
from ..delivery.journal import Published
from . import meta
from .tables import NOBODY
from .upsert import insert_into
from .watched import events

_FLOOR = "events_floor"
_CEILING = "events_ceiling"


async def add(tx: AsyncConnection, batch: Sequence[Published]) -> list[Published]:
    """Those that are there already stay as they are. The others, in their order."""
    rows = [
        {
            "number": published.entry.number,
            "kind": published.entry.kind,
            "stream_id": published.entry.stream_id,
            "media_id": published.media_id,
            "owner": published.entry.owner or NOBODY,
            "at": published.unix_s,
            "data": published.entry.data,
        }
        for published in batch
    ]
    adding = insert_into(tx, events).on_conflict_do_nothing(index_elements=["number"]).returning(events.c.number)
    added = set(await tx.scalars(adding, rows))
    return [published for published in batch if published.entry.number in added]


async def after(tx: AsyncConnection, number: int, limit: int, *, stream_id: str | None = None) -> list[Entry]:
    """Up to `limit` of those that came after a number, oldest first; of one stream or of all."""
    columns = (events.c.number, events.c.kind, events.c.stream_id, events.c.data, events.c.owner)
    wanted = select(*columns).where(events.c.number > number).order_by(events.c.number).limit(limit)
    if stream_id is not None:
        wanted = wanted.where(events.c.stream_id == stream_id)
    rows = await tx.execute(wanted)
    return [Entry(at, kind, stream_id, data, owner or None) for at, kind, stream_id, data, owner in rows]


async def highest(tx: AsyncConnection) -> int:
    """The greatest number kept, 0 if there is none."""
    number: int | None = await tx.scalar(select(func.max(events.c.number)))
    return number or 0


async def floor(tx: AsyncConnection) -> int | None:
    """The number up to which events are gone, or were never kept; None if none ever was."""
    return await _number(tx, _FLOOR)


async def set_floor(tx: AsyncConnection, number: int) -> None:
    await meta.put(tx, _FLOOR, str(number).encode())


async def ceiling(tx: AsyncConnection) -> int:
    """A number that none has ever gone beyond."""
    return max(await _number(tx, _CEILING) or 0, await highest(tx))


async def raise_ceiling(tx: AsyncConnection, number: int) -> None:
    """Unless it is higher: another service may have seen later ones."""
    await meta.put(tx, _CEILING, str(max(number, await _number(tx, _CEILING) or 0)).encode())


async def count(tx: AsyncConnection) -> int:
    return await tx.scalar(select(func.count()).select_from(events)) or 0


async def forget(tx: AsyncConnection, *, before_s: float, excess: int, limit: int) -> int:
    """Delete up to `limit` of the oldest: those from before a time, and `excess` at least. How many were deleted."""
    oldest = await tx.execute(select(events.c.number, events.c.at).order_by(events.c.number).limit(limit))
    old = takewhile(lambda one: one[1][1] < before_s or one[0] < excess, enumerate(oldest))
    # After one that stays nothing goes, though a clock that was set back makes it look older: replays have no holes.
    gone = [number for _, (number, _) in old]
    if gone:
        await tx.execute(delete(events).where(events.c.number <= gone[-1]))
        await set_floor(tx, max(gone[-1], await floor(tx) or 0))
    return len(gone)


async def _number(tx: AsyncConnection, name: str) -> int | None:
    kept = await meta.get(tx, name)
    return None if kept is None else int(kept)
