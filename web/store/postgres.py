"""All that is PostgreSQL's own: how a connection is made, and what its errors mean to people.

The address is libpq's, given to the driver as it is. It may hold a password: no sentence and no log line has it.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from urllib.parse import urlsplit

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from .database import Database
from .errors import Refused, StoreError

_CONNECTIONS = 4
_POOL_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 5.0
_STATEMENT_TIMEOUT_S = 30.0
_PATIENT_TIMEOUT_S = 3600.0
"""For a table that is changed, which may be large, and for another service that changes it."""
_IDLE_TIMEOUT_S = 20.0
"""A node that stops in the middle of a transaction is cut off by the server: others wait for what it has locked."""
_NAME = "gorewatch"
_log = logging.getLogger("gorewatch.store")


def open_database(address: str, *, patient: bool = False) -> Database:
    """The database that `address` names; nothing is connected to yet. `patient` is for statements that take long.

    Raises `StoreError` where the driver is not installed.
    """
    if find_spec("asyncpg") is None:
        raise StoreError("A store in PostgreSQL needs its driver: pip install 'gorewatch[postgres]'.")
    where = shown(address)
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=_connecting(address, where, patient=patient),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        # A server that was started again left dead connections behind: they are found out before they are used.
        pool_pre_ping=True,
    )

    def lost(context: ExceptionContext) -> None:
        # What the network does to a connection the driver lets through as it is.
        if isinstance(context.original_exception, OSError):
            raise StoreError(f"The store {where} does not answer any more; is PostgreSQL running there?")

    event.listen(engine.sync_engine, "handle_error", lost)
    return Database(
        engine=engine,
        reads={"isolation_level": "REPEATABLE READ"},
        writes={"isolation_level": "READ COMMITTED"},
        check=_check,
        shared=True,
        explained=lambda error: _explained(error, where),
    )


def _connecting(address: str, where: str, *, patient: bool) -> Callable[[], Awaitable[object]]:
    import asyncpg

    timeout_s = _PATIENT_TIMEOUT_S if patient else _STATEMENT_TIMEOUT_S
    idle_ms = 1000 * (_PATIENT_TIMEOUT_S if patient else _IDLE_TIMEOUT_S)

    async def connect() -> object:
        try:
            connection = await asyncpg.connect(
                address,
                timeout=_CONNECT_TIMEOUT_S,
                command_timeout=timeout_s,
                server_settings={"application_name": _NAME},
            )
            try:
                # Not as a setting of its start, of which poolers take few.
                await connection.execute(f"SET idle_in_transaction_session_timeout = {idle_ms:.0f}")
            except BaseException:
                connection.terminate()
                raise
            return connection
        except asyncpg.PostgresError as error:
            raise _sentence(getattr(error, "sqlstate", None), str(error), where) from error
        except TimeoutError as error:
            raise StoreError(
                f"The store {where} does not answer within {_CONNECT_TIMEOUT_S:g} s; is the address right?"
            ) from error
        except OSError as error:
            # asyncio has words of its own for what the operating system says by number.
            known = error.errno is not None and error.errno > 0
            reason = os.strerror(error.errno or 0) if known else error.strerror or "its host is not known"
            raise StoreError(f"The store {where} cannot be reached: {reason}; is PostgreSQL running there?") from error
        except (asyncpg.InterfaceError, ValueError, OverflowError) as error:
            # The driver quotes the address in some of its words.
            _log.debug("the store's address is refused by the driver as %s", type(error).__name__)
            raise StoreError(
                "The store's address is not one of PostgreSQL's: postgresql://USER@HOST/DATABASE (GOREWATCH_STORE)."
            ) from None

    return connect


def _check(connection: Connection) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StoreError(f"The store's database keeps text as {encoding}; make one with ENCODING 'UTF8'.")


def _explained(error: DBAPIError, where: str) -> StoreError:
    cause = error.orig
    if error.connection_invalidated:
        return StoreError(f"The connection to the store {where} was lost; is PostgreSQL running there?")
    # The words of the server come after the name of the driver's class.
    words = str(cause).partition(">: ")[2] or str(cause)
    return _sentence(getattr(cause, "sqlstate", None), words, where)


def _sentence(code: str | None, words: str, where: str) -> StoreError:
    """By PostgreSQL's own codes: the first two characters are the class of an error."""
    words = words.splitlines()[0].rstrip(".") if words else "it does not say why"
    match (code or "")[:2]:
        case "28":
            return StoreError(f"The store {where} refuses its user or password; see GOREWATCH_STORE.")
        case "3D":
            return StoreError(f"The store {where} has no such database; make it with createdb, or name another.")
        case "42" if code == "42501":
            return StoreError(f"The store {where} refuses ({words}); give its user the rights on the database.")
        case "53" if code in ("53100", "53200"):
            return StoreError(f"The store {where} cannot be written ({words}); is its disk full?")
        case "53":
            return StoreError(f"The store {where} has too many connections; raise its max_connections.")
        case "25" if code == "25006":
            return StoreError(f"The store {where} is read-only; name the server that is written to (GOREWATCH_STORE).")
        case "57" | "08":
            return StoreError(f"The store {where} is stopping, starting or out of reach ({words}); try again.")
        case "40" | "55":
            return StoreError(f"The store {where} is kept locked by another program; try again.")
        case "22" | "54":
            # What follows the colon may be the value itself.
            return Refused(f"The store {where} does not take a value ({words.partition(': ')[0]}).")
        case "XX":
            return StoreError(f"The store {where} is damaged ({words}); put a copy of it back.")
    return StoreError(f"The store {where} failed: {words}.")


def shown(address: str) -> str:
    """Host, port and database: what a sentence may have of an address."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "in PostgreSQL"
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"
