"""The partitions of scores by day, which PostgreSQL has and SQLite has not: made ahead, dropped when they are too old.

Nothing depends on one: blocks of a day that has none are in the partition of the rest, are read from there like any
other, and are deleted one by one. So what cannot be done now, since a reader holds on to a table, is left for the next
time.
"""

import logging
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy import ColumnElement, MetaData, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from .days import REST, day_at, day_named, missing, name_of, over
from .errors import StoreError
from .watched import scores

MOST_MOVED = 10_000
"""Blocks that are moved from one partition to another while nobody else can use them."""
_LOCK = 7_232_015_414
"""A number of our own for PostgreSQL's advisory locks, so that of two services that start together one makes them."""
_LOCK_TIMEOUT_MS = 500
"""For what is waited for; whoever wants to use the table meanwhile waits as well."""
_THERE = text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'scores'::regclass"
)
_log = logging.getLogger("gorewatch.store")


class Transactions(Protocol):
    """What a store hands out."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]: ...

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]: ...


def partitioned(tx: AsyncConnection) -> bool:
    return tx.dialect.name == "postgresql"


async def there(tx: AsyncConnection) -> frozenset[int]:
    """The days that have a partition of their own."""
    if not partitioned(tx):
        return frozenset()
    found = (day_named(name) for name in await tx.scalars(_THERE))
    return frozenset(day for day in found if day is not None)


async def make_ahead(store: Transactions, *, now_s: float) -> None:
    """Have a partition for today and for the next days. The log says so where that cannot be."""
    today = day_at(now_s)
    try:
        async with store.reading() as tx:
            wanted = missing(await there(tx), today=today) if partitioned(tx) else ()
        for day in wanted:
            async with store.writing() as tx:
                await _make(tx, day)
    except StoreError as error:
        _log.warning("scores of days to come have no partitions yet: %s", error)


async def drop_over(store: Transactions, *, before_s: float, now_s: float) -> None:
    """Drop the partitions of days that were over before a time, with all that was written before it.

    The log says so where that cannot be.
    """
    try:
        async with store.reading() as tx:
            days = over(await there(tx), before_s=before_s, today=day_at(now_s))
        for day in days:
            async with store.writing() as tx:
                await _drop(tx, day, before_s=before_s)
    except StoreError as error:
        _log.warning("scores of days that are over are not dropped yet: %s", error)


async def _make(tx: AsyncConnection, day: int) -> None:
    """Made apart and attached, so that the rest is locked and not the table; what is in there already moves."""
    # Whoever makes one now is soon done, and holds up nobody else: that may be waited for.
    await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if day in await there(tx):
        return
    await _wait_briefly(tx)
    await tx.execute(text(f"LOCK TABLE {REST} IN ACCESS EXCLUSIVE MODE"))
    rest, made = _table(REST), _table(name_of(day))
    early = rest.c.day == day
    if await _more(tx, rest, early, than=MOST_MOVED):
        _log.warning("%s is not made: %d blocks and more of that day would have to be moved", made.name, MOST_MOVED)
        return
    await tx.execute(text(f"CREATE TABLE {made.name} (LIKE scores INCLUDING ALL)"))
    moved = delete(rest).where(early).returning(*rest.c).cte("moved")
    await tx.execute(insert(made).from_select(list(made.c.keys()), select(moved)))
    await tx.execute(text(f"ALTER TABLE scores ATTACH PARTITION {made.name} FOR VALUES FROM ({day}) TO ({day + 1})"))


async def _drop(tx: AsyncConnection, day: int, *, before_s: float) -> None:
    """With some blocks that were written later, as the last ones of a day are, those move to the rest."""
    old = _table(name_of(day))
    late = old.c.at >= before_s
    if await _more(tx, old, late, than=MOST_MOVED):
        return
    await _wait_briefly(tx)
    await tx.execute(text(f"ALTER TABLE scores DETACH PARTITION {old.name}"))
    await tx.execute(insert(scores).from_select(list(old.c.keys()), select(old).where(late)))
    await tx.execute(text(f"DROP TABLE {old.name}"))


async def _wait_briefly(tx: AsyncConnection) -> None:
    await tx.execute(text(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}"))


async def _more(tx: AsyncConnection, table: Table, where: ColumnElement[bool], *, than: int) -> bool:
    some = select(table.c.day).where(where).limit(than + 1).subquery()
    return (await tx.scalar(select(func.count()).select_from(some)) or 0) > than


def _table(name: str) -> Table:
    return scores.to_metadata(MetaData(), name=name)
