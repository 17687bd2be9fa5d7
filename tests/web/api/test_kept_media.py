"""Media over HTTP that are not in memory any more: from the store, as they were told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from tests.web.whatif.past import START_S, Camera, an_id, ended, watched
from web.api import series
from web.recording.series import read_series
from web.recording.thinning import Series
from web.store import media as rows
from web.store.kept import MediaFacts
from web.store.store import Store
from web.wire import timestamp


async def status(served: Served, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    async with served.http.get(path, headers=headers) as response:
        return response.status, await response.json()


async def test_after_a_restart_summary_and_scores_are_as_before(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        stream = await watched(served)
        await ended(served, stream)
        path = f"/v1/media/{stream['media']}"
        plain = await served.get(f"{path}/summary")
        detail = await served.get(f"{path}/summary?detail=1")
        scores = await served.get(f"{path}/scores?max_points=2000&from=10&to=600")
    async with serving(home=tmp_path) as served:
        assert (await served.get("/v1/streams"))["streams"] == []
        assert await served.get(f"{path}/summary") == plain
        assert await served.get(f"{path}/summary?detail=1") == detail
        assert await served.get(f"{path}/scores?max_points=2000&from=10&to=600") == scores
        few = (await served.get(f"{path}/scores?max_points=10"))["scores"]
        assert len(few) <= 10
        assert max(point["prob"] for point in few) == plain["gore"]["prob"]
        assert await served.get(f"/v1/streams/{stream['id']}/summary") == plain
        assert await served.get(f"/v1/streams/{stream['id']}/summary?detail=1") == detail


async def test_media_that_failed_are_told_as_they_were(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        stream = await served.add()
        source = await served.pool.source()
        source.fail()
        path = f"/v1/media/{stream['media']}/summary"
        await served.until("/v1/media", lambda answer: any(one["finished"] for one in answer["media"]))
        before = await served.get(path)
    async with serving(home=tmp_path) as served:
        assert await served.get(path) == before
        listed = (await served.get("/v1/media"))["media"][0]
        assert (listed["prob"], listed["operations"]) == (None, 0)
        assert listed["error"] == {"code": "connection_lost", "message": "It broke."}


async def test_media_come_newest_first_in_pages_that_can_be_picked() -> None:
    async with serving() as served:
        camera, other = Camera(served.store), Camera(served.store, stream=9)
        ids = [await camera.media(at, [0.25] * 3, unix_s=START_S + at) for at in range(5)]
        ids.append(await other.media(9, [], unix_s=START_S + 9))
        found: list[str] = []
        page = await served.get("/v1/media?limit=4")
        found += [one["id"] for one in page["media"]]
        assert page["next"] == found[-1]
        rest = await served.get(f"/v1/media?limit=4&cursor={page['next']}")
        assert rest["next"] is None
        assert found + [one["id"] for one in rest["media"]] == ids[::-1]
        assert rest["media"][-1] == {
            "id": ids[0],
            "stream": camera.stream_id,
            "name": "door",
            "uri": "rtsp://camera.example/door",
            "started": timestamp(START_S),
            "finished": timestamp(START_S + 60),
            "prob": 0.25,
            "operations": 3,
            "error": None,
        }

        async def picked(query: str) -> list[str]:
            return [one["id"] for one in (await served.get(f"/v1/media?{query}"))["media"]]

        assert await served.get(f"/v1/media/{ids[0]}") == rest["media"][-1]
        assert await picked(f"stream={other.stream_id}") == [ids[5]]
        assert await picked("stream=str_0") == []
        assert await picked(f"since={START_S + 3:.0f}&until={START_S + 5:.0f}") == [ids[4], ids[3]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("limit=0", 422), ("limit=1001", 422), ("cursor=med_0", 422), ("since=soon", 400), ("until=", 400)],
)
async def test_a_page_that_is_none_is_refused(query: str, expected: int) -> None:
    async with serving() as served:
        code, answer = await status(served, f"/v1/media?{query}")
        assert (code, answer["errors"][0]["field"]) == (expected, query.partition("=")[0])


async def test_media_that_run_have_what_is_known_so_far() -> None:
    async with serving() as served:
        stream = await watched(served)
        found = await served.until("/v1/media", lambda answer: len(answer["media"]) == 1)
        running = found["media"][0]
        assert (running["id"], running["finished"], running["operations"]) == (stream["media"], None, 600)
        assert await served.get(f"/v1/media/{stream['media']}") == running
        assert running["prob"] == (await served.get(f"/v1/media/{stream['media']}/summary"))["gore"]["prob"]


async def test_a_media_without_a_frame_is_told_of_by_its_id() -> None:
    async with serving() as served:
        stream = await served.add(name="lobby")
        path = f"/v1/media/{stream['media']}"
        before = await served.get(path)
        assert (before["stream"], before["name"], before["finished"]) == (stream["id"], "lobby", None)
        assert (before["prob"], before["operations"]) == (None, 0)
        (await served.pool.source()).fail("not_found", "The server answered 404.")
        ended = await served.until(path, lambda answer: answer["finished"] is not None)
        assert ended["error"] == {"code": "not_found", "message": "The server answered 404."}


async def test_media_whose_end_nobody_saw_have_the_summary_of_their_scores() -> None:
    async with serving() as served:
        camera = Camera(served.store)
        media_id = await camera.media(1, [0.25, 0.5, 0.125])
        no_text = await served.get(f"/v1/media/{media_id}/summary")
        assert (no_text["gore"]["prob"], no_text["request"]["operations"]) == (0.5, 3)
        facts = (await _facts(served, media_id)).ref
        assert no_text["media"] == {"id": facts.media_id, "uri": facts.uri}
        told = json.dumps(no_text | {"gore": {"prob": 0.75}})
        other = await camera.media(2, [0.25], summary=told)
        assert (await served.get(f"/v1/media/{other}/summary"))["gore"]["prob"] == 0.75


async def _facts(served: Served, media_id: str) -> MediaFacts:
    async with served.store.reading() as tx:
        kept = await rows.find(tx, media_id)
    assert kept is not None
    return kept.facts


async def test_what_is_not_there_or_another_keys_is_unknown() -> None:
    async with serving(keyed=True) as served:
        owner = served.http.headers["Authorization"].removeprefix("Bearer ").partition(":")[0]
        camera = Camera(served.store, owner=owner)
        media_id = await camera.media(1, [0.25])
        other = bearer(await new_key(served.store))
        await served.look_again()
        paths = {
            f"/v1/media/{media_id}": "media_unknown",
            f"/v1/media/{media_id}/summary": "media_unknown",
            f"/v1/media/{media_id}/scores": "media_unknown",
            f"/v1/streams/{camera.stream_id}/summary": "stream_unknown",
        }
        for path, code in paths.items():
            assert (await status(served, path))[0] == 200
            refused, answer = await status(served, path, **other)
            assert (refused, answer["code"]) == (404, code)
        assert (await status(served, "/v1/media", **other))[1]["media"] == []
        for name in ("med_0", an_id("med", 77), "%00"):
            assert (await status(served, f"/v1/media/{name}/summary"))[0] == 404
        for name in ("str_0", an_id("str", 77)):
            assert (await status(served, f"/v1/streams/{name}/summary"))[0] == 404


async def test_scores_are_read_for_a_few_at_a_time_and_who_is_one_too_many_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, most, gate = 0, 0, asyncio.Event()

    async def gated(store: Store, media_id: str, **asked: Any) -> Series:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        try:
            await gate.wait()
            return await read_series(store, media_id, **asked)
        finally:
            reading -= 1

    monkeypatch.setattr(series, "read_series", gated)
    monkeypatch.setattr(series, "_WAIT_S", WITHIN_S)
    monkeypatch.setattr(series, "_WAITING", 6)
    async with serving() as served:
        media_id = await Camera(served.store).media(1, [0.25] * 3)
        paths = [f"/v1/media/{media_id}/scores", f"/v1/media/{media_id}/summary?detail=1"]
        asking = [asyncio.create_task(status(served, paths[number % 2])) for number in range(9)]
        refused, asked = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=WITHIN_S)
        assert [(one.result()[0], one.result()[1]["code"]) for one in refused] == [(503, "overloaded")]
        assert len((await served.get("/v1/media"))["media"]) == 1
        gate.set()
        answers = await asyncio.gather(*asked)
        assert [(code, len(answer["scores"])) for code, answer in answers] == [(200, 3)] * 8
        assert most == 2
        await served.get(paths[0])


async def test_who_is_refused_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_RUNNING", 0)
    monkeypatch.setattr(series, "_WAITING", 0)
    async with serving() as served:
        media_id = await Camera(served.store).media(1, [0.25] * 3)
        async with served.http.get(f"/v1/media/{media_id}/scores") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "2")
