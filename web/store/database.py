"""What the store asks of a kind of database: `sqlite.py` and `postgres.py` have one each."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from .errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An engine with what is special about it."""

    engine: AsyncEngine
    reads: dict[str, object]
    """Execution options of a transaction that reads one state."""
    writes: dict[str, object]
    """Execution options of a transaction that writes."""
    check: Callable[[Connection], None]
    """Looks for damage. Raises `StoreError`."""
    shared: bool
    """Other nodes may write to it as well."""
    explained: Callable[[DBAPIError], StoreError]
    """An error as a sentence."""
