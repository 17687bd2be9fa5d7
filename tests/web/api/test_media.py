"""Summaries, scores over time and incidents over HTTP."""

import time
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from tests.web.serving import Served, serving
from web.wire import timestamp

POLICY = {"window": 0.001, "cooldown": 1.0}


async def watched(served: Served) -> dict[str, Any]:
    """A stream with one incident that ended, from 2 s to 4 s, and one that lasts, from 8 s on."""
    stream = await served.add(policy=POLICY)
    source = await served.pool.source()
    source.live()
    for tenth in range(100):
        position_s = tenth / 10
        bloody = 2.0 <= position_s <= 4.0 or position_s >= 8.0
        source.sample(position_s, (0.9 if tenth == 30 else 0.8) if bloody else 0.1)
    return await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == 100)


async def test_the_summary_so_far_and_its_detail() -> None:
    async with serving() as served:
        stream = await watched(served)
        plain = await served.get(f"/v1/streams/{stream['id']}/summary")
        assert set(plain) == {"status", "request", "gore", "media"}
        assert plain["gore"]["prob"] == pytest.approx(0.9, abs=0.01)
        by_media = await served.get(f"/v1/media/{stream['media']}/summary?detail=1")
        assert set(by_media) == {*plain, "incidents", "scores"}
        assert by_media["request"]["id"] == plain["request"]["id"]
        assert [incident["start"] for incident in by_media["incidents"]] == [2.0, 8.0]
        assert len(by_media["scores"]) == 100
        assert by_media["scores"][30] == {"position": 3.0, "prob": 0.902, "raw": 0.902}


async def test_detail_and_scores_outlive_the_stream() -> None:
    async with serving() as served:
        stream = await watched(served)
        before = await served.get(f"/v1/media/{stream['media']}/summary?detail=1")
        async with served.http.delete(f"/v1/streams/{stream['id']}"):
            pass
        after = await served.get(f"/v1/media/{stream['media']}/summary?detail=1")
        assert after["scores"] == before["scores"]
        assert after["incidents"][0] == before["incidents"][0]
        assert after["incidents"][1]["end"] is not None


async def test_scores_are_cut_to_a_range_and_thinned_out_with_their_peak() -> None:
    async with serving() as served:
        stream = await watched(served)
        path = f"/v1/media/{stream['media']}/scores"
        part = await served.get(f"{path}?from=2.5&to=3.5")
        assert part["media"] == stream["media"]
        assert [point["position"] for point in part["scores"]] == [round(2.5 + step / 10, 1) for step in range(11)]
        thin = (await served.get(f"{path}?max_points=10"))["scores"]
        assert len(thin) <= 10
        assert max(thin, key=lambda point: float(point["prob"]))["position"] == 3.0
        for query in ("from=x", "to=nan", "max_points=1", "max_points=2.5"):
            async with served.http.get(f"{path}?{query}") as response:
                assert response.status == 422
                assert (await response.json())["errors"][0]["field"] == query.partition("=")[0]


async def test_incidents_come_newest_first_and_can_be_filtered() -> None:
    async with serving() as served:
        stream = await watched(served)
        found = (await served.get("/v1/incidents"))["incidents"]
        assert [(incident["start"], incident["state"]) for incident in found] == [(8.0, "open"), (2.0, "ended")]
        assert found[1]["peak_position"] == 3.0
        assert {incident["stream"] for incident in found} == {stream["id"]}
        assert (await served.get("/v1/incidents?state=ended"))["incidents"] == found[1:]
        assert (await served.get("/v1/incidents?limit=1"))["incidents"] == found[:1]
        assert (await served.get("/v1/incidents?stream=str_0"))["incidents"] == []
        assert await served.get(f"/v1/incidents/{found[1]['id']}") == found[1]
        for query in ("state=over", "limit=0", "since=1&limit=0"):
            async with served.http.get(f"/v1/incidents?{query}") as response:
                assert response.status == 422


async def test_incidents_since_a_moment_are_those_that_began_then_or_later() -> None:
    async with serving() as served:
        before = time.time()
        stream = await watched(served)
        after = time.time() + 0.001
        path = f"/v1/incidents?stream={stream['id']}&since="
        for early in (before - 0.001, 0, "2020-01-01T00:00:00Z", quote(timestamp(before)), "0001-01-01T00:00:00Z"):
            assert len((await served.get(f"{path}{early}"))["incidents"]) == 2
        in_an_hour = datetime.fromtimestamp(after, tz=timezone(timedelta(hours=2))).isoformat()
        for late in (f"{after:.3f}", quote(in_an_hour), "9999-12-31T23:59:59Z", 999_999_999_999):
            assert (await served.get(f"{path}{late}"))["incidents"] == []


@pytest.mark.parametrize("since", ["zzz", "", "-1", "nan", "inf", "1e400", "2026-11-22", "2026-11-22T17:40:03", "1_0"])
async def test_a_moment_that_is_none_is_refused(since: str) -> None:
    async with serving() as served, served.http.get(f"/v1/incidents?since={since}") as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
        assert (await response.json())["errors"][0]["field"] == "since"
