"""Summaries and scores over time over HTTP."""

from typing import Any

import pytest

from tests.web.serving import Served, serving

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
