"""Brings a store up to the schema of this version, in one transaction at the start, by Alembic's revisions.

An empty store is led through all of them like any other, so that there is one way to every table.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from .errors import StoreError
from .tables import meta

_FOLDER = Path(__file__).parent / "migrations"
_FIRST = "0001"
_VERSION = "version"
"""The schema's number in `meta`: what versions before Alembic look at, and must find too high for them."""
_ALEMBIC_TABLE = "alembic_version"
_LOCK = 7_232_015_413
"""A number of our own for PostgreSQL's advisory locks, so that of two services that start together one migrates."""


def bring_up(connection: Connection, *, folder: Path = _FOLDER, to: str | None = None) -> None:
    """Make or change the tables as this version needs them, or an earlier one that is named by its revision.

    Raises `StoreError` for a store that is none or newer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config(attributes={"connection": connection})
    # Alembic reads its options as a template.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    newest = to or scripts.get_current_head() or _FIRST
    found = _revision(connection)
    if found == newest:
        return
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"The store was written by a newer gorewatch (schema {int(found)}, this one knows {int(newest)}): "
            "install that again, or name another store (GOREWATCH_STORE)."
        )
    if found is not None and not inspect(connection).has_table(_ALEMBIC_TABLE):
        command.stamp(config, found)
    command.upgrade(config, newest)
    _note(connection, newest)


def _revision(connection: Connection) -> str | None:
    """Where the store is; None where there is nothing yet."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    revision: str | None = None
    if _ALEMBIC_TABLE in tables:
        revision = MigrationContext.configure(connection).get_current_revision()
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
