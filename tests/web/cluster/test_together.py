"""Two services that share a store and a log, behind a web node that makes one of them: all real, all processes."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.servers.nats import Nats
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.rtmp import RtmpServer, run_rtmp_server
from tests.servers.service import Service, running_service
from tests.until import until
from tests.web.faults.flicker import flickering, write_flicker
from tests.web.faults.logbook import Logbook, following, kept_in

REGIONS = ("east", "west")
EACH = 2
"""Streams that a service has at least."""
MOST = 40
LIVE_WITHIN_S = 60.0
DEAR = ("gore.incident", "media.started", "media.finished", "media.failed")


@dataclass(slots=True)
class Together:
    store: str
    rtmp: RtmpServer
    services: dict[str, Service]
    node: Service
    stack: ExitStack
    start: dict[str, Any]

    def streams(self) -> list[dict[str, Any]]:
        """As the web node tells them."""
        found: list[dict[str, Any]] = self.node.request("GET", "/v1/streams")[1]["streams"]
        return found

    def of(self, region: str) -> set[str]:
        """The streams that a service has."""
        return {stream["id"] for stream in self.services[region].request("GET", "/v1/streams")[1]["streams"]}

    async def live(self, wanted: set[str]) -> None:
        """Until these are live, and samples of each come; no others are there."""
        before = {stream["id"]: stream["samples"] for stream in await asyncio.to_thread(self.streams)}

        async def again() -> bool:
            now = {stream["id"]: stream for stream in await asyncio.to_thread(self.streams)}
            return now.keys() == wanted and all(
                one["state"] == "live" and one["samples"] >= min(before.get(one["id"], 0), one["samples"]) + 3
                for one in now.values()
            )

        await until(again, every_s=0.2, within_s=LIVE_WITHIN_S)

    def restart(self, region: str) -> None:
        self.services[region] = self.stack.enter_context(self.start[region]())


@contextmanager
def together(folder: Path) -> Iterator[Together]:
    clip = write_flicker(folder / "flicker.flv", minutes=0.5, rate=24)
    with ExitStack() as stack:
        nats, postgres = stack.enter_context(Nats()), stack.enter_context(Postgres())
        rtmp = stack.enter_context(run_rtmp_server(_made(folder / "nginx")))
        stack.enter_context(rtmp.publish(clip, "clip"))
        store = postgres.new_database()
        shared = {"GOREWATCH_STORE": store, "GOREWATCH_BUS": nats.url}
        start = {
            region: partial(
                running_service,
                _made(folder / region),
                "--port",
                str(free_port()),
                env={**flickering(folder), **shared, "GOREWATCH_REGION": region},
            )
            for region in REGIONS
        }
        services = {region: stack.enter_context(start[region]()) for region in REGIONS}
        upstream = ",".join(service.url for service in services.values())
        node = stack.enter_context(
            running_service(_made(folder / "node"), env={**shared, "GOREWATCH_UPSTREAM": upstream})
        )
        yield Together(store, rtmp, services, node, stack, start)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_two_services_are_one_behind_a_web_node(tmp_path: Path) -> None:
    with together(tmp_path) as it:
        names = _spread(it)
        everything = {stream["id"] for stream in it.streams()}
        own = {region: it.of(region) for region in REGIONS}
        assert own["east"] | own["west"] == everything
        assert not own["east"] & own["west"]
        # A name is taken, whichever service has it.
        for name in names:
            assert it.node.request("POST", "/v1/streams", {"url": it.rtmp.url("clip"), "name": name})[0] == 409
        await it.live(everything)
        logbook = Logbook(since=max((await kept_in(it.store)).events), types=DEAR)
        async with following(it.node.url, [logbook]):
            await _heard(logbook, everything)

            it.services["east"].kill()
            await _alone(it, own["west"])

            await asyncio.to_thread(it.restart, "east")
            await it.live(everything)
            assert {region: it.of(region) for region in REGIONS} == own

            newest = max(logbook.events)
            await until(lambda: max(logbook.events) > newest)
            kept = await kept_in(it.store)
            wanted = kept.after(min(logbook.events), DEAR)
            await logbook.reached(max(wanted))
        since, last = min(logbook.events), max(wanted)
        assert {number: event for number, event in logbook.events.items() if since < number <= last} == wanted
        _assert_each_told_once(logbook)
        for stream in everything:
            status, ended = await asyncio.to_thread(it.node.request, "DELETE", f"/v1/streams/{stream}")
            assert status == 200, ended


def _spread(it: Together) -> list[str]:
    """Add streams by way of the web node until both services have some."""
    names: list[str] = []
    while min(len(it.of(region)) for region in REGIONS) < EACH:
        assert len(names) < MOST, "one service gets all streams"
        names.append(f"cam{len(names)}")
        status, answer = it.node.request("POST", "/v1/streams", {"url": it.rtmp.url("clip"), "name": names[-1]})
        assert status == 201, answer
        assert it.node.request("GET", f"/v1/streams/{answer['id']}")[1]["name"] == names[-1]
    return names


async def _heard(logbook: Logbook, streams: set[str]) -> None:
    """Until incidents of each were told of."""

    def told() -> bool:
        sources = {event["source"] for event in logbook.events.values() if event["type"] == "gore.incident"}
        return sources >= {f"/v1/streams/{stream}" for stream in streams}

    await until(told, within_s=LIVE_WITHIN_S)


async def _alone(it: Together, streams: set[str]) -> None:
    """The others go on, and are what the web node has."""
    await it.live(streams)
    assert it.node.request("GET", "/readyz")[0] == 200


def _assert_each_told_once(logbook: Logbook) -> None:
    told: Counter[tuple[str, str]] = Counter()
    for event in logbook.events.values():
        if event["type"] == "gore.incident":
            data: Any = event["data"]
            told[data["incident"]["id"], data["state"]] += 1
    assert [one for one, times in told.items() if times > 1 and one[1] != "peak"] == []
