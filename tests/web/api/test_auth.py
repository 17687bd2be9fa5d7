"""Who is let in: the token, the loopback rule, Host and Origin."""

import asyncio

import pytest

from tests.web.serving import Served, serving
from web.api.auth import host_allowed, is_loopback

TOKEN = "a-long-enough-token"


async def status(served: Served, path: str, *, method: str = "GET", **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with served.http.request(method, path, headers=names) as response:
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
        return response.status


async def test_with_a_token_everything_but_page_and_probes_asks_for_it() -> None:
    async with serving(TOKEN) as served:
        for path in ("/v1/streams", "/v1/events", "/v1/incidents"):
            for wrong in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"):
                assert await status(served, path, Authorization=wrong) == 401
        assert await status(served, "/whip/cam", method="POST", Authorization="") == 401
        assert await status(served, "/v1/streams?token=" + TOKEN, Authorization="") == 401
        assert await status(served, "/v1/streams") == 200
        assert await status(served, "/v1/streams", Authorization=f"bearer {TOKEN}") == 200
        for path in ("/healthz", "/readyz", "/", "/metrics"):
            assert await status(served, path, Authorization="") == 200


async def test_a_refusal_says_how_to_do_it() -> None:
    async with serving(TOKEN) as served, served.http.get("/v1/streams", headers={"Authorization": ""}) as response:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        body = await response.json()
        assert (body["title"], body["code"]) == ("Unauthorized", "token_invalid")
        assert TOKEN not in str(body)


async def test_without_a_token_any_credentials_are_accepted_here() -> None:
    async with serving() as served:
        assert await status(served, "/v1/streams", Authorization="Bearer whatever") == 200
        assert await status(served, "/v1/streams") == 200


@pytest.mark.parametrize("token", [None, TOKEN])
async def test_foreign_hosts_and_origins_are_refused_with_and_without_a_token(token: str | None) -> None:
    async with serving(token, public_hosts="watch.example", allowed_origins="https://desk.example") as served:
        port = served.url.rpartition(":")[2]
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "["):
            assert await status(served, "/v1/streams", Host=host) in (400, 403)
            assert await status(served, "/healthz", Host="pod-3") == 200
        for host in ("127.0.0.1", f"localhost:{port}", "[::1]:80", "watch.example", "WATCH.example:443"):
            assert await status(served, "/v1/streams", Host=host) == 200
        own = f"http://127.0.0.1:{port}"
        for origin in ("https://evil.example", "null", "http://127.0.0.1", f"http://127.0.0.1:{port}0", "file://"):
            assert await status(served, "/v1/streams", Origin=origin) == 403
        for origin in (own, "https://desk.example"):
            assert await status(served, "/v1/streams", Origin=origin) == 200
        assert await status(served, "/v1/streams", Origin="https://watch.example", Host="watch.example") == 200


async def test_a_configured_origin_gets_what_browsers_ask_for_across_sites() -> None:
    async with serving(TOKEN, allowed_origins="https://desk.example") as served:
        ask = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST", "Authorization": ""}
        async with served.http.options("/whip/cam", headers=ask) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == "https://desk.example"
            assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
        async with served.http.get("/v1/streams", headers={"Origin": "https://desk.example"}) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "https://desk.example"
            assert "Location" in response.headers["Access-Control-Expose-Headers"]
        async with served.http.get("/v1/streams") as response:
            assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "line", [b"Authorization: Bearer \xff", b"Origin: http://\xff", b"Host: \xff", b"Content-Type: \xff", b"\xff: x"]
)
async def test_bytes_that_are_no_text_are_the_clients_fault(token: str | None, line: bytes) -> None:
    async with serving(token) as served:
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = b"" if line.startswith(b"Host") else f"Host: {host}\r\n".encode()
        writer.write(b"GET /v1/events HTTP/1.1\r\n" + head + line + b"\r\nConnection: close\r\n\r\n")
        answered = int((await reader.readline()).split()[1])
        assert answered in (400, 401, 403, 426)
        writer.close()
        await writer.wait_closed()


def test_what_counts_as_loopback() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "::ffff:10.0.0.1"]))


def test_hosts_with_and_without_ports() -> None:
    names = ["watch.example"]
    assert all(host_allowed(host, names) for host in ["10.0.0.1:8080", "[fe80::1]", "localhost", "watch.example:1"])
    assert not any(host_allowed(host, names) for host in ["", ":80", "x.watch.example", "a@b:c", "watch.example."])
