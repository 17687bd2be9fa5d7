"""Web nodes in front of a service: the same events on each, and all else as if the service had been asked."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.servers.nats import Nats
from tests.servers.ports import free_port
from tests.web.cluster.hosting.cluster import cluster
from tests.web.cluster.making import WITHIN_S
from tests.web.cluster.test_service import flagged, live, newest
from tests.web.faults.logbook import Logbook, following
from tests.web.serving import bearer, new_key, serving, settings_of
from web.cluster.web_node import web_node
from web.settings import ConfigError
from web.store.errors import StoreError


@asynccontextmanager
async def in_front(nats: Nats, home: Path, upstream: str, count: int = 1, **values: object) -> AsyncIterator[list[str]]:
    """The addresses of so many nodes."""
    store = f"sqlite:///{home}/gorewatch.db"
    settings = settings_of(bus=nats.url, store=store, upstream=upstream, data_dir=home, **values)
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(web_node(settings)) for _ in range(count)]


async def asked(method: str, url: str, **more: Any) -> tuple[int, str, bytes]:
    """Status, type and body of an answer."""
    async with aiohttp.ClientSession() as http, http.request(method, url, **more) as answer:
        return answer.status, answer.content_type, await answer.read()


async def closed(logbook: Logbook) -> None:
    """Until it has the last event of a media."""
    async with asyncio.timeout(WITHIN_S):
        while "media.finished" not in {event["type"] for event in logbook.events.values()}:
            logbook.moved.clear()
            await logbook.moved.wait()


async def test_every_node_sends_the_same_events_by_the_same_ids(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served, in_front(nats, tmp_path, served.url, 2) as nodes:
        since = newest(served)
        logbooks = [Logbook(since=since) for _ in range(3)]
        async with AsyncExitStack() as stack:
            for url, logbook in zip((served.url, *nodes), logbooks, strict=True):
                await stack.enter_async_context(following(url, [logbook]))
            _, source = await live(served)
            for number in range(5):
                flagged(source, 10.0 * number)
            source.end()
            for logbook in logbooks:
                await closed(logbook)
        assert logbooks[0].events == logbooks[1].events == logbooks[2].events
        kinds = [event["type"] for event in logbooks[0].events.values()]
        assert (kinds[0], kinds[-1], kinds.count("gore.incident")) == ("media.started", "media.finished", 15)


async def test_who_was_on_a_node_that_is_gone_resumes_on_another(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served, in_front(nats, tmp_path, served.url) as (other,):
        since = newest(served)
        logbook, witness = Logbook(since=since), Logbook(since=since)
        _, source = await live(served)
        async with in_front(nats, tmp_path, served.url) as (one,), following(one, [logbook]):
            flagged(source, 1.0)
            await logbook.more(3)
        flagged(source, 20.0)
        async with following(other, [logbook]), following(served.url, [witness]):
            flagged(source, 40.0)
            source.end()
            await closed(logbook)
            await closed(witness)
        assert logbook.events == witness.events


async def test_everything_else_is_answered_as_the_service_answers_it(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served, in_front(nats, tmp_path, served.url) as (node,):
        body = {"url": "rtsp://camera.example/one", "name": "door"}
        status, _, made = await asked("POST", f"{node}/v1/streams", json=body)
        assert status == 201
        stream = json.loads(made)["id"]
        for path in (
            "/v1/streams",
            f"/v1/streams/{stream}",
            "/v1/streams/nobody",
            "/v1/incidents?limit=5",
            "/v1/incidents?limit=x",
            "/nothing/here",
            "/1.0/check.json?models=gore-2.0",
            "/v1/streams/a%2Fb?x=%20+",
        ):
            expected = await asked("GET", served.url + path)
            status, kind, answer = await asked("GET", node + path)
            assert (status, kind, shape(answer)) == (expected[0], expected[1], shape(expected[2])), path
        assert (await asked("DELETE", f"{node}/v1/streams/{stream}"))[0] == 200
        assert (await served.get(f"/v1/streams/{stream}"))["state"] in ("ended", "failed")


def shape(answer: bytes) -> object:
    """Without what differs between two answers to the same question."""
    return re.sub(rb'"(id|timestamp|lag)": ?("req_[^"]*"|[0-9.]+|null)', b"", answer)


async def test_a_publisher_may_come_and_go_by_a_node(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served, in_front(nats, tmp_path, served.url) as (node,):
        headers = {"Content-Type": "application/sdp"}
        async with aiohttp.ClientSession(node) as http:
            async with http.post("/whip/cam", data="v=0\r\noffer", headers=headers) as answer:
                assert answer.status == 201
                assert await answer.text() == "v=0\r\nanswer"
                session = answer.headers["Location"]
                assert session.startswith("/whip/cam/")
            (publisher,) = served.pool.sources
            async with http.delete(session) as answer:
                assert answer.status == 200
        assert publisher.closed


async def test_hosts_are_drained_by_way_of_a_node(nats: Nats, tmp_path: Path) -> None:
    async with cluster("a", bus=nats.url, home=tmp_path) as it, in_front(nats, tmp_path, it.served.url) as (node,):
        status, _, answer = await asked("POST", f"{node}/v1/hosts/a/drain")
        assert (status, json.loads(answer)["draining"]) == (200, True)
        assert [host.draining for host in it.hosts] == [True]
        assert (await asked("GET", f"{node}/v1/hosts"))[0] == 200


async def test_the_viewer_and_the_documents_come_from_the_node(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served, in_front(nats, tmp_path, served.url) as (node,):
        for path in ("/", "/docs", "/static/js/main.js", "/openapi.json", "/asyncapi.json", "/healthz"):
            assert await asked("GET", node + path) == await asked("GET", served.url + path), path


async def test_credentials_count_on_every_node(nats: Nats, tmp_path: Path) -> None:
    async with serving(keyed=True, bus=nats.url, home=tmp_path) as served:
        good = bearer(await new_key(served.store))
        async with in_front(nats, tmp_path, served.url) as (node,):
            for path in ("/v1/events", "/v1/streams", "/v1/tokens"):
                for headers in ({}, bearer("nobody:nothing")):
                    assert (await asked("GET", node + path, headers=headers))[0] == 401, path
            assert (await asked("GET", f"{node}/v1/streams", headers=good))[0] == 200
            async with aiohttp.ClientSession(node, headers=good) as http:
                async with http.post("/v1/tokens", json={"scope": "events"}) as answer:
                    token = (await answer.json())["token"]
                async with http.ws_connect(f"/v1/events?token={token}") as socket:
                    assert not socket.closed
            assert (await asked("GET", f"{node}/v1/streams", headers={**good, "Host": "evil.example"}))[0] == 403
            assert (await asked("GET", f"{node}/v1/events", headers={**good, "Origin": "https://evil.example"}))[
                0
            ] == 403


async def test_a_service_that_is_gone_is_told_in_the_words_of_each_half_and_the_past_is_there(
    nats: Nats, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        async with serving(bus=nats.url, home=tmp_path) as served:
            since = newest(served)
            _, source = await live(served)
            (node,) = await stack.enter_async_context(in_front(nats, tmp_path, served.url))
            flagged(source, 1.0)
            await served.until("/v1/incidents?state=ended", lambda answer: bool(answer["incidents"]))
        status, kind, answer = await asked("GET", f"{node}/v1/streams")
        assert (status, kind, json.loads(answer)["code"]) == (503, "application/problem+json", "upstream_unavailable")
        status, kind, answer = await asked("GET", f"{node}/1.0/check.json")
        assert (status, json.loads(answer)["status"]) == (503, "failure")
        status, _, answer = await asked("GET", f"{node}/readyz")
        assert (status, json.loads(answer)["reasons"]) == (503, ["the service that watches streams does not answer"])
        logbook = Logbook(since=since)
        async with following(node, [logbook]):
            await closed(logbook)
        assert list(logbook.events.values())[-1]["type"] == "media.finished"


async def test_nats_that_is_gone_for_a_while_is_told_and_subscribers_go_on(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served, in_front(nats, tmp_path, served.url) as (node,):
        logbook = Logbook(since=newest(served))
        _, source = await live(served)
        async with following(node, [logbook]):
            await logbook.more(1)
            nats.stop()
            flagged(source, 1.0)
            async with asyncio.timeout(WITHIN_S):
                while "no events come from NATS" not in (await asked("GET", f"{node}/readyz"))[2].decode():
                    pass
            nats.start()
            await logbook.more(3)
        metrics = (await asked("GET", f"{node}/metrics"))[2].decode()
        assert re.search(r"^gorewatch_events_sent_total [1-9]", metrics, re.MULTILINE)
        assert "gorewatch_callback_attempts" not in metrics, "from a file the service alone sends"


async def test_what_is_sent_is_passed_on_as_it_comes(nats: Nats, tmp_path: Path) -> None:
    """Neither side has to hold a large body, and what a client has not sent yet nobody waits for."""
    total = 40_000_000

    async def taken(request: web.Request) -> web.StreamResponse:
        got = 0
        response = web.StreamResponse()
        async for piece in request.content.iter_any():
            if not got:
                await response.prepare(request)
                await response.write(b"begun ")
            got += len(piece)
        await response.write(str(got).encode())
        return response

    async def sent() -> AsyncIterator[bytes]:
        for _ in range(total // 1_000_000):
            yield bytes(1_000_000)

    async with (
        serving(bus=nats.url, home=tmp_path),
        upstream_of(taken) as url,
        in_front(nats, tmp_path, url) as (node,),
    ):
        assert (await asked("POST", f"{node}/v1/anything", data=sent()))[2] == b"begun %d" % total
        assert (await asked("PUT", f"{node}/v1/anything", data=io.BytesIO(bytes(total))))[2] == b"begun %d" % total


@asynccontextmanager
async def upstream_of(handler: Any) -> AsyncIterator[str]:
    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("missing", ["bus", "store"])
async def test_a_node_needs_the_store_and_the_bus(missing: str, tmp_path: Path) -> None:
    values = {"bus": "nats://127.0.0.1:1", "store": f"sqlite:///{tmp_path}/a.db", "upstream": "http://127.0.0.1:1"}
    del values[missing]
    with pytest.raises(ConfigError, match="set store and bus"):
        async with web_node(settings_of(**values)):
            raise AssertionError


async def test_a_node_that_comes_before_its_service_says_so(nats: Nats, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="start the service that watches streams first"):
        async with in_front(nats, tmp_path, "http://127.0.0.1:1"):
            raise AssertionError


async def test_without_a_key_a_node_is_for_this_machine_alone(nats: Nats, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gorewatch keys create"):
        async with in_front(nats, tmp_path, "http://127.0.0.1:1", host="0.0.0.0"):
            raise AssertionError
