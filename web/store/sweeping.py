"""Whose turn it is to let go of what is too old: of several services on one store one does, or more would go."""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import meta
from .tables import meta as rows
from .upsert import insert_into

_NAME = "sweeper"


@dataclass(frozen=True, slots=True)
class Turn:
    """What a region is told that asks for its turn."""

    ours: bool
    """It has it now."""
    alone: bool
    """Nobody else had it since the region had it last, or ever."""


async def turn(tx: AsyncConnection, region: str, *, now_s: float, lasts_s: float) -> Turn:
    """Ask for a region's turn: who has it keeps it by asking again before it is over.

    Needs a transaction that writes.
    """
    before = await meta.get(tx, _NAME)
    value = f"{region} {now_s + lasts_s:.3f}".encode()
    if before is None:
        first = insert_into(tx, rows).values(name=_NAME, value=value)
        done = await tx.execute(first.on_conflict_do_nothing(index_elements=["name"]))
        return Turn(ours=done.rowcount > 0, alone=done.rowcount > 0)
    who, _, until = before.decode().partition(" ")
    # A turn that ends later than any that is given now was given by a clock that is wrong.
    if who != region and now_s < float(until) <= now_s + 2.0 * lasts_s:
        return Turn(ours=False, alone=False)
    same = (rows.c.name == _NAME) & (rows.c.value == before)
    done = await tx.execute(update(rows).where(same).values(value=value))
    return Turn(ours=done.rowcount > 0, alone=done.rowcount > 0 and who == region)
