"""Incidents over HTTP: what the store has, and what it is still to have."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from inference.incidents import Incident
from stream.ids import make_id
from tests.web.api.test_media import watched
from tests.web.serving import Served, bearer, new_key, serving
from web.access.scopes import Scope
from web.delivery.journal import Published
from web.recording.journal import StoreJournal
from web.store import incidents
from web.store.errors import StoreError
from web.store.kept import KeptIncident
from web.wire import timestamp

START_S = 1_790_000_000.0


def made(number: int, *, owner: str | None = None, end_s: float | None = 9.0) -> KeptIncident:
    """An incident of the store's, a second after the one of the number before."""
    incident = Incident(make_id("inc", int((START_S + number) * 1000), bytes(11)), 5.0, end_s, 0.75, 6.0)
    return KeptIncident(
        incident=incident,
        media_id=make_id("med", 0, bytes(11)),
        stream_id=make_id("str", 0, bytes(11)),
        owner=owner,
        started_s=START_S + number,
    )


async def keep(served: Served, *those: KeptIncident) -> None:
    async with served.store.writing() as tx:
        await incidents.put(tx, those)


async def refused(served: Served, path: str, **headers: str) -> tuple[int, str | None]:
    async with served.http.get(path, headers=headers) as response:
        assert response.content_type == "application/problem+json"
        return response.status, (await response.json()).get("code")


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
        for query in (
            "state=over",
            "limit=0",
            "since=1&limit=0",
            "limit=1001",
            "limit=x",
            "verdict=maybe",
            "cursor=x",
            "cursor=str_000000000000000000000",
        ):
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
        for incident in (await served.get(f"{path}0"))["incidents"]:
            assert incident in (await served.get(f"{path}{quote(incident['started'])}"))["incidents"]
        in_an_hour = datetime.fromtimestamp(after, tz=timezone(timedelta(hours=2))).isoformat()
        for late in (f"{after:.3f}", quote(in_an_hour), "9999-12-31T23:59:59Z", 999_999_999_999):
            assert (await served.get(f"{path}{late}"))["incidents"] == []


@pytest.mark.parametrize("since", ["zzz", "", "-1", "nan", "inf", "1e400", "2026-11-22", "2026-11-22T17:40:03", "1_0"])
async def test_a_moment_that_is_none_is_refused(since: str) -> None:
    async with serving() as served, served.http.get(f"/v1/incidents?since={since}") as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
        assert (await response.json())["errors"][0]["field"] == "since"


async def test_an_incident_says_where_and_when_it_began() -> None:
    async with serving() as served:
        before_s = time.time()
        stream = await watched(served)
        (lasting, _) = (await served.get(f"/v1/incidents?media={stream['media']}"))["incidents"]
        assert lasting["name"] == stream["name"]
        assert lasting["media"] == stream["media"]
        assert lasting["review"] is None
        started = datetime.fromisoformat(lasting["started"]).timestamp()
        assert before_s - 0.001 <= started <= time.time()
        assert (await served.get(f"/v1/incidents?until={before_s}"))["incidents"] == []
        assert len((await served.get(f"/v1/incidents?until={time.time() + 1}"))["incidents"]) == 2
        for nothing in ("media=med_0", f"media={stream['id']}", "stream=%00", "verdict=confirmed"):
            assert await served.get(f"/v1/incidents?{nothing}") == {"incidents": [], "next": None}


async def test_pages_have_no_gap_and_no_repeat_while_new_ones_come() -> None:
    async with serving() as served:
        await keep(served, *(made(number) for number in range(25)))
        seen: list[str] = []
        query = "/v1/incidents?limit=7"
        for turn in range(4):
            answer = await served.get(query)
            seen += [incident["id"] for incident in answer["incidents"]]
            await keep(served, made(100 + turn))
            query = f"/v1/incidents?limit=7&cursor={answer['next']}"
        assert answer["next"] is None
        assert seen == [made(number).incident.id for number in reversed(range(25))]
        assert (await served.get("/v1/incidents?limit=29"))["next"] is None


async def test_one_key_finds_its_own_and_nobodys() -> None:
    async with serving(keyed=True) as served:
        mine, other, nobodys = await new_key(served.store), await new_key(served.store), made(3)
        user = mine.partition(":")[0]
        its_own, foreign = made(1, owner=user), made(2, owner=other.partition(":")[0])
        await keep(served, its_own, foreign, nobodys)
        async with served.http.get("/v1/incidents", headers=bearer(mine)) as response:
            found = [incident["id"] for incident in (await response.json())["incidents"]]
        assert found == [nobodys.incident.id, its_own.incident.id]
        path = f"/v1/incidents/{foreign.incident.id}"
        for rest in ("", "/reviews", "/thumbnail.jpg"):
            assert await refused(served, path + rest, **bearer(mine)) == (404, "incident_unknown")
        async with served.http.post(f"{path}/review", json={"verdict": "confirmed"}, headers=bearer(mine)) as response:
            assert response.status == 404
        async with served.http.get(path, headers=bearer(await new_key(served.store, Scope.ADMIN))) as response:
            assert response.status == 200


async def test_a_token_for_one_stream_finds_the_incidents_of_that_one() -> None:
    async with serving(keyed=True) as served:
        stream = await watched(served)
        await keep(served, made(1))
        async with served.http.post("/v1/tokens", json={"scope": "streams", "stream": stream["id"]}) as response:
            token = (await response.json())["token"]
        for query, number in (("", 2), (f"?stream={stream['id']}", 2), (f"?stream={made(1).stream_id}", 0)):
            async with served.http.get(f"/v1/incidents{query}", headers=bearer(token)) as response:
                assert len((await response.json())["incidents"]) == number
        assert (await refused(served, f"/v1/incidents/{made(1).incident.id}", **bearer(token)))[0] == 404


@pytest.mark.parametrize("strange", ["inc_0", "x", "%00", "inc_%00", "%ff", made(1).stream_id, "inc_" + 21 * "é"])
async def test_what_is_no_id_is_no_incident(strange: str) -> None:
    async with serving() as served:
        assert await refused(served, f"/v1/incidents/{strange}") == (404, "incident_unknown")


async def test_incidents_that_the_store_does_not_have_yet_are_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, broken = StoreJournal.write, True

    async def troubled(self: StoreJournal, batch: Sequence[Published]) -> None:
        if broken:
            raise StoreError("The disk is full.")
        await write(self, batch)

    monkeypatch.setattr(StoreJournal, "write", troubled)
    async with serving() as served:
        stream = await watched(served)
        await keep(served, made(1))
        answer = await served.get("/v1/incidents?limit=2")
        assert [(one["start"], one["state"], one["name"]) for one in answer["incidents"]] == [
            (8.0, "open", stream["name"]),
            (2.0, "ended", stream["name"]),
        ]
        (oldest,) = (await served.get(f"/v1/incidents?cursor={answer['next']}"))["incidents"]
        assert oldest["id"] == made(1).incident.id
        assert len((await served.get("/v1/incidents?state=open"))["incidents"]) == 1
        assert (await served.get("/v1/incidents?verdict=confirmed"))["incidents"] == []
        path = f"/v1/incidents/{answer['incidents'][0]['id']}"
        assert await served.get(path) == answer["incidents"][0]
        async with served.http.post(f"{path}/review", json={"verdict": "confirmed"}) as response:
            assert (response.status, (await response.json())["code"]) == (503, "store_unavailable")
            assert response.headers["Retry-After"] == "1"
        broken = False
        await served.until_metric("gorewatch_events_unkept", 0.0)
        assert (await served.get("/v1/incidents?limit=2"))["incidents"] == answer["incidents"]


async def test_incidents_outlive_the_service_with_what_was_said_of_them(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        await watched(served)
        before = (await served.get("/v1/incidents"))["incidents"]
        async with served.http.post(
            f"/v1/incidents/{before[1]['id']}/review", json={"verdict": "dismissed"}
        ) as response:
            assert response.status == 200
    async with serving(home=tmp_path) as served:
        after = (await served.get("/v1/incidents"))["incidents"]
        assert [incident["id"] for incident in after] == [incident["id"] for incident in before]
        assert [incident["state"] for incident in after] == ["ended", "ended"]
        assert [incident["name"] for incident in after] == [incident["name"] for incident in before]
        assert after[1]["review"]["verdict"] == "dismissed"
        for incident in after:
            assert incident["picture"]
            async with served.http.get(f"/v1/incidents/{incident['id']}/thumbnail.jpg") as response:
                assert response.status == 200


async def test_a_store_that_cannot_be_read_is_told() -> None:
    async with serving() as served:
        await keep(served, made(1))
        async with served.store.writing() as tx:
            await tx.execute(text("DROP TABLE incidents"))
        for path in ("/v1/incidents", f"/v1/incidents/{made(1).incident.id}"):
            assert await refused(served, path) == (503, "store_unavailable")


async def test_the_name_of_a_media_that_is_no_longer_kept_is_unknown() -> None:
    async with serving() as served:
        await keep(served, replace(made(1), owner=None))
        answer: dict[str, Any] = await served.get(f"/v1/incidents/{made(1).incident.id}")
        assert (answer["name"], answer["picture"]) == (None, False)
        assert answer["started"] == timestamp(START_S + 1)
