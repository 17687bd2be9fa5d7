"""How far the event log was recorded: one number, moved on by whoever knows where it stands."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import meta
from .upsert import insert_into

_NAME = "event_log_place"


async def read(tx: AsyncConnection) -> int:
    """The number of the event that was recorded last; 0 if none ever was."""
    value: bytes | None = await tx.scalar(select(meta.c.value).where(meta.c.name == _NAME))
    return 0 if value is None else int(value)


async def move(tx: AsyncConnection, old: int, new: int) -> bool:
    """Put another number in the place of `old`; False if it is not that any more. Needs a transaction that writes."""
    value = str(new).encode()
    if not old:
        first = insert_into(tx, meta).values(name=_NAME, value=value)
        done = await tx.execute(first.on_conflict_do_nothing(index_elements=["name"]))
    else:
        there = (meta.c.name == _NAME) & (meta.c.value == str(old).encode())
        done = await tx.execute(update(meta).where(there).values(value=value))
    return done.rowcount > 0
