"""A whole service on hosts in the process of the test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.until import until
from tests.web.cluster.hosting.making import Way, running, some_hosts
from tests.web.fakes import INFO, FakeSource
from tests.web.serving import Served, serving
from web.cluster.hosting.hosts import Hosts

STORED = replace(INFO, live=False, duration_s=8.0)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A service and its hosts."""

    served: Served
    hosts: Hosts
    ways: dict[str, Way]

    async def told(self) -> dict[str, dict[str, Any]]:
        """The hosts as the service tells them, by id."""
        return {host["id"]: host for host in (await self.served.get("/v1/hosts"))["hosts"]}

    async def watch(self, on: str, name: str, *, stored: bool = False) -> FakeSource:
        """Have the host watch a stream; what it reads, once it is live."""
        there = self.ways[on].pool
        index = len(there.sources)
        stream = await self.served.add(name=name)
        source = await there.source(index)
        source.live(STORED if stored else INFO)
        await self.served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["state"] == "live")
        return source

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
        async with self.served.http.request(method, path, **more) as response:
            return response.status, await response.json()

    async def join(self, host_id: str, **more: Any) -> None:
        self.ways[host_id] = Way()
        self.hosts.add(host_id, self.ways[host_id], **{"most_streams": 10, **more})
        await until(lambda: all(host.up for host in self.hosts))


@asynccontextmanager
async def cluster(*ids: str, keyed: bool = False, **values: Any) -> AsyncIterator[Cluster]:
    """A service with these hosts, each of which answers."""
    async with AsyncExitStack() as stack:
        hosts, ways = await stack.enter_async_context(some_hosts(*ids))
        for way in ways.values():
            await stack.enter_async_context(running(way))
        await until(lambda: all(host.up for host in hosts))
        served = await stack.enter_async_context(serving(hosts=hosts, engine="ray", keyed=keyed, **values))
        yield Cluster(served, hosts, ways)
