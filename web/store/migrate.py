"""Brings a store up to the schema of this version, in one transaction at the start.

A store without tables gets those of `tables.py` and `delivery_tables.py` at once. An older one is led there step by
step; `_STEPS` has, for each version that was ever released, what leads from it to the next. A step is written once and
never changed; it has tables of its own, since those go on changing.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, update

from . import delivery_schema
from .delivery_tables import deliveries
from .errors import StoreError
from .tables import meta

VERSION = 2
_NAME = "version"
_STEPS: Mapping[int, Callable[[Connection], None]] = {1: delivery_schema.upgrade}


def bring_up(
    connection: Connection, *, version: int = VERSION, steps: Mapping[int, Callable[[Connection], None]] = _STEPS
) -> None:
    """Make or change the tables as this version needs them. Raises `StoreError` for a store that is none or newer."""
    tables = inspect(connection).get_table_names()
    if not tables:
        deliveries.metadata.create_all(connection)
        connection.execute(insert(meta).values(name=_NAME, value=str(version).encode()))
        return
    found = _version(connection) if meta.name in tables else None
    if found is None:
        raise StoreError("The file named as the store is a database of something else; name another (GOREWATCH_STORE).")
    if found > version:
        raise StoreError(
            f"The store was written by a newer gorewatch (schema {found}, this one knows {version}): "
            "install that again, or name another store (GOREWATCH_STORE)."
        )
    for number in range(found, version):
        steps[number](connection)
    if found < version:
        connection.execute(update(meta).where(meta.c.name == _NAME).values(value=str(version).encode()))


def _version(connection: Connection) -> int | None:
    text: bytes | None = connection.scalar(select(meta.c.value).where(meta.c.name == _NAME))
    return int(text) if text is not None and text.isdigit() else None
