"""Whose turn it is to let go of what is too old: of several services on one store one does, or more would go."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import meta
from .tables import meta as rows
from .upsert import insert_into

_NAME = "sweeper"


async def turn(tx: AsyncConnection, region: str, *, now_s: float, lasts_s: float) -> bool:
    """Whether it is a region's turn: who has it keeps it by asking again before it is over.

    Needs a transaction that writes.
    """
    before = await meta.get(tx, _NAME)
    if before is not None and _is_anothers(before.decode(), region, now_s=now_s, lasts_s=lasts_s):
        return False
    value = f"{region} {now_s + lasts_s:.3f}".encode()
    if before is None:
        first = insert_into(tx, rows).values(name=_NAME, value=value)
        return (await tx.execute(first.on_conflict_do_nothing(index_elements=["name"]))).rowcount > 0
    same = (rows.c.name == _NAME) & (rows.c.value == before)
    return (await tx.execute(update(rows).where(same).values(value=value))).rowcount > 0


def _is_anothers(kept: str, region: str, *, now_s: float, lasts_s: float) -> bool:
    who, _, until = kept.partition(" ")
    # One that ends later than any that is given now was given by a clock that is wrong.
    return who != region and now_s < float(until) <= now_s + 2.0 * lasts_s
