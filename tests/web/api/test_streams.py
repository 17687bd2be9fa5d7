"""Streams over HTTP: adding, following, ending; with a real server and sources that the tests feed."""

import asyncio
from pathlib import Path

import pytest

from stream.errors import Overloaded
from tests.web.serving import Served, serving
from web import registry

OFFER = "v=0\r\n"


async def problem(
    served: Served,
    status: int,
    *,
    json: object = None,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
    fields: list[str] | None = None,
) -> str:
    """POST /v1/streams, which must be answered by this problem; returns its detail."""
    async with served.http.post("/v1/streams", json=json, data=data, headers=headers) as response:
        assert response.status == status, await response.text()
        assert response.content_type == "application/problem+json"
        body = await response.json()
    assert body["status"] == status
    assert [error["field"] for error in body.get("errors", [])] == (fields or [])
    return str(body["detail"])


async def test_a_stream_goes_from_connecting_to_live_to_ended_with_its_summary() -> None:
    async with serving() as served:
        added = await served.add(url="rtsp://user:secret@camera.example/hall", policy={"fps": 4, "window": 1})
        assert added["state"] == "connecting"
        assert added["name"] == "hall"
        assert added["url"] == "rtsp://***:***@camera.example/hall"
        assert added["policy"]["fps"] == 4.0
        assert added["prob"] is None
        assert added["media"].startswith("med_")
        path = f"/v1/streams/{added['id']}"
        source = await served.pool.source()
        assert source.options.fps == 4.0
        assert source.options.trusted is False
        source.live()
        source.sample(0.0, 0.8)
        source.sample(0.5, 0.8)
        live = await served.until(path, lambda stream: stream["samples"] == 2)
        assert live["state"] == "live"
        assert (live["codec"], live["width"], live["height"], live["fps"]) == ("h264", 1280, 720, 30.0)
        assert live["prob"] == pytest.approx(0.8, abs=0.01)
        assert live["position"] == 0.5
        async with served.http.delete(path) as response:
            assert response.status == 200
            summary = await response.json()
        assert set(summary) == {"status", "request", "gore", "media"}
        assert summary["request"]["operations"] == 2
        assert summary["media"] == {"id": added["media"], "uri": added["url"]}
        assert (await served.get(path))["state"] == "ended"
        assert source.released == [0, 1]
        assert source.closed


async def test_a_source_that_fails_leaves_a_state_with_its_code_and_disturbs_no_other() -> None:
    async with serving() as served:
        broken = await served.add(name="broken")
        other = await served.add(name="other")
        (await served.pool.source(0)).fail("not_found", "The server answered 404.")
        failed = await served.until(f"/v1/streams/{broken['id']}", lambda stream: stream["state"] == "failed")
        assert failed["error"] == {"code": "not_found", "message": "The server answered 404."}
        source = await served.pool.source(1)
        source.live()
        source.sample(0.0, 0.1)
        await served.until(f"/v1/streams/{other['id']}", lambda stream: stream["samples"] == 1)


async def test_deleting_a_stream_that_never_connected_answers_a_failure_summary_and_doing_it_again_the_same() -> None:
    async with serving() as served:
        added = await served.add()
        async with served.http.delete(f"/v1/streams/{added['id']}") as response:
            summary = await response.json()
        assert response.status == 200
        assert summary["status"] == "failure"
        assert set(summary) == {"status", "request", "error", "media"}
        assert summary["error"]["type"] == "media_error"
        assert summary["request"]["operations"] == 0
        async with served.http.delete(f"/v1/streams/{added['id']}") as response:
            assert await response.json() == summary


async def test_a_pool_without_room_fails_the_stream_and_says_so() -> None:
    async with serving() as served:
        served.pool.refuse = Overloaded("No worker process is up; the log says why.")
        added = await served.add()
        failed = await served.until(f"/v1/streams/{added['id']}", lambda stream: stream["state"] == "failed")
        assert failed["error"]["code"] == "overloaded"


async def test_two_streams_of_one_name_conflict_until_the_first_has_ended() -> None:
    async with serving() as served:
        first = await served.add(name="door")
        detail = await problem(served, 409, json={"url": "rtsp://camera.example/two", "name": "door"})
        assert "door" in detail
        async with served.http.delete(f"/v1/streams/{first['id']}"):
            pass
        again = await served.add(name="door")
        assert again["id"] > first["id"]
        assert [one["id"] for one in (await served.get("/v1/streams"))["streams"]] == [first["id"], again["id"]]


async def test_streams_without_a_name_get_one_from_their_address() -> None:
    async with serving() as served:
        names = [(await served.add(url=url))["name"] for url in ("rtsp://cam.example/a b".replace(" ", "%20"),) * 2]
        assert names == ["a-20b", "a-20b-2"]
        assert (await served.add(url="http://cam.example"))["name"] == "cam.example"


async def test_a_name_is_free_again_after_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(limits={"max_streams": 1}) as served:
        with monkeypatch.context() as broken:
            broken.setattr(registry, "Stream", lambda **_: 1 // 0)
            await problem(served, 500, json={"url": "rtsp://camera.example/1", "name": "door"})
            async with served.http.post("/whip/door", data=OFFER, headers={"Content-Type": "application/sdp"}) as told:
                assert told.status == 500
        assert [source.closed for source in served.pool.sources] == [True]
        await served.add(name="door")


async def test_more_streams_than_allowed_are_refused() -> None:
    async with serving(limits={"max_streams": 1}) as served:
        await served.add(name="one")
        assert "limits.max_streams" in await problem(served, 429, json={"url": "rtsp://camera.example/2"})


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["url"]),
        ({"url": 5}, ["url"]),
        ({"url": "gopher://x"}, ["url"]),
        ({"url": "http://[::1"}, ["url"]),
        ({"url": "not a url"}, ["url"]),
        ({"url": ""}, ["url"]),
        ({"url": "rtsp://x/", "nmae": "a"}, ["nmae"]),
        ({"url": "rtsp://x/", "name": "a/b"}, ["name"]),
        ({"url": "rtsp://x/", "policy": {"fpss": 1, "fsp": 2}}, ["policy.fpss", "policy.fsp"]),
        ({"url": "rtsp://x/", "policy": {"fps": 31}}, ["policy.fps"]),
        ({"url": "rtsp://x/", "policy": {"fps": True}}, ["policy.fps"]),
        ({"url": "rtsp://x/", "policy": {"fps": "2", "window": None}}, ["policy.fps", "policy.window"]),
        ({"url": "rtsp://x/", "policy": {"fps": float("nan")}}, ["policy.fps"]),
        ({"url": "rtsp://x/", "policy": {"event_interval": 1e-320}}, ["policy.event_interval"]),
        ({"url": "rtsp://x/", "policy": {"window": 10**400}}, ["policy.window"]),
        ({"url": "rtsp://x/", "policy": {"release": 0.9}}, ["policy.release"]),
        ({"url": "rtsp://x/", "policy": {"decode": "some"}}, ["policy.decode"]),
        ({"url": "rtsp://x/", "policy": {"callback_url": "ftp://x/"}}, ["policy.callback_url"]),
        ({"url": "rtsp://x/", "policy": {"callback_url": 1}}, ["policy.callback_url"]),
        ({"url": "rtsp://x/", "policy": []}, ["policy"]),
    ],
)
async def test_values_that_cannot_be_used_are_named(body: dict[str, object], fields: list[str]) -> None:
    async with serving() as served:
        await problem(served, 422, json=body, fields=fields)
        assert served.pool.addresses == []


async def test_bodies_that_are_no_json_and_too_large_ones() -> None:
    async with serving() as served:
        await problem(served, 400, data=b"{", headers={"Content-Type": "application/json"})
        await problem(served, 400, data=b"\xff", headers={"Content-Type": "application/json"})
        await problem(served, 415, data=b"{}", headers={"Content-Type": "text/plain"})
        await problem(served, 413, json={"url": "rtsp://x/" + "y" * 300_000})
        await problem(served, 422, json=[], fields=["(body)"])


async def test_a_body_that_is_not_encoded_as_it_says_is_the_senders_fault() -> None:
    async with serving() as served:
        host, port = served.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /v1/streams HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()
        await writer.wait_closed()


async def test_unknown_ids_paths_and_methods_are_problems_too() -> None:
    async with serving() as served:
        for method, path, status in [
            ("GET", "/v1/streams/str_0", 404),
            ("DELETE", "/v1/streams/str_0", 404),
            ("GET", "/v1/streams/str_0/summary", 404),
            ("GET", "/v1/streams/str_0/preview.jpg", 404),
            ("GET", "/v1/media/med_0/summary", 404),
            ("GET", "/v1/media/med_0/scores", 404),
            ("GET", "/v1/incidents/inc_0", 404),
            ("GET", "/v1/nothing", 404),
            ("GET", "/nothing", 404),
            ("GET", "/static/nothing.js", 404),
            ("GET", "/static/../settings.py", 404),
            ("GET", "/static/a%00b", 404),
            ("GET", "/static/" + 5000 * "a", 404),
            ("GET", "/static/%FF", 404),
            ("PUT", "/v1/streams", 405),
            ("GET", "/v1/events", 426),
        ]:
            async with served.http.request(method, path) as response:
                assert (response.status, response.content_type) == (status, "application/problem+json"), path
                if status == 405:
                    assert response.headers["Allow"] == "GET,HEAD,POST"


async def test_files_need_their_folder_once_there_is_a_key(tmp_path: Path) -> None:
    allowed, outside = tmp_path / "media", tmp_path / "private"
    allowed.mkdir()
    outside.mkdir()
    (allowed / "link.mp4").symlink_to(outside / "x.mp4")
    async with serving() as served:
        await served.add(url=f"file://{outside}/x.mp4")
    async with serving(keyed=True) as served:
        await problem(served, 403, json={"url": f"file://{allowed}/x.mp4"})
    async with serving(keyed=True, file_roots=str(allowed)) as served:
        await served.add(url=f"file://{allowed}/x.mp4")
        for path in (f"{outside}/x.mp4", f"{allowed}/../private/x.mp4", f"{allowed}/link.mp4"):
            await problem(served, 403, json={"url": f"file://{path}"})


async def test_many_streams_at_once_each_get_their_own_name_and_id() -> None:
    async with serving() as served:
        added = await asyncio.gather(*(served.add() for _ in range(20)))
        assert len({stream["id"] for stream in added}) == len({stream["name"] for stream in added}) == 20
