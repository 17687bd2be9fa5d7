"""Inserting what may be there already: the same in SQLite and PostgreSQL, and in no standard."""

from collections.abc import Sequence

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(tx: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insertion that can say what happens to rows that exist (`on_conflict_do_…`), in the database's own words."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


async def insert_rows(
    tx: AsyncConnection,
    adding: sqlite.Insert | postgresql.Insert,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Insert very many at once. SQLAlchemy would look at each value of them, which takes longer than to insert it."""
    if tx.dialect.name == "postgresql":
        # A statement for each row would be sent there.
        types = (postgresql.ARRAY(adding.table.columns[name].type) for name in columns)
        values = [bindparam(name, type_=of_many) for name, of_many in zip(columns, types, strict=True)]
        many = adding.from_select(columns, select(*(func.unnest(value) for value in values)))
        await tx.execute(many, dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    else:
        compiled = adding.compile(dialect=tx.dialect, column_keys=columns)
        await tx.exec_driver_sql(compiled.string, list(rows))
