"""How many jobs there may be at once, in all and of each key."""

from typing import Any

import aiohttp

from tests.web.serving import Served, new_key, serving
from web.store import jobs

WATCH = "/1.0/video/check.json"


async def _submit(served: Served, **params: str) -> tuple[int, dict[str, Any]]:
    given = {"models": "gore", "stream_url": "rtsp://camera.example/", "api_user": "a", "api_secret": "b", **params}
    async with aiohttp.ClientSession() as http, http.get(served.url + WATCH, params=given) as response:
        return response.status, await response.json()


async def test_more_jobs_than_may_run_are_refused_and_none_is_kept_of_them() -> None:
    async with serving(limits={"max_jobs": 1}) as served:
        assert (await _submit(served))[0] == 200
        status, body = await _submit(served)
        assert (status, body["error"]["type"], body["error"]["code"]) == (429, "usage_limit", 34)
        async with served.store.reading() as tx:
            assert len(await jobs.ongoing(tx)) == 1
        assert [stream.state.value for stream in served.registry].count("ended") == 0


async def test_a_key_may_have_fewer() -> None:
    async with serving() as served:
        user, _, secret = (await new_key(served.store, jobs=1)).partition(":")
        await served.access.refresh()
        key = {"api_user": user, "api_secret": secret}
        assert (await _submit(served, **key))[0] == 200
        assert (await _submit(served, **key))[1]["error"]["code"] == 34


async def test_more_streams_than_may_run_are_too_many_jobs_too() -> None:
    async with serving(limits={"max_streams": 1}) as served:
        await served.add()
        assert (await _submit(served))[1]["error"]["code"] == 34
        async with served.store.reading() as tx:
            assert await jobs.ongoing(tx) == ()
