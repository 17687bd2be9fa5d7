"""Who is let in: keys and scopes, the loopback rule, Host and Origin."""

import asyncio

import pytest

from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving, settings_of
from web.access.scopes import Scope
from web.api.auth import host_allowed, is_loopback
from web.app import NamedSource, add_sources
from web.store import keys


async def status(served: Served, path: str, *, method: str = "GET", **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with served.http.request(method, path, headers=names) as response:
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
        return response.status


async def test_with_a_key_everything_but_page_and_probes_asks_for_credentials() -> None:
    async with serving(keyed=True) as served:
        good = await new_key(served.store)
        user, secret = good.split(":")
        words = ["wrong", f"{good}x", good[:-1], user, f":{secret}", f"{user}:", f"1{user}:{secret}", "ü:ü", ":", ""]
        wrong = ["", "Bearer", f"Basic {good}", good, *(f"Bearer {word}" for word in words)]
        for header in wrong:
            assert await status(served, "/v1/streams", Authorization=header) == 401, header
        for path in ("/v1/events", "/v1/incidents", "/nowhere"):
            assert await status(served, path, Authorization="") == 401
        assert await status(served, "/whip/cam", method="POST", Authorization="") == 401
        assert await status(served, "/v1/tokens", method="POST", Authorization="") == 401
        assert await status(served, f"/v1/streams?token={good}", Authorization="") == 401
        assert await status(served, "/v1/streams", Authorization=f"bearer {good}") == 200
        for path in ("/healthz", "/readyz", "/", "/metrics"):
            assert await status(served, path, Authorization="") == 200


async def test_a_refusal_says_how_to_do_it() -> None:
    async with serving(keyed=True) as served, served.http.get("/v1/streams", headers=bearer("1:secret")) as response:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        body = await response.json()
        assert (body["title"], body["code"]) == ("Unauthorized", "token_invalid")
        assert "secret" not in str(body)


async def test_without_a_key_any_credentials_are_accepted_here_until_there_is_one() -> None:
    async with serving() as served:
        assert await status(served, "/v1/streams", Authorization="Bearer whatever") == 200
        assert await status(served, "/v1/streams") == 200
        made = await served.add()
        good = await new_key(served.store)
        async with asyncio.timeout(WITHIN_S):
            while await status(served, "/v1/streams") != 401:
                await served.look_again()
        async with served.http.get("/v1/streams", headers=bearer(good)) as response:
            assert [stream["id"] for stream in (await response.json())["streams"]] == [made["id"]]


async def test_each_path_asks_for_its_scope_and_admin_is_for_all() -> None:
    paths = {
        Scope.STREAMS: [("GET", "/v1/streams"), ("GET", "/v1/media/x/summary"), ("GET", "/v1/incidents")],
        Scope.PUBLISH: [("POST", "/whip/cam"), ("DELETE", "/whip/cam/x")],
        Scope.EVENTS: [("GET", "/v1/events")],
    }
    async with serving(keyed=True) as served:
        for scope in Scope:
            headers = bearer(await new_key(served.store, scope))
            for needed, asked in paths.items():
                for method, path in asked:
                    async with served.http.request(method, path, headers=headers) as response:
                        refused = response.status == 403
                        assert refused is (scope not in (needed, Scope.ADMIN)), (scope, path, response.status)
                        if refused:
                            assert (await response.json())["code"] == "scope_missing"


async def test_a_revoked_key_is_refused_at_once_it_is_seen_and_the_last_one_opens_nothing() -> None:
    async with serving(keyed=True) as served:
        assert await status(served, "/v1/streams") == 200
        async with served.store.writing() as tx:
            (key,) = await keys.listed(tx)
            await keys.revoke(tx, key.id, at_s=1.0)
        async with asyncio.timeout(WITHIN_S):
            while await status(served, "/v1/streams") != 401:
                await served.look_again()
        assert await status(served, "/v1/streams", Authorization="") == 401


async def test_too_many_requests_of_a_key_are_told_when_to_come_again() -> None:
    async with serving(keyed=True) as served:
        slow = bearer(await new_key(served.store, rate=0.01))
        statuses = [await status(served, "/v1/streams", **slow) for _ in range(3)]
        assert statuses == [200, 429, 429]
        async with served.http.get("/v1/streams", headers=slow) as response:
            assert 1 <= int(response.headers["Retry-After"]) <= 100
            assert (await response.json())["code"] == "rate_exceeded"
        assert [await status(served, "/v1/streams") for _ in range(5)] == [200] * 5


async def test_what_one_key_made_is_unknown_to_another() -> None:
    async with serving(keyed=True) as served:
        mine = await served.add(name="cam")
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.9)
        (incident,) = (await served.until("/v1/incidents", lambda answer: bool(answer["incidents"])))["incidents"]
        other = bearer(await new_key(served.store))
        for kind, known in (("streams", mine["id"]), ("media", mine["media"]), ("incidents", incident["id"])):
            for rest in ("", "/summary", "/scores", "/preview.jpg"):
                told = []
                for one in (known, known[:-2] + "00"):
                    async with served.http.get(f"/v1/{kind}/{one}{rest}", headers=other) as response:
                        told.append((response.status, await response.text()))
                assert told[0] == told[1]
                assert told[0][0] == 404
        async with served.http.delete(f"/v1/streams/{mine['id']}", headers=other) as response:
            assert response.status == 404
        for path in ("streams", "incidents"):
            async with served.http.get(f"/v1/{path}", headers=other) as response:
                assert (await response.json())[path] == []
        body = {"url": "rtsp://camera.example/one", "name": "cam"}
        async with served.http.post("/v1/streams", json=body, headers=other) as response:
            assert response.status == 201
        admin = bearer(await new_key(served.store, Scope.ADMIN))
        async with served.http.get("/v1/streams", headers=admin) as response:
            assert [stream["name"] for stream in (await response.json())["streams"]] == ["cam", "cam"]
        async with served.http.delete(f"/v1/streams/{mine['id']}", headers=admin) as response:
            assert response.status == 200


async def test_what_the_operator_named_is_everybodys() -> None:
    async with serving(keyed=True) as served:
        add_sources(served.registry, [NamedSource(name="door", url="rtsp://camera.example/")], settings_of())
        for credentials in (await new_key(served.store), await new_key(served.store, Scope.STREAMS)):
            async with served.http.get("/v1/streams", headers=bearer(credentials)) as response:
                assert [stream["name"] for stream in (await response.json())["streams"]] == ["door"]


@pytest.mark.parametrize("keyed", [False, True])
async def test_foreign_hosts_and_origins_are_refused_with_and_without_a_key(keyed: bool) -> None:
    async with serving(keyed=keyed, public_hosts="watch.example", allowed_origins="https://desk.example") as served:
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
    async with serving(keyed=True, allowed_origins="https://desk.example") as served:
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


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize(
    "line", [b"Authorization: Bearer \xff", b"Origin: http://\xff", b"Host: \xff", b"Content-Type: \xff", b"\xff: x"]
)
async def test_bytes_that_are_no_text_are_the_clients_fault(keyed: bool, line: bytes) -> None:
    async with serving(keyed=keyed) as served:
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
