"""A service with hosts on Ray, events on NATS, its store in PostgreSQL and two web nodes: all real, all processes."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.servers.nats import Nats
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.ray import RayCluster
from tests.servers.rtmp import RtmpServer, run_rtmp_server
from tests.servers.service import Service, running_service
from tests.until import until
from tests.web.faults.flicker import flickering, write_flicker
from tests.web.faults.logbook import Logbook, following, kept_in
from web.wire import Json

STREAMS = 20
HOSTS = ("one", "two", "three")
DEAR = ("gore.incident", "media.started", "media.stalled", "media.resumed", "media.finished", "media.failed")
LIVE_WITHIN_S = 60.0
_NAME = "clip"


@dataclass(slots=True)
class World:
    """`nodes` are addresses of web nodes."""

    nats: Nats
    postgres: Postgres
    store: str
    ray: RayCluster
    service: Service
    web_nodes: list[Service]
    env: Mapping[str, str]
    folder: Path
    _start: Callable[[], AbstractContextManager[Service]]
    _stack: ExitStack

    def streams(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.service.request("GET", "/v1/streams")[1]["streams"]
        assert len(found) == STREAMS
        return found

    def samples(self) -> dict[str, int]:
        return {stream["id"]: stream["samples"] for stream in self.streams()}

    def reconnects(self) -> int:
        return sum(stream["counters"]["reconnects"] for stream in self.streams())

    def media(self) -> set[str]:
        return {stream["media"] for stream in self.streams()}

    async def live_again(self) -> float:
        """Until every stream is live and samples of each come; how many seconds that took."""
        began_s, before = time.monotonic(), await asyncio.to_thread(self.samples)

        async def live() -> bool:
            now = await asyncio.to_thread(self.streams)
            return all(stream["state"] == "live" and stream["samples"] >= before[stream["id"]] + 3 for stream in now)

        await until(live, every_s=0.2, within_s=LIVE_WITHIN_S)
        return time.monotonic() - began_s

    def replace_service(self) -> None:
        """Kill it, and start the next one, which has its address."""
        self.service.kill()
        self.service = self._stack.enter_context(self._start())

    async def lost(self, reconnects: int) -> None:
        """Until a stream was lost, that there were so many losses before."""

        async def more() -> bool:
            return await asyncio.to_thread(self.reconnects) > reconnects

        await until(more, every_s=0.1, within_s=LIVE_WITHIN_S)

    async def hosts_up(self) -> None:
        """Until each node of the cluster has a host that takes streams."""

        async def up() -> bool:
            _, answer = await asyncio.to_thread(self.service.request, "GET", "/v1/hosts")
            return {host["id"] for host in answer["hosts"] if host["up"]} == set(self.ray.nodes) - {"head"}

        await until(up, every_s=0.2, within_s=LIVE_WITHIN_S)

    @asynccontextmanager
    async def observed(self) -> AsyncIterator[list[Logbook]]:
        """By two subscribers on each web node, who must have got all that is kept when the block is over."""
        everybody = await self.subscribers()
        first, second = (node.url for node in self.web_nodes)
        async with following(first, everybody[::2]), following(second, everybody[1::2]):
            yield everybody
            await self.compare(everybody)

    async def subscribers(self) -> list[Logbook]:
        """Four, who want what comes from now on."""
        since = max((await kept_in(self.store)).events)
        return [Logbook(since, DEAR) for _ in range(4)]

    async def compare(self, everybody: list[Logbook]) -> None:
        """Once all streams are live: each has what the store has, once, in order. They must be following."""
        since = [min(one.events) for one in everybody]
        await self.live_again()
        newest = max(one.since for one in everybody)

        async def stored() -> bool:
            return max((await kept_in(self.store)).events) >= newest

        # What is stored may be behind what was sent.
        await until(stored, every_s=0.5, within_s=LIVE_WITHIN_S)
        kept = await kept_in(self.store)
        for one, first in zip(everybody, since, strict=True):
            wanted = kept.after(first, DEAR)
            await one.reached(max(wanted))
            assert {number: event for number, event in one.events.items() if first < number <= max(wanted)} == wanted
            _assert_whole(wanted.values())

    @contextmanager
    def web_node(self) -> Iterator[Service]:
        """One more."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        with running_service(folder, env=self.env) as node:
            yield node


def _assert_whole(events: Iterable[Json]) -> None:
    """Incidents are told of, and the beginning or end of none is told of twice."""
    told: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event["type"] == "gore.incident":
            data: Any = event["data"]
            told[data["incident"]["id"], data["state"]] += 1
    assert told
    assert [one for one, times in told.items() if times > 1 and one[1] in ("started", "ended")] == []


@contextmanager
def running_world(folder: Path) -> Iterator[World]:
    """All streams are live."""
    clip = write_flicker(folder / "flicker.flv", minutes=0.5, rate=24)
    with ExitStack() as stack:
        nats = stack.enter_context(Nats())
        postgres = stack.enter_context(Postgres())
        ray = stack.enter_context(RayCluster())
        ray.add(*HOSTS, streams=STREAMS)
        rtmp = stack.enter_context(run_rtmp_server(_made(folder / "nginx")))
        stack.enter_context(rtmp.publish(clip, _NAME))
        store = postgres.new_database()
        env = {
            **flickering(folder),
            "GOREWATCH_STORE": store,
            "GOREWATCH_BUS": nats.url,
            "GOREWATCH_ENGINE": "ray",
            "GOREWATCH_RAY_ADDRESS": ray.address,
        }
        start = partial(running_service, _made(folder / "service"), "--port", str(free_port()), env=env)
        service = stack.enter_context(start())
        env_of_node = {"GOREWATCH_STORE": store, "GOREWATCH_BUS": nats.url, "GOREWATCH_UPSTREAM": service.url}
        web_nodes = [
            stack.enter_context(running_service(_made(folder / name), env=env_of_node)) for name in ("web1", "web2")
        ]
        world = World(nats, postgres, store, ray, service, web_nodes, env_of_node, folder, start, stack)
        _add_streams(service, rtmp)
        yield world


def _add_streams(service: Service, rtmp: RtmpServer) -> None:
    for number in range(STREAMS):
        status, answer = service.request("POST", "/v1/streams", {"url": rtmp.url(_NAME), "name": f"cam{number}"})
        assert status == 201, answer
    service.wait_for("/v1/streams", _all_live, timeout_s=LIVE_WITHIN_S)


def _all_live(answer: Any) -> bool:
    return all(stream["state"] == "live" and stream["samples"] for stream in answer["streams"])


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
