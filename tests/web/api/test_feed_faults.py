"""Clients of the event socket that break the rules cost themselves their connection, and nobody else anything."""

import asyncio
import json
import socket
import zlib
from contextlib import ExitStack

import aiohttp
import pytest
from aiohttp import web

from inference.events import MediaStalled
from tests.until import until
from tests.web.api.raw_feed import closed, frame, raw_client, read_to_the_close, request
from tests.web.api.test_feed import events, received
from tests.web.serving import Served, bearer, new_key, serving
from web.api import feed, feed_socket

TEXT, BINARY, PING = 1, 2, 9
STALLED = MediaStalled("no frames")


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [
        (frame(TEXT, b"garbage"), 1007, "A message must be JSON."),
        (frame(TEXT, b'{"type": "filter", "types": ["gore"]}'), 1007, "A filter names a type that does not exist."),
        (frame(TEXT, b"\xff\xfe"), 1007, "A text message must be UTF-8."),
        (frame(BINARY, b"{}"), 1003, "A message must be text."),
        (frame(TEXT, b"x" * 1000, length=100_000_000), 1009, "A message may have 16384 bytes."),
        (frame(BINARY, b"x" * 1000, length=1 << 60), 1009, "A message may have 16384 bytes."),
        (frame(3, b""), 1002, "This breaks the WebSocket protocol."),
        (frame(PING, b"x" * 126), 1002, "This breaks the WebSocket protocol."),
        (frame(TEXT, b"{}", flags=0xC0), 1002, "This breaks the WebSocket protocol."),
    ],
    ids=["garbage", "type", "utf-8", "binary", "100-mb", "exabyte", "opcode", "ping", "compressed"],
)
async def test_what_is_no_message_of_ours_is_answered_with_a_close_that_says_why(
    sent: bytes, code: int, reason: str
) -> None:
    async with serving() as served, events(served) as other:
        with await raw_client(served, receive_bytes=65536) as client:
            await asyncio.get_running_loop().sock_sendall(client, sent)
            served.hub.publish("str_a", "med_a", STALLED)
            await received(other)
            ids, *found = await read_to_the_close(client)
            assert found == [code, reason]
            assert len(ids) <= 1
        await alone(served)


async def alone(served: Served) -> None:
    """Until one subscriber is left."""
    await until(lambda: served.hub.subscriber_count == 1)


async def test_a_hundred_megabytes_are_not_taken_in() -> None:
    async with serving() as served:
        with await raw_client(served) as client:
            await asyncio.get_running_loop().sock_sendall(client, frame(BINARY, b"", length=100 << 20))
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(_pour(client, bytes(1 << 20)), 20)


async def _pour(client: socket.socket, data: bytes) -> None:
    for _ in range(100):
        await asyncio.get_running_loop().sock_sendall(client, data)
    raise AssertionError("all of it was taken")


async def test_what_is_small_compressed_and_vast_otherwise_is_not_taken_in() -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    vast = packer.compress(bytes(20_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH).removesuffix(b"\x00\x00\xff\xff")
    async with serving(event_compression=True) as served, events(served) as other:
        with await raw_client(served, headers="Sec-WebSocket-Extensions: permessage-deflate\r\n") as client:
            await asyncio.get_running_loop().sock_sendall(client, frame(TEXT, vast[:16_000], flags=0xC0))
            ids, *found = await read_to_the_close(client)
            assert (ids, found) == ([], [1009, "A message may have 16384 bytes."])
        served.hub.publish("str_a", "med_a", STALLED)
        await received(other)
        await alone(served)


async def test_who_leaves_before_it_is_answered_is_no_failure_of_ours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def too_late(request: web.Request, *, compress: bool) -> web.WebSocketResponse:
        assert request.transport is not None
        request.transport.abort()
        return feed_socket.new_socket(request, compress=compress)

    async with serving() as served:
        with monkeypatch.context() as patched:
            patched.setattr(feed, "new_socket", too_late)
            with pytest.raises(aiohttp.ClientError):
                await served.http.ws_connect("/v1/events")
        async with events(served) as other:
            served.hub.publish("str_a", "med_a", STALLED)
            await received(other)
            await alone(served)
    assert "failed" not in caplog.text


@pytest.mark.parametrize("unread", [0, 300], ids=["silent", "blocked"])
async def test_who_never_answers_a_ping_is_closed(unread: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_socket, "_HEARTBEAT_S", 0.2)
    async with serving() as served, events(served) as other:
        with await raw_client(served) as client:
            for _ in range(unread):
                served.hub.publish("str_a", "med_a", MediaStalled("x" * 10_000))
            await received(other, unread)
            await alone(served)
            data = await closed(client)
            assert unread or b"\x89\x00" in data, "it was never asked"
        served.hub.publish("str_a", "med_a", STALLED)
        await received(other)


async def test_answers_to_pings_never_come_into_the_middle_of_an_event() -> None:
    async with serving(limits={"subscriber_queue": 100_000}) as served, events(served, "?since=0") as client:
        for burst in range(10):
            pongs = []
            for _ in range(30):
                served.hub.publish("str_a", "med_a", MediaStalled("x" * 70_000))
                pongs.append(await client.ping())
            got = await received(client, 30 + (burst == 0))
            assert all(event["data"]["reason"] == "x" * 70_000 for event in got[burst == 0 :])
            await asyncio.wait_for(asyncio.gather(*pongs), 20)


async def test_who_opens_two_thousand_connections_is_refused_those_over_its_limit() -> None:
    async with serving(keyed=True, limits={"key_subscribers": 20, "max_subscribers": 25}) as served:
        greedy, other, third = [await new_key(served.store) for _ in range(3)]
        with ExitStack() as held:
            refused = await _many(served, f"?token={greedy}", 2000, held)
            assert len(refused) == 1980
            assert all(head.startswith(b"HTTP/1.1 429") and b"Retry-After" in head for head in refused)
            assert await _many(served, f"?token={other}", 4, held) == []
            async with events(served, f"?token={third}") as client:
                served.hub.publish("str_a", "med_a", STALLED)
                await received(client)
                for token, status, code in ((greedy, 429, "key_subscribers"), (third, 503, "max_subscribers")):
                    headers = {**bearer(token), "Accept": "text/event-stream"}
                    async with served.http.get("/v1/events", headers=headers) as response:
                        problem = await response.json()
                        assert (response.status, problem["code"]) == (status, "too_many_subscribers")
                        assert code in problem["detail"]
        async with served.http.get("/metrics") as response:
            assert "gorewatch_subscribers_refused_total 1982.0" in (await response.text()).splitlines()
        await until(lambda: not served.hub.subscriber_count)
        async with events(served, f"?token={greedy}"):
            pass


async def _many(served: Served, query: str, count: int, held: ExitStack) -> list[bytes]:
    """Open so many; the heads of the answers of those that were refused."""
    refused = []
    for _ in range(count):
        client, head = await request(served, query=query)
        if head.startswith(b"HTTP/1.1 101"):
            held.enter_context(client)
        else:
            refused.append(head)
            client.close()
    return refused


async def test_who_asks_much_and_reads_nothing_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_socket, "_ANSWER_TIMEOUT_S", 0.2)
    message = json.dumps({"type": "filter", "streams": ["x" * 4000]}).encode()
    sent = frame(TEXT, message) * 100
    async with serving() as served, events(served) as other:
        with await raw_client(served) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(_pour(client, sent), 20)
            served.hub.publish("str_a", "med_a", STALLED)
            await received(other)
