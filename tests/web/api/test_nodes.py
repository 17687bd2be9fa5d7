"""What a service tells web nodes of what it has."""

import time
from pathlib import Path

import pytest

from tests.web.api.test_thumbnail import filmed, written
from tests.web.api.test_whip import post
from tests.web.cluster.hosting.cluster import cluster
from tests.web.serving import Served, bearer, new_key, serving
from web.access import tickets
from web.cluster.subjects import PATH, Kind

CALLER = {"api_user": "user", "api_secret": "secret"}


async def has(served: Served, kind: Kind, named: str) -> bool:
    headers = bearer(served.access.ticket())
    async with served.http.get(PATH, params={"kind": kind.value, "id": named}, headers=headers) as response:
        assert response.status == 200, await response.text()
        answer = (await response.json())["has"]
        assert isinstance(answer, bool)
        return answer


async def test_a_stream_is_there_by_its_id_its_media_and_while_it_runs_its_name() -> None:
    async with serving() as served:
        stream = await served.add(name="door")
        assert await has(served, Kind.STREAM, stream["id"])
        assert await has(served, Kind.MEDIA, stream["media"])
        assert await has(served, Kind.NAME, "door")
        for kind in Kind:
            assert not await has(served, kind, "other")
        async with served.http.delete(f"/v1/streams/{stream['id']}") as response:
            assert response.status == 200
        assert await has(served, Kind.STREAM, stream["id"])
        assert await has(served, Kind.MEDIA, stream["media"])
        assert not await has(served, Kind.NAME, "door")


async def test_a_publishers_session_is_there_until_it_ends() -> None:
    async with serving() as served:
        async with post(served, "cam") as response:
            location = response.headers["Location"]
        session = location.removeprefix("/whip/")
        assert await has(served, Kind.SESSION, session)
        assert not await has(served, Kind.SESSION, session.replace("cam", "other"))
        async with served.http.delete(location) as response:
            assert response.status == 200
        assert not await has(served, Kind.SESSION, session)


async def test_an_incident_is_where_its_picture_is(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served)
        assert await has(served, Kind.INCIDENT, incident["id"])
        path = await written(served, incident, tmp_path)
        assert await has(served, Kind.INCIDENT, incident["id"])
        path.unlink()
        await served.until_metric("gorewatch_events_unkept", 0.0)
        assert not await has(served, Kind.INCIDENT, incident["id"])
        assert not await has(served, Kind.INCIDENT, f"../pictures/{incident['id']}")


async def test_a_job_is_there_while_it_goes_on_and_a_file_that_was_sent() -> None:
    async with serving() as served:
        watched = CALLER | {"models": "gore", "stream_url": "rtsp://camera.example/one"}
        job = (await served.get(f"/1.0/video/check.json?{'&'.join(f'{k}={v}' for k, v in watched.items())}"))["media"]
        assert await has(served, Kind.JOB, job["id"])
        async with served.http.delete("/1.0/video/byid.json", params=CALLER | {"id": job["id"]}) as response:
            assert response.status == 200
        assert not await has(served, Kind.JOB, job["id"])
        made = await served.get("/1.0/upload/create-video.json?api_user=user&api_secret=secret")
        media_id = made["media"]["id"]
        assert not await has(served, Kind.UPLOAD, media_id)
        async with served.http.put(made["upload"]["url"], data=b"video") as response:
            assert response.status == 200
        assert await has(served, Kind.UPLOAD, media_id)
        assert not await has(served, Kind.UPLOAD, f"incoming/../{media_id}")


async def test_hosts_are_those_of_its_cluster() -> None:
    async with cluster("a") as it:
        assert [await has(it.served, Kind.HOST, name) for name in ("a", "b")] == [True, False]


@pytest.mark.parametrize("keyed", [False, True])
async def test_only_web_nodes_with_the_same_store_are_told(keyed: bool) -> None:
    async with serving(keyed=keyed) as served:
        path = f"{PATH}?kind=name&id=door"
        strange = (
            "",
            tickets.sign(time.time() + 60.0, b"another"),
            served.access.ticket()[:-1],
            await new_key(served.store),
        )
        await served.look_again()
        for token in strange:
            async with served.http.get(path, headers=bearer(token)) as response:
                assert (response.status, (await response.json())["code"]) == (401, "token_invalid")
        # Under whatever name: nodes call a service as the operator does.
        headers = bearer(served.access.ticket()) | {"Host": "service.internal"}
        async with served.http.get(path, headers=headers) as response:
            assert response.status == 200
        async with served.http.get("/v1/streams", headers=bearer(served.access.ticket())) as response:
            assert response.status == 401


async def test_what_cannot_be_understood_is_told() -> None:
    async with serving() as served:
        for query in ("", "kind=name", "id=door", "kind=nothing&id=door"):
            async with served.http.get(f"{PATH}?{query}", headers=bearer(served.access.ticket())) as response:
                assert response.status == 422, query
