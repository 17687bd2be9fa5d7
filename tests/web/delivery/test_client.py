"""`web.delivery.client` against real WebSocket servers that drop, refuse and talk nonsense."""

import asyncio
import contextlib
import http
import json
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.servers.certificate import write_certificate
from tests.servers.ports import free_port
from web.delivery.client import Subscription, SubscriptionRefused, socket_url, subscribe

Handler = Callable[[ServerConnection], Awaitable[None]]


def _no_jitter() -> float:
    return 1.0


def _event(number: int) -> str:
    return json.dumps({"specversion": "1.0", "id": f"{number:020}", "type": "gore.prob", "data": {}})


@contextlib.asynccontextmanager
async def _feed(
    handler: Handler,
    *,
    port: int = 0,
    refuse: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> AsyncIterator[Server]:
    async with serve(
        handler, "127.0.0.1", port, subprotocols=[Subprotocol("cloudevents.json")], process_request=refuse
    ) as server:
        yield server


def _url(server: Server) -> str:
    return f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def _take(subscription: Subscription, count: int, on_outage: Callable[[str], None] | None = None) -> list[int]:
    numbers: list[int] = []
    async with contextlib.aclosing(subscribe(subscription, on_outage=on_outage, jitter=_no_jitter)) as events:
        async for event in events:
            numbers.append(int(str(event["id"])))
            if len(numbers) == count:
                break
    return numbers


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/events"),
        ("https://watch.example/", "wss://watch.example/v1/events"),
        ("https://watch.example/gore/", "wss://watch.example/gore/v1/events"),
        ("ws://host:1/v1/events", "ws://host:1/v1/events"),
    ],
)
def test_the_services_address_becomes_that_of_its_events(given: str, opened: str) -> None:
    assert socket_url(Subscription(url=given), None) == opened


def test_filters_and_the_last_id_are_asked_for() -> None:
    subscription = Subscription(url="http://h", streams=["str_a", "str_b"], types=["gore.prob"], since="7")
    query = parse_qs(urlsplit(socket_url(subscription, "8")).query)
    assert query == {"stream": ["str_a", "str_b"], "type": ["gore.prob"], "since": ["8"]}


@pytest.mark.parametrize(
    "url", ["8080", "ftp://host", "http://", "http://[::1", "127.0.0.1:8080", "http://host:99999", "http://host:x"]
)
def test_an_address_of_no_web_server_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SubscriptionRefused, match=r"does not parse|such as http://127\.0\.0\.1:8080"):
        socket_url(Subscription(url=url), None)


async def test_a_lost_connection_is_resumed_after_the_last_event() -> None:
    asked: list[str | None] = []

    async def drop_after_two(connection: ServerConnection) -> None:
        assert connection.request is not None
        since = parse_qs(urlsplit(connection.request.path).query).get("since", [None])[0]
        asked.append(since)
        first = int(since) + 1 if since else 1
        for number in (first, first + 1):
            await connection.send(_event(number))
        if len(asked) == 2:
            await connection.close(4008, f"{first + 1:020}")
        else:
            connection.transport.abort()

    outages: list[str] = []
    async with _feed(drop_after_two) as server:
        numbers = await _take(Subscription(url=_url(server)), 6, outages.append)
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert asked == [None, f"{2:020}", f"{4:020}"]
    assert "lost" in outages[0]
    assert "too slowly" in outages[1]


async def test_it_waits_for_a_service_that_is_not_there_yet() -> None:
    async def one(connection: ServerConnection) -> None:
        await connection.send(_event(1))
        await connection.wait_closed()

    port = free_port()
    outages: asyncio.Queue[str] = asyncio.Queue()
    subscription = Subscription(url=f"http://127.0.0.1:{port}")
    taking = asyncio.create_task(_take(subscription, 1, outages.put_nowait))
    assert "cannot be reached" in await outages.get()
    async with _feed(one, port=port):
        assert await taking == [1]


async def test_the_token_goes_into_a_header_and_not_into_the_address() -> None:
    seen: list[tuple[str, str | None]] = []

    async def note(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append((connection.request.path, connection.request.headers.get("Authorization")))
        await connection.send(_event(1))

    async with _feed(note) as server:
        await _take(Subscription(url=_url(server), token="s3cret-token"), 1)
    assert seen == [("/v1/events", "Bearer s3cret-token")]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, "", "--token"),
        (403, "", "--token"),
        (404, "", "no event feed"),
        (400, '{"detail": "since is no event id."}', r"\(400\): since is no event id\."),
    ],
)
async def test_what_trying_again_cannot_help_ends_it(status: int, body: str, said: str) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus(status), body)

    async def never(connection: ServerConnection) -> None:
        raise AssertionError

    async with _feed(never, refuse=refuse) as server:
        with pytest.raises(SubscriptionRefused, match=said):
            await _take(Subscription(url=_url(server)), 1)


async def test_a_server_that_sends_something_else_ends_it() -> None:
    async def chat(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()

    async with _feed(chat) as server:
        with pytest.raises(SubscriptionRefused, match="is it a gorewatch service"):
            await _take(Subscription(url=_url(server)), 1)


async def test_what_is_too_large_for_an_event_ends_it() -> None:
    async def flood(connection: ServerConnection) -> None:
        await connection.send(" " * (2 << 20))
        await connection.wait_closed()

    async with _feed(flood) as server:
        with pytest.raises(SubscriptionRefused, match="is it a gorewatch service"):
            await _take(Subscription(url=_url(server)), 1)


async def test_a_certificate_that_is_not_valid_ends_it(tmp_path: Path) -> None:
    async def never(connection: ServerConnection) -> None:
        raise AssertionError

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    write_certificate(key, certificate)
    context.load_cert_chain(certificate, key)
    async with serve(never, "127.0.0.1", 0, ssl=context) as server:
        with pytest.raises(SubscriptionRefused, match=r"certificate is not valid: self[- ]signed"):
            await _take(Subscription(url=_url(server).replace("http", "https")), 1)


class _Enough(Exception):
    """The test has seen what it wants to see."""


async def test_a_service_that_asks_to_be_left_alone_for_a_while_is() -> None:
    waits: list[float] = []
    answers = [("7", 503), ("3600", 429), ("soon", 503), (None, 500)]

    def busy(connection: ServerConnection, _: Request) -> Response:
        after, status = answers[len(waits)]
        response = connection.respond(http.HTTPStatus(status), "")
        if after is not None:
            response.headers["Retry-After"] = after
        return response

    async def never(connection: ServerConnection) -> None:
        raise AssertionError

    async def wait(delay_s: float) -> None:
        waits.append(delay_s)
        if len(waits) == len(answers):
            raise _Enough

    async with _feed(never, refuse=busy) as server:
        with pytest.raises(_Enough):
            await anext(subscribe(Subscription(url=_url(server)), jitter=_no_jitter, sleep=wait))
    assert waits == [7.125, 60.25, 0.5, 1.0]


async def test_a_connection_that_is_lost_before_its_first_event_is_resumed_all_the_same() -> None:
    asked: list[str | None] = []
    told: list[object] = []

    async def answer_once(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(parse_qs(urlsplit(connection.request.path).query).get("since", [None])[0])
        if len(asked) == 1:
            told.append(json.loads(await connection.recv()))
            await connection.send(json.dumps({"id": f"{7:020}", "type": "control.filter", "data": {}}))
            connection.transport.abort()
        else:
            await connection.send(_event(8))
            await connection.wait_closed()

    async with _feed(answer_once) as server:
        subscription = Subscription(url=_url(server), streams=["str_a"], types=["gore.prob"])
        assert await _take(subscription, 1) == [8]
    assert told == [{"type": "filter", "streams": ["str_a"], "types": ["gore.prob"]}]
    assert asked == [None, f"{7:020}"]


async def test_a_service_that_is_unwell_is_tried_again() -> None:
    tries = 0

    def busy_at_first(connection: ServerConnection, request: Request) -> Response | None:
        nonlocal tries
        tries += 1
        return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "") if tries == 1 else None

    async def one(connection: ServerConnection) -> None:
        await connection.send(_event(5))
        await connection.wait_closed()

    outages: list[str] = []
    async with _feed(one, refuse=busy_at_first) as server:
        assert await _take(Subscription(url=_url(server)), 1, outages.append) == [5]
    assert outages == ["the service answered 503"]


async def test_whoever_leaves_in_the_middle_of_a_flood_does_not_wait_for_its_end() -> None:
    stuck = asyncio.Event()
    # Nothing that compression makes small.
    event = json.dumps({"id": "1", "data": os.urandom(100_000).hex()})

    async def flood(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                sending = asyncio.ensure_future(connection.send(event))
                if not (await asyncio.wait({sending}, timeout=0.2))[0]:
                    stuck.set()
                await sending

    async with _feed(flood) as server:
        events = subscribe(Subscription(url=_url(server)))
        await anext(events)
        async with asyncio.timeout(20):
            await stuck.wait()
        async with asyncio.timeout(5):
            await events.aclose()
