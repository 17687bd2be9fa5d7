"""What a key left running ends when it is revoked, and nothing else does."""

import asyncio
import logging

import pytest

from tests.web.api.test_whip import OFFER, SDP
from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from web.access.scopes import Scope
from web.app import NamedSource, add_sources
from web.delivery.delivery import Style
from web.settings import Settings
from web.store import deliveries, jobs, keys
from web.store.job import Job, JobStatus

WATCH = "/1.0/video/check.json"


async def revoke(served: Served, credentials: str) -> None:
    async with served.store.writing() as tx:
        assert await keys.revoke(tx, credentials.partition(":")[0], at_s=1.0)


async def added(served: Served, credentials: str, name: str) -> str:
    body = {"url": "rtsp://camera.example/one", "name": name}
    async with served.http.post("/v1/streams", json=body, headers=bearer(credentials)) as response:
        assert response.status == 201
        return str((await response.json())["id"])


async def test_streams_and_publishers_of_a_revoked_key_end_with_their_summary(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "gorewatch.streams")
    async with serving(keyed=True) as served:
        add_sources(served.registry, [NamedSource(name="door", url="rtsp://camera.example/")], Settings(port=0))
        kept = await served.add(name="kept")
        gone = await new_key(served.store)
        pulled = await added(served, gone, "pulled")
        (await served.pool.source(2)).live()
        async with served.http.post("/whip/stage", data=OFFER, headers=bearer(gone) | SDP) as response:
            assert response.status == 201
        published = next(stream.id for stream in served.registry if stream.name == "stage")
        await revoke(served, gone)
        for stream_id in (pulled, published):
            stream = served.registry.stream(stream_id)
            assert stream is not None
            assert stream.task is not None
            await asyncio.wait_for(asyncio.shield(stream.task), WITHIN_S)
            assert stream.closed
            assert stream.summary().failure is not None, "no frame came"
        assert [source.closed for source in served.pool.sources] == [False, False, True, True]
        assert (await served.get(f"/v1/streams/{kept['id']}"))["state"] == "connecting"
        assert {name: stream.closed for stream in served.registry if (name := stream.name)} == {
            "door": False,
            "kept": False,
            "pulled": True,
            "stage": True,
        }
    told = [record.getMessage() for record in caplog.records if "revoked" in record.getMessage()]
    assert sorted(line.split()[0] for line in told) == ["pulled", "stage"]
    assert gone.partition(":")[2] not in caplog.text


async def test_jobs_of_a_revoked_key_end_as_stopped_and_tell_their_receiver() -> None:
    async with serving(keyed=True) as served:
        gone, other = await new_key(served.store, Scope.CHECK), await new_key(served.store, Scope.CHECK)
        stopped, kept = await watched(served, gone), await watched(served, other)
        await revoke(served, gone)
        assert await ended(served, stopped) is JobStatus.STOPPED
        assert (await found(served, kept)).status is JobStatus.ONGOING
        async with served.store.reading() as tx:
            (owed,) = await deliveries.listed(tx, styles=tuple(Style), limit=10)
        assert (owed.job_id, b'"stopped"' in owed.body) == (stopped, True)


async def test_a_stream_that_will_not_end_does_not_hold_up_the_end_of_the_service() -> None:
    let_go = asyncio.Event()
    async with serving(keyed=True) as served:
        gone = await new_key(served.store)
        stuck = await added(served, gone, "stuck")
        source = await served.pool.source()
        asked = asyncio.Event()

        async def never() -> None:
            asked.set()
            await let_go.wait()

        source.aclose = never  # type: ignore[method-assign]
        await revoke(served, gone)
        await asyncio.wait_for(asked.wait(), WITHIN_S)
    stream = served.registry.stream(stuck)
    assert stream is not None
    assert stream.closed
    let_go.set()


async def watched(served: Served, credentials: str) -> str:
    user, secret = credentials.split(":")
    fields = {
        "api_user": user,
        "api_secret": secret,
        "models": "gore",
        "stream_url": "rtsp://camera.example/one",
        "callback_url": "http://receiver.example/",
    }
    async with served.http.post(WATCH, data=fields) as response:
        assert response.status == 200, await response.text()
        return str((await response.json())["media"]["id"])


async def ended(served: Served, job_id: str) -> JobStatus:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if (status := (await found(served, job_id)).status) is not JobStatus.ONGOING:
                return status
            await asyncio.sleep(0.01)


async def found(served: Served, job_id: str) -> Job:
    async with served.store.reading() as tx:
        job = await jobs.find(tx, job_id)
    assert job is not None
    return job
