"""Hosts in the process of the test: what they read and score is the test's, the way to them can be cut."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from tests.web.fakes import FakePool, FakeScorer, FakeSource
from web.background import going_on
from web.cluster.hosting.host import Host
from web.cluster.hosting.hosts import Hosts
from web.cluster.hosting.messages import Batch, Lapsed, Load, Order, Taken
from web.cluster.hosting.parts import compressed


class Way:
    """A `web.cluster.hosting.link.Remote` to a host of the test's."""

    def __init__(self) -> None:
        self.pool = FakePool()
        self.busy = 0.0
        self.gone = False
        """Whoever calls gets an error."""
        self.frozen = asyncio.Event()
        """Whoever calls waits while it is not set."""
        self.frozen.set()
        self.terms: list[int] = []
        self.host = self.new_host()

    def new_host(self) -> Host:
        """As after a restart: it knows nothing."""
        self.host = Host(self.pool, FakeScorer().lane, compress=compressed, load=lambda count: Load(self.busy, count))
        return self.host

    async def begin(self, term: int) -> bool:
        await self._there()
        self.terms.append(term)
        return await self.host.begin(term)

    async def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None:
        await self._there()
        return self.host.order(term, orders)

    async def reports(self, term: int, taken: Sequence[Taken] = ()) -> Batch | Lapsed:
        await self._there()
        batch = await self.host.reports(term, taken)
        await self._there()
        return batch

    async def source(self, index: int = 0) -> FakeSource:
        return await self.pool.source(index)

    async def _there(self) -> None:
        await self.frozen.wait()
        if self.gone:
            raise ConnectionError("the host is gone")


@asynccontextmanager
async def some_hosts(
    *ids: str, most_streams: int = 10, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[tuple[Hosts, dict[str, Way]]]:
    """Hosts that take streams."""
    hosts, ways = Hosts(clock=clock), {host_id: Way() for host_id in ids}
    try:
        for host_id, way in ways.items():
            hosts.add(host_id, way, most_streams=most_streams)
        yield hosts, ways
    finally:
        await hosts.aclose()
        for way in ways.values():
            await way.host.aclose()


@asynccontextmanager
async def running(way: Way) -> AsyncIterator[None]:
    """With what a host does by itself."""
    async with going_on(way.host.run, "host"):
        yield
