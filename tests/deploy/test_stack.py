"""The parts of compose.yaml together: nginx by its configuration before two web nodes, NATS by its, PostgreSQL."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from tests.deploy.stack import Stack, running_nats, running_stack
from tests.servers.postgres import Postgres
from tests.until import until
from tests.web.cluster.test_service import flagged, live

_WITHIN_S = 60.0
_UPLOAD_BYTES = 50_000_000
_PIECE = bytes(range(250)) * 4000


@pytest.fixture
async def stack(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stack]:
    store = postgres.new_database()
    with running_nats(tmp_path) as (bus, health):
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{health}/healthz") as answer,
            running_stack(monkeypatch, tmp_path, store=store, bus=bus) as running,
        ):
            assert answer.status == 200
            yield running
    postgres.drop(store)


async def test_clients_of_the_balancer_are_served_as_by_the_service(stack: Stack, tmp_path: Path) -> None:
    async with aiohttp.ClientSession(stack.balancer, headers=stack.headers) as http, asyncio.timeout(_WITHIN_S):
        await the_same_events_come_over_both_kinds_of_connection(stack, http)
        await an_upload_is_passed_on_while_it_comes(stack, http, tmp_path)
        await names_and_the_path_of_metrics_are_guarded(stack, http)
        await who_was_on_a_node_that_is_gone_finds_another(stack, http)
    log = (tmp_path / "access.log").read_text()
    assert "/v1/events" in log
    for secret in ("tok_", stack.key.partition(":")[2]):
        assert secret not in log, "which came in a query"
    assert not list((tmp_path / "client_body").iterdir()), "nothing lay on the balancer's disk"


async def the_same_events_come_over_both_kinds_of_connection(stack: Stack, http: aiohttp.ClientSession) -> None:
    async with http.post("/v1/tokens", json={"scope": "events"}) as answer:
        token = (await answer.json())["token"]
    over_sse = {"Accept": "text/event-stream"}
    async with (
        http.ws_connect("/v1/events", params={"token": token}) as socket,
        http.get("/v1/events", headers=over_sse) as stream,
    ):
        assert stream.content_type == "text/event-stream"
        _, source = await live(stack.served)
        flagged(source, 1.0)
        source.end()
        by_socket = await until_finished(lambda: socket.receive_json())
        by_stream = await until_finished(lambda: next_of(stream))
    assert by_socket == by_stream
    kinds = [event["type"] for event in by_socket]
    assert (kinds[0], kinds.count("gore.incident")) == ("media.started", 3)


async def until_finished(receive: Callable[[], Awaitable[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What comes until the media ends."""
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] != "media.finished":
        events.append(await receive())
    return events


async def next_of(stream: aiohttp.ClientResponse) -> dict[str, Any]:
    while not (line := await stream.content.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    return found


async def an_upload_is_passed_on_while_it_comes(stack: Stack, http: aiohttp.ClientSession, folder: Path) -> None:
    user, _, secret = stack.key.partition(":")
    credentials = {"api_user": user, "api_secret": secret}
    async with http.get("/1.0/upload/create-video.json", params=credentials) as answer:
        made = await answer.json()
    media, address = made["media"]["id"], urlsplit(made["upload"]["url"])
    assert f"{address.scheme}://{address.netloc}" == "https://watch.example.org"
    incoming = folder / "service" / "media" / "incoming" / media

    async def sent() -> AsyncIterator[bytes]:
        for number in range(_UPLOAD_BYTES // len(_PIECE)):
            yield _PIECE
            if number == 9:
                # The service has what was sent so far, but for what lies in buffers on the way.
                await until(lambda: incoming.exists() and incoming.stat().st_size >= 2_000_000)

    async with http.put(address.path, data=sent()) as answer:
        assert answer.status == 200
    arrived = await asyncio.to_thread((folder / "service" / "media" / media).read_bytes)
    expected = _PIECE * (_UPLOAD_BYTES // len(_PIECE))
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(expected).digest()


async def names_and_the_path_of_metrics_are_guarded(stack: Stack, http: aiohttp.ClientSession) -> None:
    assert await status(http, "/v1/streams") == 200
    assert await status(http, "/v1/streams", Host="evil.example") == 403
    assert await status(http, "/v1/streams", Authorization="Bearer nobody:nothing") == 401
    for path in ("/metrics", "//metrics", "/v1/../metrics", "/%6detrics"):
        async with http.get(URL(f"{stack.balancer}{path}", encoded=True)) as answer:
            assert (answer.status, "nginx" in await answer.text()) == (404, True), path


async def who_was_on_a_node_that_is_gone_finds_another(stack: Stack, http: aiohttp.ClientSession) -> None:
    await stack.nodes[0].aclose()
    for _ in range(4):
        assert await status(http, "/v1/streams") == 200
    async with http.ws_connect("/v1/events") as socket:
        assert not socket.closed


async def status(http: aiohttp.ClientSession, path: str, **headers: str) -> int:
    async with http.get(path, headers=headers) as answer:
        return answer.status
