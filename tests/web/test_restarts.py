"""A service that is started again goes on with the live streams of the one before."""

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from inference.policy import Policy
from stream.address import parse
from tests.until import until
from tests.web.api.test_whip import OFFER, SDP
from tests.web.fakes import INFO
from tests.web.recording.test_standing import failing
from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from web.delivery.cloudevents import format_id
from web.store import keys
from web.store import standing as rows

HLS = "https://cdn.example/live.m3u8"


def copied(home: Path) -> Path:
    """What a service that is killed now would leave."""
    there = home.with_name(home.name + "-killed")
    there.mkdir()
    with (
        contextlib.closing(sqlite3.connect(home / "gorewatch.db")) as source,
        contextlib.closing(sqlite3.connect(there / "gorewatch.db")) as copy,
    ):
        source.backup(copy)
    return there


async def names(served: Served) -> list[str]:
    return [stream["name"] for stream in (await served.get("/v1/streams"))["streams"]]


async def standing(served: Served) -> list[str]:
    """The names of those that a next service would take up."""
    async with served.store.reading() as tx:
        return [one.name for one in await rows.listed(tx)]


async def standing_is(served: Served, wanted: list[str]) -> bool:
    return await standing(served) == wanted


async def events_since(served: Served, since: int, last: tuple[str, str]) -> list[tuple[str, str]]:
    """Types and media of the events that a subscriber who comes back gets, scores apart, up to this one."""
    got: list[tuple[str, str]] = []
    async with served.http.ws_connect(f"/v1/events?since={format_id(since)}") as socket, asyncio.timeout(WITHIN_S):
        while last not in got:
            event = await socket.receive_json()
            if event["type"] not in ("ready", "gore.prob"):
                got.append((event["type"], event["subject"]))
    return got


@pytest.mark.parametrize("killed", [False, True])
async def test_a_live_stream_goes_on_under_its_id_as_a_new_media(tmp_path: Path, killed: bool) -> None:
    home = tmp_path / "home"
    home.mkdir()
    address = "rtsp://user:secret@camera.example/one"
    async with serving(home=home, resume=True) as served:
        first = await served.add(url=address, name="door", policy={"fps": 3.0, "window": 0.5})
        since = served.hub.last
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.9)
        path = f"/v1/streams/{first['id']}"
        await served.until("/v1/incidents?state=open", lambda answer: len(answer["incidents"]) == 1)
        # What is told of an incident may be on its way to the store.
        await until(lambda: served.hub.unkept == 0)
        later = copied(home) if killed else home
    async with serving(home=later, resume=True) as served:
        again = await served.get(path)
        assert again["media"] != first["media"]
        alike = ("id", "name", "url", "policy", "started")
        assert {key: again[key] for key in alike} == {key: first[key] for key in alike}
        source = await served.pool.source()
        assert served.pool.addresses == [parse(address)]
        assert source.options.fps == 3.0
        source.live()
        source.sample(0.0, 0.1)
        await served.until(path, lambda answer: answer["samples"] == 1)
        closing = "media.failed" if killed else "media.finished"
        assert await events_since(served, since, ("media.started", again["media"])) == [
            ("media.started", first["media"]),
            ("gore.incident", first["media"]),
            ("gore.incident", first["media"]),
            (closing, first["media"]),
            ("media.started", again["media"]),
        ]
        listed = (await served.get(f"/v1/media?stream={first['id']}"))["media"]
        assert [(one["id"], one["finished"] is None) for one in listed] == [
            (again["media"], True),
            (first["media"], False),
        ]
        for media in (first["media"], again["media"]):
            assert (await served.get(f"/v1/media/{media}/summary"))["media"]["id"] == media
        assert (await served.get(f"{path}/summary"))["media"]["id"] == again["media"]
        found = (await served.get(f"/v1/incidents?stream={first['id']}"))["incidents"]
        assert [one["media"] for one in found] == [first["media"]]
    async with serving(home=later) as served:
        assert (await served.get(f"{path}/summary"))["media"]["id"] == again["media"]


async def test_of_http_what_is_live_is_taken_up_and_nothing_that_is_stored(tmp_path: Path) -> None:
    async with serving(home=tmp_path, resume=True) as served:
        for place, name in enumerate(("live", "stored", "unopened")):
            await served.add(url=HLS, name=name)
            source = await served.pool.source(place)
            if name != "unopened":
                source.live(replace(INFO, live=name == "live"))
        await served.until("/v1/streams", lambda answer: [one["state"] for one in answer["streams"]].count("live") == 2)
    async with serving(home=tmp_path, resume=True) as served:
        assert await names(served) == ["live"]
        # By now its playlist has an end.
        (await served.pool.source()).live(replace(INFO, live=False))
        await until(lambda: standing_is(served, []))
    async with serving(home=tmp_path, resume=True) as served:
        assert await names(served) == []


async def test_what_is_over_or_is_no_stream_of_the_interface_is_not_taken_up(tmp_path: Path) -> None:
    async with serving(home=tmp_path, resume=True) as served:
        for place, name in enumerate(("ended", "failed", "deleted", "kept")):
            stream = await served.add(name=name, policy={"reconnect_for": 0.0})
            source = await served.pool.source(place)
            source.live()
            match name:
                case "ended":
                    source.end()
                case "failed":
                    source.fail()
                case "deleted":
                    async with served.http.delete(f"/v1/streams/{stream['id']}") as response:
                        assert response.status == 200
        async with served.http.post("/whip/stage", data=OFFER, headers=SDP) as response:
            assert response.status == 201
        served.registry.add(parse("rtsp://camera.example/"), name="operators", policy=Policy(), trusted=True)
        await until(lambda: standing_is(served, ["kept"]))
    async with serving(home=tmp_path, resume=True) as served:
        assert await names(served) == ["kept"]


async def test_what_is_ended_by_its_owner_while_the_service_stops_is_not_taken_up(tmp_path: Path) -> None:
    async with serving(home=tmp_path, resume=True) as served:
        stream = await served.add()
        await served.registry.aclose()
        assert await standing(served) == [stream["name"]]
        async with served.http.delete(f"/v1/streams/{stream['id']}") as response:
            assert response.status == 200
        assert await standing(served) == []


async def test_a_stream_belongs_to_its_key_afterwards_and_goes_when_that_is_revoked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(home=tmp_path, resume=True) as served:
        mine, gone = await new_key(served.store), await new_key(served.store)
        await served.access.refresh()
        for key, name in ((mine, "mine"), (gone, "gone")):
            body = {"url": "rtsp://camera.example/", "name": name}
            async with served.http.post("/v1/streams", json=body, headers=bearer(key)) as response:
                assert response.status == 201
        other = await new_key(served.store)
    async with serving(home=tmp_path, resume=True) as served:
        assert [stream.name for stream in served.registry] == ["mine", "gone"]
        async with served.store.writing() as tx:
            await keys.revoke(tx, gone.partition(":")[0], at_s=1.0)
        await served.look_again()
    async with serving(home=tmp_path, resume=True) as served:
        for key, seen in ((mine, ["mine"]), (other, [])):
            async with served.http.get("/v1/streams", headers=bearer(key)) as response:
                assert [stream["name"] for stream in (await response.json())["streams"]] == seen
        assert await standing(served) == ["mine"]


async def test_a_store_that_fails_while_a_stream_is_added_has_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(home=tmp_path, resume=True) as served:
        mend = failing(monkeypatch, served.store)
        await served.add(name="door")
        (await served.pool.source()).live()
        await served.until("/v1/streams", lambda answer: answer["streams"][0]["state"] == "live")
        assert await standing(served) == []
        mend()
        await until(lambda: standing_is(served, ["door"]))
    async with serving(home=tmp_path, resume=True) as served:
        assert await names(served) == ["door"]


async def test_without_the_setting_none_is_taken_up_and_those_that_stand_stay(tmp_path: Path) -> None:
    async with serving(home=tmp_path, resume=True) as served:
        await served.add(name="door")
    async with serving(home=tmp_path, resume=False) as served:
        assert await names(served) == []
        await served.add(name="yard")
        assert await standing(served) == ["door"]
    async with serving(home=tmp_path, resume=True) as served:
        assert await names(served) == ["door"]
