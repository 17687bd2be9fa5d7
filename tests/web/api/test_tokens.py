"""`POST /v1/tokens`: what its tokens open, and what they do not."""

import asyncio
from typing import Any

import pytest

from tests.web.api.test_whip import OFFER, SDP
from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from web.access.scopes import Scope
from web.app import NamedSource, add_sources
from web.settings import Settings


async def token(served: Served, **body: object) -> dict[str, str]:
    """The header with a token of the usual key."""
    async with served.http.post("/v1/tokens", json=body) as response:
        assert response.status == 201, await response.text()
        return bearer((await response.json())["token"])


async def answer(served: Served, method: str, path: str, headers: dict[str, str], **more: Any) -> tuple[int, str]:
    """Status and code."""
    async with served.http.request(method, path, headers=headers, **more) as response:
        body = await response.json() if response.content_type.endswith("json") else {}
        return response.status, str(body.get("code", ""))


async def test_a_token_for_one_stream_shows_that_one_alone() -> None:
    async with serving(keyed=True) as served:
        one, two = await served.add(name="one"), await served.add(name="two")
        for named in (one["id"], "one"):
            held = await token(served, scope="streams", stream=named)
            async with served.http.get("/v1/streams", headers=held) as response:
                assert [stream["id"] for stream in (await response.json())["streams"]] == [one["id"]]
            assert (await answer(served, "GET", f"/v1/media/{one['media']}/summary", held))[0] == 200
            assert await answer(served, "GET", f"/v1/streams/{two['id']}", held) == (404, "stream_unknown")
            assert await answer(served, "GET", f"/v1/media/{two['media']}/summary", held) == (404, "media_unknown")
            body = {"url": "rtsp://camera.example/three"}
            assert await answer(served, "POST", "/v1/streams", held, json=body) == (403, "scope_missing")


async def test_a_token_is_for_one_scope_and_gives_no_further_token() -> None:
    async with serving(keyed=True) as served:
        held = await token(served, scope="streams")
        assert (await answer(served, "GET", "/v1/streams", held))[0] == 200
        assert await answer(served, "GET", "/v1/events", held) == (403, "scope_missing")
        assert await answer(served, "POST", "/whip/cam", held) == (403, "scope_missing")
        assert await answer(served, "POST", "/v1/tokens", held, json={"scope": "streams"}) == (403, "scope_missing")


async def test_a_token_publishes_its_stream_for_the_key_that_made_it() -> None:
    async with serving(keyed=True) as served:
        held = await token(served, scope="publish", stream="stage")
        assert await answer(served, "POST", "/whip/other", held | SDP, data=OFFER) == (403, "scope_missing")
        async with served.http.post("/whip/stage", data=OFFER, headers=held | SDP) as response:
            assert response.status == 201
            session = response.headers["Location"]
        (stream,) = (await served.get("/v1/streams"))["streams"]
        assert stream["name"] == "stage"
        foreign = bearer(await new_key(served.store))
        assert await answer(served, "DELETE", session, foreign) == (404, "session_unknown")
        async with served.http.post("/whip/stage", data=OFFER, headers=foreign | SDP) as response:
            assert response.status == 201
        assert (await answer(served, "DELETE", session, held))[0] == 200


async def test_a_token_of_an_admin_shows_another_keys_stream() -> None:
    async with serving(keyed=True) as served:
        stream = await served.add()
        admin = bearer(await new_key(served.store, Scope.ADMIN))
        body = {"scope": "streams", "stream": stream["id"]}
        async with served.http.post("/v1/tokens", json=body, headers=admin) as response:
            held = bearer((await response.json())["token"])
        assert (await answer(served, "GET", f"/v1/streams/{stream['id']}", held))[0] == 200


async def test_a_token_ends_by_itself() -> None:
    async with serving(keyed=True) as served:
        held = await token(served, scope="streams", expires_s=1.0)
        async with asyncio.timeout(WITHIN_S):
            while await answer(served, "GET", "/v1/streams", held) != (401, "token_invalid"):
                await served.look_again()


async def test_a_token_made_before_there_was_a_key_ends_with_that_time() -> None:
    async with serving() as served:
        held = await token(served, scope="streams")
        await new_key(served.store)
        await served.access.refresh()
        assert await answer(served, "GET", "/v1/streams", held) == (401, "token_invalid")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"scope": "admin"}, 422),
        ({"scope": "check"}, 422),
        ({"scope": "streams", "expires_s": 3601}, 422),
        ({"scope": "streams", "expires_s": 0}, 422),
        ({"scope": "streams", "more": 1}, 422),
        ({"scope": "publish", "stream": "a/b"}, 422),
        ({"scope": "events", "stream": "nobody"}, 404),
        ([], 422),
    ],
)
async def test_what_is_no_token_to_be_had_is_refused(body: object, status: int) -> None:
    async with serving(keyed=True) as served, served.http.post("/v1/tokens", json=body) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"


async def test_a_key_gives_no_scope_that_it_lacks_and_no_stream_that_it_does_not_see() -> None:
    async with serving(keyed=True) as served:
        mine = await served.add(name="cam")
        add_sources(served.registry, [NamedSource(name="door", url="rtsp://h/")], Settings.model_validate({"port": 0}))
        other = bearer(await new_key(served.store, Scope.STREAMS))
        for body, told in [
            ({"scope": "events"}, (403, "scope_missing")),
            ({"scope": "streams", "stream": mine["id"]}, (404, "stream_unknown")),
            ({"scope": "streams", "stream": "cam"}, (404, "stream_unknown")),
            ({"scope": "streams", "stream": "door"}, (201, "")),
        ]:
            assert await answer(served, "POST", "/v1/tokens", other, json=body) == told
