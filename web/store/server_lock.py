"""One service of a region on a database of PostgreSQL's: locks of the server's, and a mark that tells who writes.

One lock is of the region. The other one, of the store, is shared by services that may write beside each other, since
all their events are numbered by one log; who numbers events itself has it alone.

Locks go with the connection that took them, which a restart of the server ends while the service goes on: they are
taken again. Should another service have been faster, its mark is in the store, and nothing is written any more here.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..background import going_on
from . import postgres, regions
from .errors import StoreError
from .store import Store, open_store

_LOOK_EVERY_S = 5.0
_TIMEOUT_S = 10.0
_TRIES = 10
_TRY_EVERY_S = 0.2
"""The server may need a moment to see that a service was killed."""
_MARK_BYTES = 16
_KIND = 0x676F7265
"""A number of our own for PostgreSQL's advisory locks. These are a database's own, which may have many schemas."""
_KIND_OF_REGIONS = _KIND + 1
_TAKE_REGION = text(
    "SELECT pg_try_advisory_lock(:kind, hashtext(coalesce(current_schema(), '') || ' ' || :region))"
).bindparams(kind=_KIND_OF_REGIONS)
_TAKE = text("SELECT pg_try_advisory_lock(:kind, hashtext(coalesce(current_schema(), '')))").bindparams(kind=_KIND)
_SHARE = text("SELECT pg_try_advisory_lock_shared(:kind, hashtext(coalesce(current_schema(), '')))").bindparams(
    kind=_KIND
)
_LOOK = text("SELECT 1")
_NOTICED_SOON = text(
    "SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)
"""The server finds out within half a minute, and not after two hours, that the machine at the other end is gone."""
_log = logging.getLogger("gorewatch.store")


class Held(Enum):
    """Which of the locks are held; of those that are not, which one somebody else has."""

    BOTH = auto()
    NOT_THE_REGION = auto()
    NOT_THE_STORE = auto()


@asynccontextmanager
async def open_sole_on_server(
    url: str, *, region: str = regions.DEFAULT, sharing: bool = False, look_every_s: float = _LOOK_EVERY_S
) -> AsyncIterator[Store]:
    """The store at `url`, which must be a server's, for the service of a region, beside those of others if `sharing`.

    Raises `StoreError`, also when another service is on it that this one cannot be beside.
    """
    lock = ServerLock(url, region=region, sharing=sharing)
    try:
        await _take_first(lock, postgres.shown(url), region=region)
        async with open_store(url) as store:
            await store.claim(secrets.token_bytes(_MARK_BYTES), region=region if sharing else None)
            async with going_on(lambda: _keep(lock, store, look_every_s), "store-lock"):
                yield store
    finally:
        await lock.aclose()


class ServerLock:
    """Has one connection while it is held. Each call raises `StoreError` where the server does not answer."""

    def __init__(self, url: str, *, region: str, sharing: bool) -> None:
        self._database = postgres.open_database(url)
        self._take_region = _TAKE_REGION.bindparams(region=region)
        self._take_store = _SHARE if sharing else _TAKE
        self._connection: AsyncConnection | None = None

    async def take(self) -> Held:
        """Both or none are held from now on."""
        connection = await self._database.engine.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await self._asked(connection, self._take_region):
                return Held.NOT_THE_REGION
            if not await self._asked(connection, self._take_store):
                return Held.NOT_THE_STORE
            await self._asked(connection, _NOTICED_SOON)
            self._connection = connection
            return Held.BOTH
        finally:
            if self._connection is not connection:
                await _ended(connection)

    async def held(self) -> bool:
        """Whether the connection that took it is still there."""
        if self._connection is None:
            return False
        try:
            await self._asked(self._connection, _LOOK)
        except StoreError as error:
            _log.warning("what keeps other services off the store was lost and must be taken again: %s", error)
            await self._let_go()
            return False
        return True

    async def aclose(self) -> None:
        """Idempotent."""
        await self._let_go()
        await self._database.engine.dispose()

    async def _asked(self, connection: AsyncConnection, question: TextClause) -> object:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await connection.scalar(question)
        except DBAPIError as error:
            raise self._database.explained(error) from error
        except TimeoutError as error:
            raise StoreError(f"the server does not answer within {_TIMEOUT_S:g} s") from error

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await _ended(connection)


async def _ended(connection: AsyncConnection) -> None:
    # Were it given back to the pool, the server would go on holding the lock for it.
    await connection.invalidate()
    await connection.close()


async def _take_first(lock: ServerLock, where: str, *, region: str) -> None:
    held = Held.NOT_THE_REGION
    for _ in range(_TRIES):
        held = await lock.take()
        if held is Held.BOTH:
            return
        await asyncio.sleep(_TRY_EVERY_S)
    if held is Held.NOT_THE_REGION:
        raise StoreError(
            f"Another gorewatch service of the region {region} runs on the store {where}; end that one, or give this "
            "one a region of its own with GOREWATCH_REGION, or a database of its own with GOREWATCH_STORE."
        )
    raise StoreError(
        f"Another gorewatch service runs on the store {where}, and several can only where all have their events on "
        "one NATS server (GOREWATCH_BUS); end that one, or give this one a database of its own with GOREWATCH_STORE."
    )


async def _keep(lock: ServerLock, store: Store, every_s: float) -> None:
    """Take the lock again whenever it was lost, until cancelled or another service is found to write."""
    told = ""
    while not store.ousted.is_set():
        await asyncio.sleep(every_s)
        try:
            if not await lock.held():
                await _take_again(lock, store)
            told = ""
        except StoreError as error:
            if str(error) != told:
                _log.error("%s", error)
            told = str(error)


async def _take_again(lock: ServerLock, store: Store) -> None:
    if await lock.take() is Held.BOTH:
        _log.warning("the store is kept from other services again")
    # Who has it may be a service that starts, or our own connection, of whose end the server does not know yet.
    await store.check_claim()
