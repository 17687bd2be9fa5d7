"""What if, over HTTP: the media that a service watched, and those of a time, by other policies."""

from pathlib import Path
from typing import Any

import pytest

from tests.web.serving import Served, bearer, new_key, serving
from tests.web.whatif.past import START_S, Camera, ended, watched
from web.store.kept import Verdict

QUIET, LOUD, HALF = [0.1] * 40, [0.9] * 20, [0.55] * 20
POLICIES = [{"threshold": 0.5}, {"threshold": 0.7, "release": 0.5}]


async def asked(
    served: Served, path: str, body: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    async with served.http.post(path, json=body, headers=headers) as response:
        assert response.status == status, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


def without_ids(incidents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in incident.items() if name != "id"} for incident in incidents]


@pytest.mark.parametrize("policy", [{}, {"window": 2.0, "threshold": 0.6, "release": 0.45, "cooldown": 4.0}])
async def test_the_own_policy_gives_the_incidents_that_were_raised(policy: dict[str, object]) -> None:
    async with serving() as served:
        stream = await watched(served, policy=policy)
        await ended(served, stream)
        raised = await served.get(f"/v1/media/{stream['media']}/summary?detail=1")
        found = await asked(served, f"/v1/media/{stream['media']}/replay", {"policy": {}})
        assert found["incidents"] == without_ids(raised["incidents"])
        assert found["incident_count"] == len(raised["incidents"]) > 5
        assert found["exact"] is True
        assert found["policy"] == stream["policy"]
        assert found["summary"]["gore"] == raised["gore"]
        assert found["summary"]["media"] == raised["media"]
        assert found["summary"]["request"]["operations"] == 600
        total = sum(incident["end"] - incident["start"] for incident in raised["incidents"])
        assert found["flagged_seconds"] == pytest.approx(total)


async def test_a_media_that_runs_is_judged_up_to_its_last_sample() -> None:
    async with serving() as served:
        stream = await watched(served)
        found = await asked(served, f"/v1/media/{stream['media']}/replay", {"policy": {"threshold": 0.9}})
        assert found["exact"] is True
        assert found["summary"]["request"]["operations"] == 600


async def test_a_lower_threshold_gives_more_and_what_changes_nothing_is_told() -> None:
    async with serving() as served:
        stream = await watched(served)
        path = f"/v1/media/{stream['media']}/replay"
        low = await asked(served, path, {"policy": {"threshold": 0.3, "release": 0.2, "fps": 9.0, "keep": "none"}})
        high = await asked(served, path, {"policy": {"threshold": 0.95}})
        assert low["flagged_seconds"] > high["flagged_seconds"]
        assert low["ignored"] == ["fps", "keep"]
        assert (low["policy"]["threshold"], low["policy"]["fps"]) == (0.3, 9.0)
        assert high["ignored"] == []


async def test_after_a_restart_it_is_the_same(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        stream = await watched(served)
        path = f"/v1/media/{stream['media']}/replay"
        before = await asked(served, path, {"policy": {"threshold": 0.6}})
    async with serving(home=tmp_path) as served:
        after = await asked(served, path, {"policy": {"threshold": 0.6}})
    assert after["incidents"] == before["incidents"]
    assert after["exact"] is True


@pytest.mark.parametrize("how", [{"step_s": 10.0}, {"operations": 81}], ids=["thinned", "missing"])
async def test_it_says_when_it_cannot_be_exact(how: dict[str, Any]) -> None:
    async with serving() as served:
        media_id = await Camera(served.store).media(1, QUIET + LOUD + QUIET[:20], **how)
        found = await asked(served, f"/v1/media/{media_id}/replay", {"policy": {}})
        assert found["exact"] is False
        assert found["incident_count"] == 1
        many = await asked(served, "/v1/replay", {"since": 0, "policies": POLICIES})
        assert many["exact"] is False


async def test_media_without_scores_have_no_incident() -> None:
    async with serving() as served:
        media_id = await Camera(served.store).media(1, [])
        found = await asked(served, f"/v1/media/{media_id}/replay", {"policy": {}})
        assert (found["incidents"], found["exact"], found["summary"]["status"]) == ([], True, "failure")


async def reviewed(served: Served, owner: str | None = None) -> None:
    """Three media: one with gore, one that is loud but was dismissed, and one that is quiet."""
    camera = Camera(served.store, owner=owner)
    gory = await camera.media(1, QUIET + LOUD + QUIET, unix_s=START_S)
    await camera.reviewed(gory, 1, 20.5, 29.0, Verdict.CONFIRMED)
    mistaken = await camera.media(2, QUIET + HALF + QUIET, unix_s=START_S + 100)
    await camera.reviewed(mistaken, 2, 22.0, 31.0, Verdict.DISMISSED)
    await camera.media(3, QUIET, unix_s=START_S + 200)


async def test_policies_are_compared_with_what_people_said() -> None:
    async with serving() as served:
        await reviewed(served)
        found = await asked(served, "/v1/replay", {"since": START_S, "policies": POLICIES})
        assert found["samples"] == 100 + 100 + 40
        assert found["exact"] is True
        low, high = found["policies"]
        assert low["policy"] == {"window": 3.0, "threshold": 0.5, "release": 0.4, "cooldown": 2.0}
        assert (low["media"], low["media_flagged"], low["incidents"]) == (3, 2, 2)
        assert (low["right"], low["wrong"], low["confirmed"], low["found"]) == (1, 1, 1, 1)
        assert (low["precision"], low["recall"]) == (0.5, 1.0)
        assert (high["media_flagged"], high["right"], high["wrong"], high["precision"]) == (1, 1, 0, 1.0)
        assert low["flagged_seconds"] > high["flagged_seconds"] > 5.0


async def test_time_and_streams_pick_the_media() -> None:
    async with serving() as served:
        await reviewed(served)
        other = Camera(served.store, stream=9)
        await other.media(9, LOUD, unix_s=START_S + 300)

        async def counted(**given: object) -> int:
            answer = await asked(served, "/v1/replay", {"since": START_S, "policies": [{}], **given})
            count = answer["policies"][0]["media"]
            assert isinstance(count, int)
            return count

        assert await counted() == 4
        assert await counted(since=START_S + 100) == 3
        assert await counted(until=START_S + 100) == 1
        assert await counted(since="2026-09-21T14:13:20Z", until="9999-12-31T00:00:00Z") == 4
        assert await counted(streams=[other.stream_id]) == 1
        assert await counted(streams=[other.stream_id, Camera(served.store).stream_id]) == 4
        assert await counted(streams=["str_0"]) == 0


async def test_what_belongs_to_another_key_is_neither_shown_nor_counted() -> None:
    async with serving(keyed=True) as served:
        stream = await watched(served)
        await ended(served, stream)
        mine = await asked(served, "/v1/replay", {"since": 0, "policies": [{}]})
        assert mine["policies"][0]["media"] == 1
        other = bearer(await new_key(served.store))
        await served.look_again()
        path = f"/v1/media/{stream['media']}"
        refused = await asked(served, f"{path}/replay", {"policy": {}}, status=404, headers=other)
        assert refused["code"] == "media_unknown"
        theirs = await asked(served, "/v1/replay", {"since": 0, "policies": [{}]}, headers=other)
        assert theirs["policies"][0]["media"] == 0


async def test_a_token_for_one_stream_counts_and_judges_its_media_alone() -> None:
    async with serving(keyed=True) as served:
        one, other = await watched(served), await watched(served, seed=2)
        await ended(served, one)
        await ended(served, other)
        async with served.http.post("/v1/tokens", json={"scope": "streams", "stream": one["id"]}) as response:
            token = {"Authorization": f"Bearer {(await response.json())['token']}"}
        for streams in (None, [one["id"], other["id"]]):
            body = {"since": 0, "policies": [{}], "streams": streams}
            found = await asked(served, "/v1/replay", body, headers=token)
            assert found["policies"][0]["media"] == 1
        strange = {"since": 0, "policies": [{}], "streams": [other["id"]]}
        assert (await asked(served, "/v1/replay", strange, headers=token))["policies"][0]["media"] == 0
        await asked(served, f"/v1/media/{one['media']}/replay", {"policy": {}}, headers=token)
        await asked(served, f"/v1/media/{other['media']}/replay", {"policy": {}}, headers=token, status=404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "policy"),
        ({"policy": {"treshold": 0.5}}, "policy.treshold"),
        ({"policy": {"threshold": 1.5}}, "policy.threshold"),
        ({"policy": {"threshold": 0.3}}, "policy.release"),
        ({"policy": {"window": "3"}}, "policy.window"),
        ({"policy": []}, "policy"),
        ({"policy": {}, "more": 1}, "more"),
    ],
)
async def test_a_policy_that_is_none_is_refused(body: object, field: str) -> None:
    async with serving() as served:
        media_id = await Camera(served.store).media(1, QUIET)
        refused = await asked(served, f"/v1/media/{media_id}/replay", body, status=422)
        assert refused["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"policies": [{}]}, "since"),
        ({"since": "yesterday", "policies": [{}]}, "since"),
        ({"since": "2026-11-22", "policies": [{}]}, "since"),
        ({"since": 1e300, "policies": [{}]}, "since"),
        ({"since": 0, "until": "never", "policies": [{}]}, "until"),
        ({"since": 0}, "policies"),
        ({"since": 0, "policies": []}, "policies"),
        ({"since": 0, "policies": [{}] * 51}, "policies"),
        ({"since": 0, "policies": [{}, {"threshold": 0}]}, "policies.1.threshold"),
        ({"since": 0, "policies": [{}], "streams": []}, "streams"),
        ({"since": 0, "policies": [{}], "streams": "str_0"}, "streams"),
    ],
)
async def test_a_time_or_policies_that_are_none_are_refused(body: object, field: str) -> None:
    async with serving() as served:
        refused = await asked(served, "/v1/replay", body, status=422)
        assert refused["errors"][0]["field"].startswith(field)


async def test_a_body_that_is_no_json_and_media_that_are_none_are_refused() -> None:
    async with serving() as served:
        for kind, data, status in (("text/plain", b"{}", 415), ("application/json", b"{", 400)):
            async with served.http.post("/v1/replay", data=data, headers={"Content-Type": kind}) as response:
                assert response.status == status
        for name in ("med_0", f"med_{'0' * 21}", "%00"):
            async with served.http.post(f"/v1/media/{name}/replay", json={"policy": {}}) as response:
                assert (response.status, (await response.json())["code"]) == (404, "media_unknown")


async def test_too_much_is_refused_with_what_would_fit() -> None:
    async with serving(limits={"replay_samples": 400}) as served:
        await reviewed(served)
        refused = await asked(served, "/v1/replay", {"since": 0, "policies": [{}, {}]}, status=422)
        assert refused["code"] == "replay_too_large"
        assert "200 samples" in refused["detail"]
        # The quiet media and the one before it fit.
        since = next(word for word in refused["detail"].split() if word.startswith("2026-")).rstrip(",.")
        fits = await asked(served, "/v1/replay", {"since": since, "policies": [{}, {}]})
        assert fits["policies"][0]["media"] == 2
        long = await Camera(served.store).media(7, [0.1] * 500, unix_s=START_S + 900)
        alone = await asked(served, f"/v1/media/{long}/replay", {"policy": {}}, status=422)
        assert "limits.replay_samples" in alone["detail"]
