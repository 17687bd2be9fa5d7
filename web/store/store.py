"""Opens the store and hands out transactions: many that read, one at a time that writes."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from . import meta, migrate, partitions, postgres, regions, sqlite
from .address import is_file, is_server
from .database import Database
from .errors import StoreError
from .sheltered import Sheltered

_WRITER_TIMEOUT_S = 10.0
_PROBE_TIMEOUT_S = 3.0
_PROBE_EVERY_S = 5.0
_PROBED = "probed"
OUSTED = (
    "Another gorewatch service has taken over the store while this one was cut off from it, so this one ends: "
    "give each a region of its own with GOREWATCH_REGION, or a store of its own with GOREWATCH_STORE."
)
_log = logging.getLogger("gorewatch.store")


class Store:
    """An open store. Lives on one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = asyncio.Lock()
        self._probing = asyncio.Lock()
        self._probe_s = -math.inf
        self._writable = True
        self._mark: tuple[str, bytes] | None = None
        """What its own mark is called, and says."""
        self.ousted = asyncio.Event()
        """Another service has claimed the store since this one did; nothing can be written any more."""

    @property
    def shared(self) -> bool:
        """It is a server's: other nodes may write to it as well."""
        return self._database.shared

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the store. Raises `StoreError`."""
        async with Sheltered(self._transaction(self._database.reads)) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of the only writer, committed at the end, undone by an exception. Keep it short.

        Whoever is cancelled meanwhile has written nothing, or all if that happened while it was being committed; the
        next writer need not wait. Raises `StoreError`, also when the writer is not free for 10 s and when another
        service has claimed the store.
        """
        try:
            async with asyncio.timeout(_WRITER_TIMEOUT_S):
                await self._writer.acquire()
        except TimeoutError as error:
            raise StoreError("The store is too busy to be written to now; try again.") from error
        try:
            async with Sheltered(self._transaction(self._database.writes)) as connection:
                await self._check_claim(connection)
                yield connection
        finally:
            self._writer.release()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes beside the only writer, what nobody else does. For a store that is `shared`.

        Raises `StoreError`.
        """
        async with Sheltered(self._transaction(self._database.writes)) as connection:
            yield connection

    async def claim(self, mark: bytes, *, region: str | None = None) -> None:
        """Be the only one that writes by such a mark, or the only one of a region.

        An earlier one, and who is not to write beside this one, is ousted once what it is writing is committed.
        """
        async with self.writing() as tx:
            await regions.mark(tx, region, mark)
        self._mark = regions.mark_of(region), mark

    async def check_claim(self) -> None:
        """Find out whether somebody else claimed the store. Raises `StoreError` if so."""
        async with self.writing():
            pass

    async def writable(self) -> bool:
        """Whether something could be written just now, tried every 5 s at most; the log says why not."""
        async with self._probing:
            if time.monotonic() >= self._probe_s:
                self._probe_s = time.monotonic() + _PROBE_EVERY_S
                try:
                    await self.probe()
                    self._writable = True
                except StoreError as error:
                    if self._writable:
                        _log.error("%s", error)
                    self._writable = False
        return self._writable

    async def probe(self) -> None:
        """Write something small. Raises `StoreError` when that cannot be done within 3 s."""
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S), self.writing() as tx:
                await meta.put(tx, _PROBED, str(int(time.time())).encode())
        except TimeoutError as error:
            raise StoreError("The store does not take anything within 3 s.") from error

    async def _check_claim(self, connection: AsyncConnection) -> None:
        if self._mark is None:
            return
        name, mark = self._mark
        if await meta.held(connection, name) != mark:
            self.ousted.set()
            raise StoreError(OUSTED)

    @asynccontextmanager
    async def _transaction(self, options: Mapping[str, object]) -> AsyncIterator[AsyncConnection]:
        async with self._explained(), self._database.engine.connect() as connection:
            await connection.execution_options(**options)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _explained(self) -> AsyncIterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise self._database.explained(error) from error
        except PoolTimeout as error:
            raise StoreError("The store is too busy to be read now; try again.") from error


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """The store at `url` (`sqlite:///FILE` or `postgresql://…`), brought up to this version's schema.

    Raises `StoreError` for what is damaged, cannot be reached or written, or was written by a newer version.
    """
    database = _database(url)
    try:
        store = Store(database)
        async with store.reading() as tx:
            await tx.run_sync(database.check)
        async with store.writing() as tx:
            up_to_date = await tx.run_sync(migrate.is_newest)
        if not up_to_date:
            await _bring_up(url)
        await partitions.make_ahead(store, now_s=time.time())
        yield store
    finally:
        await database.engine.dispose()


async def _bring_up(url: str) -> None:
    """On connections of their own, since it may take long."""
    database = _database(url, patient=True)
    try:
        async with Store(database).writing() as tx:
            await tx.run_sync(migrate.bring_up)
    finally:
        await database.engine.dispose()


def _database(url: str, *, patient: bool = False) -> Database:
    if is_server(url):
        return postgres.open_database(url, patient=patient)
    if is_file(url):
        return sqlite.open_database(url)
    raise StoreError("The store must be named as sqlite:///FILE or postgresql://USER@HOST/DATABASE (GOREWATCH_STORE).")
