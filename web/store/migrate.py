"""Brings a store up to the schema of this version, in one transaction at the start."""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from .errors import StoreError
from .tables import meta

NEWEST = "0008"
"""The revision whose tables are those of this version."""
_FOLDER = Path(__file__).parent / "migrations"
_FIRST = "0001"
_VERSION = "version"
"""The schema's number in `meta`: what versions before Alembic look at, and must find too high for them."""
_ALEMBIC = table("alembic_version", column("version_num"))
_LOCK = 7_232_015_413
"""A number of our own for PostgreSQL's advisory locks, so that of two services that start together one migrates."""


def is_newest(connection: Connection) -> bool:
    """Whether the tables are those of this version. Raises `StoreError` for a database of something else."""
    return _revision(connection) == NEWEST


def bring_up(connection: Connection, *, folder: Path = _FOLDER, to: str = NEWEST) -> None:
    """Make or change the tables as this version needs them, or as another revision has them.

    Raises `StoreError` for a store that is none or newer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = _revision(connection)
    if found == to:
        return
    # Alembic takes longer to import than most commands take for all they do, and few stores are new or old.
    from .revising import lead

    lead(connection, found, to, folder=folder, stamped=inspect(connection).has_table(_ALEMBIC.name))
    _note(connection, to)


def _revision(connection: Connection) -> str | None:
    """Where the store is; None where there is nothing yet."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    revision: str | None = None
    if _ALEMBIC.name in tables:
        revision = connection.scalar(select(_ALEMBIC.c.version_num))
    elif meta.name in tables:
        number: bytes | None = connection.scalar(select(meta.c.value).where(meta.c.name == _VERSION))
        revision = number.decode().zfill(len(_FIRST)) if number is not None and number.isdigit() else None
    if revision is None or not revision.isdigit():
        raise StoreError("What is named as the store is a database of something else; name another (GOREWATCH_STORE).")
    return revision


def _note(connection: Connection, revision: str) -> None:
    values = {"name": _VERSION, "value": str(int(revision)).encode()}
    if not connection.execute(meta.update().where(meta.c.name == _VERSION).values(values)).rowcount:
        connection.execute(meta.insert().values(values))
