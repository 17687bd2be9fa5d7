"""All that is SQLite's own: where its file is, how a connection is set up, and what its errors mean to people."""

import asyncio
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from .address import SQLITE, is_file
from .database import Database
from .errors import Refused, StoreError

_WRITES = "gorewatch_writes"
"""The execution option of a connection whose transactions write."""

_BUSY_TIMEOUT_MS = 5000
_POOL_TIMEOUT_S = 10.0
_CONNECTIONS = 4
_CHECKED_BYTES = 64 * 2**20
"""A file up to this size is looked through whole at the start, which takes well under a second."""
FILE_MODE = 0o600
"""Hashes of secrets and addresses with passwords are in there."""


def open_database(address: str) -> Database:
    """The file that `address` names; it and its folder are made if they are not there.

    Raises `StoreError` for another kind of address and for a place where no file can be.
    """
    engine = _engine(path_of(address))
    return Database(
        engine=engine,
        reads={},
        writes={_WRITES: True},
        check=_check_whole,
        shared=False,
        explained=lambda error: _explained(error, engine.url),
    )


def path_of(address: str) -> Path:
    """The file that a store's address names. Raises `StoreError` for an address that names none."""
    if not is_file(address):
        raise StoreError("The store must be a file, named as sqlite:///FILE (GOREWATCH_STORE).")
    return Path(address.removeprefix(SQLITE))


def _engine(path: Path) -> AsyncEngine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, FILE_MODE))
    except OSError as error:
        raise cannot_be_written(path, error) from error
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
    )
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "handle_error", _keep_or_not)
    return engine


def cannot_be_written(path: Path, error: OSError) -> StoreError:
    """That there can be no file at `path`, or beside it, as a sentence."""
    return StoreError(
        f"The store {path} cannot be written: {error.strerror or error}; set GOREWATCH_DATA_DIR or GOREWATCH_STORE."
    )


def _check_whole(connection: Connection) -> None:
    """Have SQLite look for damage. Raises `StoreError`, or what `explained` turns into one."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    if pages * size <= _CHECKED_BYTES:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise StoreError(_damaged(connection.engine.url.database))


def _explained(error: DBAPIError, url: URL) -> StoreError:
    """SQLite's error as a sentence."""
    path, cause = url.database, error.orig
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    words = str(cause).rstrip(".")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreError(_damaged(path))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(
            f"The store {path} cannot be written ({words}); let this user write to it and to its folder, "
            "or set GOREWATCH_STORE."
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StoreError(f"The store {path} cannot be written ({words}); is its disk full, read-only or broken?")
    if code in (sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH) or isinstance(cause, sqlite3.ProgrammingError):
        return Refused(f"The store {path} does not take a value ({words}).")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"The store {path} is kept locked by another program; end that and try again.")
    return StoreError(f"The store {path} failed: {words}.")


def _damaged(path: str | None) -> str:
    return f"The store {path} is damaged or no store of gorewatch; move it away, or put a copy of it back."


def _set_up(connection: PoolProxiedConnection, _: ConnectionPoolEntry) -> None:
    # Transactions are begun by `_begin` alone; Python's module would begin them late, when the lock may be lost.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()
    try:
        for pragma in (
            f"busy_timeout = {_BUSY_TIMEOUT_MS}",
            # Readers see the last committed state and never wait for the writer.
            "journal_mode = WAL",
            # A crash of the service loses nothing; one of the machine may lose the last moments, but never the file.
            "synchronous = NORMAL",
            "foreign_keys = ON",
            # What is owed to many receivers touches many pages. They stay in memory until the end of a transaction, and
            # come into the file itself after several.
            "cache_size = -16000",
            "wal_autocheckpoint = 4000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _keep_or_not(context: ExceptionContext) -> None:
    """Whether a connection that failed is used again."""
    # SQLAlchemy closes a connection whose call was cancelled, without waiting for its transaction to end. There is no
    # need to: what was begun goes on in the connection's thread, and rolling back comes after it there.
    if isinstance(context.original_exception, asyncio.CancelledError):
        context.is_disconnect = False
    # One that was opened while the file could not be written stays like that when it can be again.
    if getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False


def _begin(connection: Connection) -> None:
    # A transaction that reads first and is refused the lock later could only be given up: the lock comes first.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
