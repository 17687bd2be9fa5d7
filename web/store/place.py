"""How far the event log was recorded, of each region: one number, moved on by whoever knows where it stands."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import meta
from .upsert import insert_into

_BEFORE = "event_log_place"
"""Of all regions at once, as versions before regions had it."""


async def read(tx: AsyncConnection, region: str) -> int:
    """The number of the event that was recorded last; 0 if none ever was."""
    value: bytes | None = await tx.scalar(select(meta.c.value).where(meta.c.name == _name(region)))
    return 0 if value is None else int(value)


async def move(tx: AsyncConnection, region: str, old: int, new: int) -> bool:
    """Put another number in the place of `old`; False if it is not that any more. Needs a transaction that writes."""
    value = str(new).encode()
    if not old:
        first = insert_into(tx, meta).values(name=_name(region), value=value)
        done = await tx.execute(first.on_conflict_do_nothing(index_elements=["name"]))
    else:
        there = (meta.c.name == _name(region)) & (meta.c.value == str(old).encode())
        done = await tx.execute(update(meta).where(there).values(value=value))
    return done.rowcount > 0


async def take_over(tx: AsyncConnection, region: str) -> None:
    """Go on for a region where a version before regions stopped, unless another one does already."""
    before = delete(meta).where(meta.c.name == _BEFORE).returning(meta.c.value)
    value: bytes | None = await tx.scalar(before)
    if value is not None:
        row = insert_into(tx, meta).values(name=_name(region), value=value)
        await tx.execute(row.on_conflict_do_nothing(index_elements=["name"]))


def _name(region: str) -> str:
    return f"{_BEFORE}:{region}"
