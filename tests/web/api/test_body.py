"""Bodies under `/v1` and `/whip` that do not come."""

import asyncio
import json

import pytest

from tests.web.serving import WITHIN_S, serving
from web.api import body


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/v1/streams", "application/json"), ("/v1/tokens", "application/json"), ("/whip/cam", "application/sdp")],
)
async def test_a_body_that_does_not_come_whole_in_time_is_given_up(
    path: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "_TIMEOUT_S", 0.05)
    async with serving() as served:
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: 9\r\n\r\nv=0".encode()
        )
        async with asyncio.timeout(WITHIN_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(line for line in head.split("\r\n") if line.startswith("Content-Length"))
            answer = json.loads(await reader.readexactly(int(length.split()[1])))
        assert head.split()[1] == "408"
        assert "Content-Type: application/problem+json" in head
        assert answer["code"] == "body_too_slow"
        # The rest, for which the connection would be held for a while.
        writer.write(b"123456")
        writer.close()
        await writer.wait_closed()
