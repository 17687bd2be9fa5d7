"""Several services on one event log and one database: each minds its own events and rows, and web nodes send all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers.nats import Nats
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.rtmp import RtmpServer
from tests.servers.service import Service, running_service
from tests.until import until
from tests.web.cluster.making import WITHIN_S, by_hand, followed, opened
from tests.web.cluster.test_recording import numbers
from tests.web.command import assert_one_line, gorewatch
from tests.web.faults.flicker import flickering, write_flicker
from tests.web.faults.logbook import Logbook, following, kept_in
from tests.web.faults.test_killed import DEAR, compare, ends
from tests.web.recording.making import Filming
from tests.web.serving import settings_of
from web.cluster.log import BusError, EventLog
from web.cluster.log_opening import read_log
from web.cluster.recording import recording_log
from web.cluster.web_node import web_node
from web.delivery.cloudevents import format_id
from web.delivery.history import Entry
from web.delivery.hub import open_hub
from web.limits import Retention
from web.store import media, place, standing
from web.store.store import Store, open_store


def of(film: Filming, entries: Sequence[Entry]) -> list[int]:
    """The numbers of a film's events."""
    return [entry.number for entry in entries if entry.stream_id == film.stream_id]


async def test_a_region_reads_and_follows_its_own_events_and_who_only_reads_those_of_all(nats: Nats) -> None:
    here, there = Filming(), Filming(place=1)
    async with (
        opened(nats, here, region="a") as a,
        opened(nats, there, region="b") as b,
        read_log(nats.url) as every,
    ):
        floor, last = await every.bounds()
        assert await a.bounds() == await b.bounds() == (floor, last)
        async with followed(a, floor) as mine, followed(every, floor) as all_of_them:
            for _ in range(5):
                await a.write(here.film())
                await b.write(there.film())
            await all_of_them.until(lambda entries: len(entries) == 60)
            await mine.until(lambda entries: len(entries) == 30)
        assert [entry.number for entry in all_of_them.entries] == list(range(floor + 1, floor + 61))
        assert mine.entries == await a.after(floor, 100)
        assert [entry.number for entry in mine.entries] == of(here, all_of_them.entries)
        assert [entry.number for entry in await b.after(floor, 100)] == of(there, all_of_them.entries)
        assert (await a.bounds(), await b.bounds(), await every.bounds()) == (
            (floor, floor + 54),
            (floor, floor + 60),
            (floor, floor + 60),
        )
        assert await a.after(floor + 54, 5) == []
        with pytest.raises(BusError, match=r"the region a.*GOREWATCH_REGION"):
            async with opened(nats, region="a"):
                raise AssertionError


async def test_a_service_of_a_version_without_regions_is_refused_company(nats: Nats) -> None:
    async with opened(nats), by_hand(nats) as earlier:

        async def answer(message: Any) -> None:
            await message.respond(b"here")

        await earlier.subscribe("gorewatch.present", cb=answer)
        await earlier.jetstream().account_info()
        with pytest.raises(BusError, match="of a version without regions"):
            async with opened(nats, region="b"):
                raise AssertionError


async def test_services_that_start_at_once_make_one_log(nats: Nats) -> None:
    async with AsyncExitStack() as stack:
        logs = await asyncio.gather(
            *(
                stack.enter_async_context(opened(nats, region=region, above=1_790_000_000_500_000 + number))
                for number, region in enumerate("abcd")
            )
        )
        assert len({await log.bounds() for log in logs}) == 1


async def test_each_region_records_its_own_and_goes_on_where_it_was(nats: Nats, store: Store) -> None:
    films = {"a": Filming(), "b": Filming(place=1)}
    async with opened(nats, films["a"], region="a") as a, opened(nats, films["b"], region="b") as b:
        logs = {"a": a, "b": b}
        floor, _ = await a.bounds()
        async with recording_log(a, store, region="a", along=[]) as recorder:
            for _ in range(3):
                for region, log in logs.items():
                    await log.write(films[region].film())
            recorder.look()
            await recorder.reached(a.written, within_s=WITHIN_S)
        assert await numbers(store) == [
            number for start in (1, 13, 25) for number in range(floor + start, floor + start + 6)
        ]
        for region, log in logs.items():
            async with recording_log(log, store, region=region, along=[]):
                pass
        assert await numbers(store) == list(range(floor + 1, floor + 37))
        async with store.reading() as tx:
            assert {region: await place.read(tx, region) for region in logs} == {"a": floor + 30, "b": floor + 36}
            found = {region: await media.find(tx, film.media_id) for region, film in films.items()}
        assert {region: None if one is None else one.region for region, one in found.items()} == {"a": "a", "b": "b"}


async def test_a_region_whose_last_events_others_pushed_out_starts_and_records_what_comes(
    nats: Nats, store: Store
) -> None:
    here, there = Filming(), Filming(place=1)
    few = Retention(events_most=10)
    async with opened(nats, there, region="b", retention=few) as b:
        async with opened(nats, here, region="a", retention=few) as a:
            await a.write([here.prob()])
            async with recording_log(a, store, region="a", along=[]):
                pass
        await b.write([there.prob() for _ in range(50)])
        async with opened(nats, here, region="a", retention=few) as a:
            floor, last = await a.bounds()
            assert floor == last
            async with recording_log(a, store, region="a", along=[]) as recorder, hub_of(a) as told:
                await b.write([there.prob() for _ in range(5)])
                await a.write([here.prob()])
                await recorder.reached(a.written, within_s=WITHIN_S)
                await told.until(lambda entries: len(entries) == 1)
            assert (await numbers(store))[-1] == a.written


@asynccontextmanager
async def hub_of(log: EventLog) -> AsyncIterator[Any]:
    """What a hub on that log follows."""
    async with open_hub(history_events=10, queue_limit=10, log=log) as hub, followed(log, hub.last) as told:
        assert hub.newest == 0
        yield told


class Platform:
    """Two services, of the regions a and b, and a web node before them."""

    def __init__(self, nats: Nats, address: str, folder: Path) -> None:
        self.address = address
        self._folder = folder
        self._env = {**flickering(folder), "GOREWATCH_STORE": address, "GOREWATCH_BUS": nats.url}
        self._bus = nats.url
        self._ports = {region: free_port() for region in "ab"}

    def service(self, region: str) -> Any:
        home = self._folder / region
        home.mkdir(exist_ok=True)
        return running_service(home, "--workers", "1", "--port", str(self._ports[region]), env=self.env(region))

    def env(self, region: str) -> dict[str, str]:
        home = self._folder / region / "data"
        return {**self._env, "GOREWATCH_REGION": region, "GOREWATCH_DATA_DIR": str(home)}

    def web_node(self, upstream: str) -> Any:
        return web_node(settings_of(bus=self._bus, store=self.address, upstream=upstream))


async def live(service: Service, stream_id: str, *, beyond: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = await asyncio.to_thread(
        service.wait_for, f"/v1/streams/{stream_id}", lambda now: now["state"] == "live" and now["media"] != beyond
    )
    return answer


async def added(service: Service, url: str, name: str) -> dict[str, Any]:
    status, stream = await asyncio.to_thread(service.request, "POST", "/v1/streams", {"url": url, "name": name})
    assert status == 201, stream
    return await live(service, stream["id"])


async def listed(node: str) -> tuple[set[str], str | None]:
    """The ids of the streams that a web node has, and how many services' are missing."""
    async with aiohttp.ClientSession() as http, http.get(f"{node}/v1/streams") as answer:
        assert answer.status == 200
        return {stream["id"] for stream in (await answer.json())["streams"]}, answer.headers.get("Gorewatch-Missing")


async def refused_by(node: str, url: str, name: str) -> int:
    """Have a web node add a stream whose name is taken."""
    async with aiohttp.ClientSession() as http, http.post(f"{node}/v1/streams", json={"url": url, "name": name}) as no:
        return no.status


@pytest.mark.timeout(300)
async def test_two_services_are_one_behind_a_web_node_and_when_one_is_killed_the_other_notices_nothing(
    nats: Nats, postgres: Postgres, tmp_path: Path, rtmp_server: RtmpServer
) -> None:
    platform = Platform(nats, postgres.new_database(), tmp_path)
    clip, url = write_flicker(tmp_path / "flicker.mp4", minutes=0.25, rate=24), rtmp_server.url("show")
    with rtmp_server.publish(clip, "show"), platform.service("b") as b:
        async with AsyncExitStack() as stack:
            with platform.service("a") as a:
                node = await stack.enter_async_context(platform.web_node(f"{a.url},{b.url}"))
                before = await newest(nats)
                every, late = Logbook(since=before, types=DEAR), Logbook(since=before, types=DEAR)
                await stack.enter_async_context(following(node, [every]))
                mine, theirs = await asyncio.gather(added(a, url, "mine"), added(b, url, "theirs"))
                refused = gorewatch(
                    "serve", "--port", 0, env={**platform.env("a"), "GOREWATCH_DATA_DIR": str(tmp_path)}
                )
                assert "of the region a" in assert_one_line(refused)
                status, answer = await asyncio.to_thread(
                    a.request, "POST", "/v1/streams", {"url": url, "name": "theirs"}
                )
                assert (status, answer["code"], "region b" in answer["detail"]) == (409, "name_taken", True)
                both = {mine["id"], theirs["id"]}
                assert await listed(node) == (both, None)
                assert [await refused_by(node, url, name) for name in ("mine", "theirs")] == [409, 409]
                await asyncio.to_thread(a.kill)
            assert await listed(node) == ({theirs["id"]}, "1")
            await every.more(3)
            with platform.service("a") as a:
                again = await live(a, mine["id"], beyond=mine["media"])
                assert [
                    one["id"] for one in (await asyncio.to_thread(a.request, "GET", "/v1/streams"))[1]["streams"]
                ] == [mine["id"]]
                assert (await live(b, theirs["id"]))["media"] == theirs["media"]
                await until(lambda: _is(node, (both, None)), every_s=0.1)
                await every.more(3)
                async with open_store(platform.address) as store, store.reading() as tx:
                    running = {one.facts.ref.media_id: one.region for one in await media.running(tx)}
                    stand = {region: await standing.listed(tx, region=region) for region in "ab"}
                assert running == {again["media"]: "a", theirs["media"]: "b"}
                assert {region: [one.id for one in those] for region, those in stand.items()} == {
                    "a": [mine["id"]],
                    "b": [theirs["id"]],
                }
                for service, stream in ((a, mine), (b, theirs)):
                    status, _ = await asyncio.to_thread(service.request, "DELETE", f"/v1/streams/{stream['id']}")
                    assert status == 200
                await ended(every, {again["media"], theirs["media"]})
            async with platform.web_node(b.url) as another, following(another, [late]):
                await late.reached(every.since)
    kept = await kept_in(platform.address)
    compare([every, late], kept)
    assert ends(kept) == {mine["media"]: 1, again["media"]: 1, theirs["media"]: 1}
    assert (kept.open_media, kept.open_incidents) == (0, 0)
    postgres.drop(platform.address)


async def _is(node: str, wanted: tuple[set[str], str | None]) -> bool:
    return await listed(node) == wanted


async def newest(nats: Nats) -> str:
    """The id of the last event, or the one before the first."""
    async with read_log(nats.url) as log:
        return format_id((await log.bounds())[1])


async def ended(subscriber: Logbook, those: set[str]) -> None:
    """Until the end of each of these media was told of."""
    async with asyncio.timeout(WITHIN_S):
        while not those <= {
            str(one["subject"]) for one in subscriber.events.values() if one["type"] == "media.finished"
        }:
            subscriber.moved.clear()
            await subscriber.moved.wait()
