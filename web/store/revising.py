"""Leads a store from one revision to another with Alembic.

An empty store is led through all of them like any other, so that there is one way to every table.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from .errors import StoreError


def lead(connection: Connection, found: str | None, to: str, *, folder: Path, stamped: bool) -> None:
    """From the revision that was found, None for an empty store, by the steps in `folder`.

    `stamped` is whether Alembic's own table is there. Raises `StoreError` for a revision that is in no step.
    """
    config = Config(attributes={"connection": connection})
    # Alembic reads its options as a template.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"The store was written by a newer gorewatch (schema {int(found)}, this one knows {int(to)}): "
            "install that again, or name another store (GOREWATCH_STORE)."
        )
    if found is not None and not stamped:
        command.stamp(config, found)
    command.upgrade(config, to)
