"""When as many are looked at and wait as may, who comes hears so in JSON; what workers say never gets through."""

import asyncio
import errno
from typing import Any

import aiohttp
import pytest

from stream.errors import Overloaded
from tests.web.fakes import INFO
from tests.web.serving import Served, serving
from web.api.compat import multipart

_PATH = "/1.0/check.json?models=gore&api_user=a&api_secret=b&url=http://media.example/a.jpg"


async def _get(served: Served) -> tuple[int, dict[str, Any], str | None]:
    async with served.http.get(_PATH) as response:
        return response.status, await response.json(), response.headers.get("Retry-After")


async def test_one_too_many_is_told_to_come_back() -> None:
    async with serving(limits={"max_checks": 1, "check_queue": 0}) as served:
        first = asyncio.ensure_future(_get(served))
        source = await served.pool.source()
        status, body, retry_after = await _get(served)
        assert (status, body["error"]["type"], body["error"]["code"]) == (503, "api_error", 91)
        assert int(retry_after or "0") > 0
        source.live(INFO)
        source.sample(0.0, 0.8)
        source.end()
        status, body, _ = await first
        assert (status, body["gore"]["prob"]) == (200, 0.8)
        assert source.closed
        assert source.released == [0]


async def test_no_room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/spool/upload-1")

    monkeypatch.setattr(multipart, "_flush", fail)
    async with serving() as served:
        form = aiohttp.FormData({"models": "gore", "api_user": "a", "api_secret": "b"})
        form.add_field("media", b"x", filename="a.jpg")
        async with served.http.post("/1.0/check.json", data=form) as response:
            assert (response.status, int(response.headers["Retry-After"]) > 0) == (503, True)
            body = await response.json()
        assert "/srv" not in body["error"]["message"]


async def test_no_room_in_any_worker() -> None:
    async with serving() as served:
        served.pool.refuse = Overloaded("worker 7 in /srv has no room")
        status, body, retry_after = await _get(served)
    assert (status, body["error"]["code"], retry_after) == (503, 91, "2")
    assert "/srv" not in body["error"]["message"]


@pytest.mark.parametrize(
    ("code", "status", "number"),
    [("internal", 500, 91), ("worker_lost", 503, 91), ("decode_failed", 400, 63), ("address_refused", 400, 61)],
)
async def test_what_went_wrong_in_a_worker_is_worded_here(code: str, status: int, number: int) -> None:
    async with serving() as served:
        answer = asyncio.ensure_future(_get(served))
        (await served.pool.source()).fail(code, "/tmp/upload-1: PIL.UnidentifiedImageError, 10.0.0.7")
        got, body, _ = await answer
    assert (got, body["error"]["code"]) == (status, number)
    assert not any(word in body["error"]["message"] for word in ("/tmp", "PIL", "10.0"))


async def test_a_caller_who_hangs_up_leaves_nothing_behind() -> None:
    async with serving() as served:
        async with aiohttp.ClientSession(served.url) as http:
            answer = asyncio.ensure_future(http.get(_PATH))
            source = await served.pool.source()
            answer.cancel()
            await asyncio.wait({answer})
        source.end()
        status, _, _ = await asyncio.wait_for(_ended(served), 20)
    assert status == 200


async def _ended(served: Served) -> tuple[int, dict[str, Any], str | None]:
    """Another call is served as ever."""
    answer = asyncio.ensure_future(_get(served))
    source = await served.pool.source(1)
    source.sample(0.0, 0.4)
    source.end()
    return await answer
