"""What is no HTTP, or cannot be read, is answered in JSON like everything else: told by raw sockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.web.serving import WITHIN_S, serving
from web.server import MOST_LINE_BYTES, Runner

_HOST = b"Host: 127.0.0.1\r\n"
_LONG = b"a" * (MOST_LINE_BYTES + 1)
_CHUNKED = b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n"
_INSIDE = ("Traceback", "aiohttp", "bytearray", "b'", "llhttp", "parser", "/usr", ".py")


class Client:
    """A connection, in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        """One after the other, each by itself as far as that can be had."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def answer(self) -> tuple[int, str, dict[str, Any]]:
        """Status, media type and body of the next answer."""
        async with asyncio.timeout(WITHIN_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = await self._reader.readexactly(int(fields["Content-Length"]))
        assert not any(word in head + body.decode() for word in _INSIDE)
        told = json.loads(body)
        assert fields["X-Request-Id"] == told.get("request", {"id": fields["X-Request-Id"]})["id"]
        assert (fields["Server"], fields["X-Content-Type-Options"]) == ("gorewatch", "nosniff")
        return int(head.split()[1]), fields["Content-Type"], told

    async def closed(self) -> bool:
        """Whether the service closes it, without another word."""
        async with asyncio.timeout(WITHIN_S):
            return await self._reader.read() == b""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "http_broken"),
        (b"hello there\r\n\r\n", "http_broken"),
        (b"G@T /v1/streams HTTP/1.1\r\n" + _HOST + b"\r\n", "http_broken"),
        (b"GET /v1/streams HTTP/9.9\r\n" + _HOST + b"\r\n", "http_broken"),
        (b"GET http://[ HTTP/1.1\r\n" + _HOST + b"\r\n", "http_broken"),
        (b"GET /\xff\xfe HTTP/1.1\r\n" + _HOST + b"\r\n", "http_broken"),
        (b"GET /v1/streams HTTP/1.1\r\n\r\n", "http_broken"),
        (b"GET /v1/streams HTTP/1.1\r\n" + _HOST + b"a b: c\r\n\r\n", "http_broken"),
        (b"GET /v1/streams HTTP/1.1\r\n" + _HOST + b"a: b\x00c\r\n\r\n", "http_broken"),
        (b"GET /v1/streams HTTP/1.1\r\n" + _HOST + b"a: b\r\n" * 1000 + b"\r\n", "http_broken"),
        (b"POST /v1/streams HTTP/1.1\r\n" + _HOST + b"Content-Length: -1\r\n\r\n", "http_broken"),
        (b"POST /v1/streams HTTP/1.1\r\n" + _HOST + b"Content-Length: 1\r\n" * 2 + b"\r\na", "http_broken"),
        (b"POST /v1/streams HTTP/1.1\r\n" + _HOST + b"Content-Length: 1\r\n" + _CHUNKED + b"\r\n", "http_broken"),
        (b"POST /v1/streams HTTP/1.1\r\n" + _HOST + b"Transfer-Encoding: odd\r\n\r\n", "http_broken"),
        (b"POST /v1/streams HTTP/1.1\r\n" + _HOST + _CHUNKED + b"\r\nzz\r\n", "http_broken"),
        (b"GET /v1/streams?a=" + _LONG + b" HTTP/1.1\r\n" + _HOST + b"\r\n", "too_long"),
        (b"GET /v1/streams HTTP/1.1\r\n" + _HOST + b"a: " + _LONG + b"\r\n\r\n", "too_long"),
    ],
)
async def test_it_is_answered_once_in_json_and_the_connection_is_closed(
    sent: bytes, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as served, connected(served.url) as client:
        await client.send(sent)
        status, kind, body = await client.answer()
        assert (status, kind, body["code"]) == (400, "application/problem+json", code)
        assert await client.closed()
        assert (await served.get("/healthz"))["status"] == "ok"
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG and record.exc_info]


@pytest.mark.parametrize("path", [b"/1.0/check.json", b"//1.0/check.json", b"/1.0/nothing"])
@pytest.mark.parametrize(
    "rest",
    [
        (b"?url=", _LONG, b" HTTP/1.1\r\n"),
        (b" HTTP/1.1\r\n", _HOST, b"a b: c\r\n\r\n"),
        (b" HTTP/1.1\r\n" + _HOST + _CHUNKED + b"\r\n", b"zz\r\n"),
    ],
    ids=["long", "header", "chunk"],
)
async def test_the_compatible_half_has_its_own_form_in_however_many_pieces_it_comes(
    path: bytes, rest: tuple[bytes, ...]
) -> None:
    async with serving() as served, connected(served.url) as client:
        await client.send(b"GET " + path + rest[0], *rest[1:])
        status, kind, body = await client.answer()
        assert kind == "application/json"
        assert list(body) == ["status", "request", "error"]
        assert (body["status"], body["error"]["type"]) == ("failure", "request_error")
        # That there is nothing at a path may be known before its body breaks.
        assert (status, body["error"]["code"]) in ((400, 82), (404, 81), (405, 81))


async def test_a_good_request_before_a_broken_one_is_answered_too() -> None:
    async with serving() as served, connected(served.url) as client:
        for _ in range(2):
            await client.send(b"GET /1.0/nothing HTTP/1.1\r\n" + _HOST + b"\r\n")
            assert (await client.answer())[2]["error"]["code"] == 81
        await client.send(b"GET /v1/streams HTTP/1.1\r\n" + _HOST + b"a b: c\r\n\r\n")
        assert (await client.answer())[1] == "application/problem+json"
        assert await client.closed()


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        (b"/v1/streams", _CHUNKED.replace(b"x-www-form-urlencoded", b"json"), "application/problem+json"),
        (b"/whip/cam", _CHUNKED.replace(b"x-www-form-urlencoded", b"sdp"), "application/problem+json"),
        (b"/1.0/check.json", _CHUNKED, "application/json"),
        (b"/1.0/check.json", _CHUNKED.replace(b"x-www-form-urlencoded", b"anything"), "application/json"),
    ],
)
async def test_a_body_that_breaks_while_it_is_read_is_answered_once(path: bytes, content: bytes, kind: str) -> None:
    async with serving() as served, connected(served.url) as client:
        await client.send(b"POST " + path + b" HTTP/1.1\r\n" + _HOST + content + b"\r\n5\r\nabc=d\r\n")
        await served.get("/healthz")
        await client.send(b"zz\r\n")
        status, answered, _ = await client.answer()
        assert (status, answered) == (400, kind)
        assert await client.closed()


async def test_a_whole_request_is_answered_before_what_follows_it_and_is_broken() -> None:
    async with serving() as served, connected(served.url) as client:
        body = b'{"url": "rtsp://camera.example/one"}'
        head = b"POST /v1/streams HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\n"
        await client.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await client.answer())[0] == 201
        await client.send(b"rubbish\r\n\r\n")
        assert (await client.answer())[0] == 400
        assert await client.closed()


@pytest.mark.parametrize(
    ("path", "kind"), [(b"/v1/streams", "application/problem+json"), (b"/1.0/check.json", "application/json")]
)
async def test_what_cannot_be_expected_is_told(path: bytes, kind: str) -> None:
    async with serving() as served, connected(served.url) as client:
        await client.send(b"POST " + path + b" HTTP/1.1\r\n" + _HOST + b"Expect: magic\r\nContent-Length: 0\r\n\r\n")
        status, answered, _ = await client.answer()
        assert (status, answered) == (417, kind)


async def test_what_fails_outside_of_the_handlers_is_logged_and_told_without_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails(_: web.Request) -> web.Response:
        raise RuntimeError("the secret of /usr/lib")

    app = web.Application()
    app.router.add_get("/{path:.*}", fails)
    runner = Runner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        for path, kind in ((b"/v1", "application/problem+json"), (b"/1.0/check.json", "application/json")):
            async with connected(f"http://{host}:{port}") as client:
                await client.send(b"GET " + path + b" HTTP/1.1\r\n" + _HOST + b"\r\n")
                status, answered, body = await client.answer()
                assert (status, answered) == (500, kind)
                assert "secret" not in str(body)
                assert await client.closed()
    finally:
        await runner.cleanup()
    assert caplog.text.count("RuntimeError: the secret") == 2
