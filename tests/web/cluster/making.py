"""Logs of a server, and what they are asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from nats.aio.client import Client

from tests.servers.nats import Nats
from tests.web.recording.making import Filming
from web.cluster.log import EventLog
from web.cluster.log_opening import open_log
from web.delivery.history import Entry
from web.delivery.journal import Published
from web.limits import Retention
from web.store.errors import StoreError

WITHIN_S = 60.0


def opened(
    nats: Nats,
    *films: Filming,
    region: str = "eu",
    above: int = 0,
    retention: Retention | None = None,
    within_s: float = 10.0,
) -> AbstractAsyncContextManager[EventLog]:
    facts = {film.media_id: film.facts for film in films}
    return open_log(
        nats.url,
        region=region,
        retention=retention or Retention(),
        describe=facts.get,
        above=above,
        clock=lambda: 1.79e9,
        within_s=within_s,
    )


class Followed:
    """What came over one following of a log."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._more = asyncio.Event()

    def take(self, entries: Sequence[Entry]) -> None:
        self.entries += entries
        self._more.set()

    async def until(self, condition: Callable[[list[Entry]], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition(self.entries):
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def followed(log: EventLog, number: int) -> AsyncIterator[Followed]:
    got = Followed()

    async def follow() -> None:
        async for entries in log.follow(number):
            got.take(entries)

    task = asyncio.create_task(follow())
    try:
        yield got
    finally:
        task.cancel()
        await asyncio.wait({task})


async def written(log: EventLog, *batches: Sequence[Published]) -> None:
    """Until each batch is kept, tried again as the hub does."""
    async with asyncio.timeout(WITHIN_S):
        for batch in batches:
            while True:
                try:
                    await log.write(batch)
                except StoreError:
                    await asyncio.sleep(0.05)
                else:
                    break


@asynccontextmanager
async def by_hand(nats: Nats) -> AsyncIterator[Client]:
    """A client of the server that is none of the service's."""
    connection = Client()
    await connection.connect(nats.url)
    try:
        yield connection
    finally:
        await connection.close()
