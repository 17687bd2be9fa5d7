"""Stores that have their tables already: to make those takes longer than most tests take for all they do."""

import functools
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncConnection

from web.store import delivery_tables, migrate, watched
from web.store.sqlite import FILE_MODE
from web.store.tables import metadata

assert delivery_tables.deliveries.metadata is watched.events.metadata is metadata


def new_store(path: Path) -> str:
    """Put an empty store of this version there, unless something is there already: its address."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(FILE_MODE)
        path.write_bytes(_content())
    return f"sqlite:///{path}"


@functools.cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gorewatch.db"
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            migrate.bring_up(connection)
        engine.dispose()
        return path.read_bytes()


async def empty(tx: AsyncConnection) -> None:
    """Leave a store of PostgreSQL's as it was when it was new."""
    names = ", ".join(table.name for table in metadata.sorted_tables if table.name != "meta")
    await tx.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    await tx.execute(text("DELETE FROM meta WHERE name <> 'version'"))
