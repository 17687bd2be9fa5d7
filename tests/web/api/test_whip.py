"""WebRTC ingest over HTTP by RFC 9725; the answering itself is the pool's."""

import asyncio
from contextlib import AbstractAsyncContextManager

import aiohttp

from stream.errors import CodecUnsupported, OfferInvalid, Overloaded, SourceTimeout
from tests.web.serving import Served, serving

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n"
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"


def post(
    served: Served, name: str = "cam", body: str | bytes = OFFER, headers: dict[str, str] | None = None
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    return served.http.post(f"/whip/{name}", data=body, headers=SDP if headers is None else headers)


async def test_an_offer_is_answered_and_deleting_its_location_ends_the_stream() -> None:
    async with serving() as served:
        async with post(served) as response:
            assert response.status == 201
            assert response.content_type == "application/sdp"
            assert await response.text() == "v=0\r\nanswer"
            assert response.headers["ETag"].startswith('"')
            assert "Location" in response.headers["Access-Control-Expose-Headers"]
            location = response.headers["Location"]
        assert location.startswith("/whip/cam/")
        assert served.pool.offers == [OFFER]
        (stream,) = (await served.get("/v1/streams"))["streams"]
        assert (stream["name"], stream["url"], stream["state"]) == ("cam", "/whip/cam", "connecting")
        async with served.http.delete(location) as response:
            assert response.status == 200
        assert (await served.get(f"/v1/streams/{stream['id']}"))["state"] == "ended"
        async with served.http.delete(location.replace("cam", "other")) as response:
            assert response.status == 404


async def test_a_second_publisher_of_a_name_is_refused_until_the_first_has_gone() -> None:
    async with serving() as served:
        statuses = await asyncio.gather(*(_status(served) for _ in range(3)))
        assert sorted(statuses) == [201, 409, 409]
        (stream,) = (await served.get("/v1/streams"))["streams"]
        (await served.pool.source()).end()
        await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["state"] == "ended")
        assert await _status(served) == 201


async def _status(served: Served) -> int:
    async with post(served) as response:
        return response.status


async def test_what_is_no_offer_is_refused_and_leaves_the_name_free() -> None:
    async with serving() as served:
        refused: list[tuple[str | bytes, dict[str, str], int]] = [
            (OFFER, {"Content-Type": "application/json"}, 415),
            ("hello", SDP, 400),
            ("", SDP, 400),
            (b"v=0\xff", SDP, 400),
            ("v=0" + "x" * 70_000, SDP, 413),
            ("v=0" + "x" * 300_000, SDP, 413),
        ]
        for body, headers, status in refused:
            async with post(served, body=body, headers=headers) as response:
                assert (response.status, response.content_type) == (status, "application/problem+json")
        for error, status in [
            (OfferInvalid("It is no SDP."), 400),
            (CodecUnsupported("It offers AV1 alone."), 406),
            (Overloaded("No worker."), 503),
            (SourceTimeout("The offer was not answered in time."), 503),
        ]:
            served.pool.refuse = error
            async with post(served) as response:
                assert response.status == status
                assert (await response.json())["code"] == error.code
        served.pool.refuse = None
        assert (await served.get("/v1/streams"))["streams"] == []
        assert await _status(served) == 201
        async with post(served, name="a%20b") as response:
            assert response.status == 422


async def test_the_endpoint_says_what_it_takes() -> None:
    async with serving() as served:
        async with served.http.options("/whip/cam") as response:
            assert (response.status, response.headers["Accept-Post"]) == (204, "application/sdp")
        async with served.http.get("/whip/cam") as response:
            assert response.status == 405
        async with post(served) as response:
            location = response.headers["Location"]
            assert response.headers["Accept-Patch"] == FRAGMENT["Content-Type"]
            assert response.headers.getall("Link", []) == []
        async with served.http.options(location) as response:
            assert (response.status, response.headers["Accept-Patch"]) == (204, FRAGMENT["Content-Type"])
        async with served.http.put(location) as response:
            assert response.status == 405
            assert set(response.headers["Allow"].split(",")) == {"DELETE", "OPTIONS", "PATCH"}


async def patch(served: Served, location: str, body: str, **headers: str) -> tuple[int, str, str | None]:
    """Status, text and ETag of a `PATCH`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with served.http.patch(location, data=body, headers={**FRAGMENT, **named}) as response:
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
        return response.status, await response.text(), response.headers.get("ETag")


async def test_candidates_come_after_the_offer_and_ice_restarts() -> None:
    async with serving() as served:
        async with post(served) as response:
            location, etag = response.headers["Location"], response.headers["ETag"]
        source = await served.pool.source()
        assert (await patch(served, location, CANDIDATE))[0] == 428
        assert (await patch(served, location, CANDIDATE, If_Match='"another"'))[0] == 412
        assert (await patch(served, location, "garbage", If_Match=etag))[0] == 400
        assert (await patch(served, location, CANDIDATE, If_Match=etag, Content_Type="text/plain"))[0] == 415
        assert (await patch(served, location, "a" * 40_000, If_Match=etag))[0] == 413
        assert (await patch(served, location.replace("cam", "other"), CANDIDATE, If_Match=etag))[0] == 404
        assert source.fragments == []
        assert await patch(served, location, CANDIDATE, If_Match=etag) == (204, "", etag)
        assert source.fragments == [CANDIDATE]
        assert (await patch(served, location, CANDIDATE, If_Match="*"))[0] == 400
        restart = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
        status, text, fresh = await patch(served, location, restart, If_Match="*")
        assert (status, text) == (200, source.restart_answer)
        assert fresh not in (None, etag)
        assert (await patch(served, location, CANDIDATE, If_Match=etag))[0] == 412
        assert (await patch(served, location, CANDIDATE, If_Match=fresh or ""))[0] == 204
        source.restart_answer = None
        assert (await patch(served, location, restart, If_Match="*"))[0] == 422


async def test_publishers_are_told_the_servers_of_the_operator() -> None:
    servers = "stun:stun.example.org:3478,turn:turn.example.org?transport=udp"
    async with (
        serving(ice_servers=servers, turn_username="gore", turn_credential="watch") as served,
        post(served) as response,
    ):
        stun, turn = response.headers.getall("Link")
        assert stun == '<stun:stun.example.org:3478>; rel="ice-server"'
        assert turn.startswith('<turn:turn.example.org?transport=udp>; rel="ice-server"; ')
        assert turn.endswith('username="gore"; credential="watch"; credential-type="password"')


async def test_no_more_publish_than_are_allowed() -> None:
    async with serving(limits={"max_publishers": 1}) as served:
        assert await _status(served) == 201
        async with post(served, name="other") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "10")
            assert (await response.json())["code"] == "too_many_publishers"


async def test_a_publisher_that_was_cut_off_comes_back_to_its_stream() -> None:
    async with serving() as served:
        async with post(served) as response:
            location = response.headers["Location"]
        (stream,) = (await served.get("/v1/streams"))["streams"]
        path = f"/v1/streams/{stream['id']}"
        first = await served.pool.source()
        first.live()
        first.sample(1.0, 0.1)
        await served.until(path, lambda answer: answer["samples"] == 1)
        async with post(served) as response:
            assert (response.status, response.headers["Retry-After"]) == (409, "3")
        first.vacant = True
        async with post(served) as response:
            assert response.status == 201
            again = response.headers["Location"]
        assert again != location
        second = await served.pool.source(1)
        second.live()
        second.sample(0.0, 0.1)
        after = await served.until(path, lambda answer: answer["samples"] == 2)
        assert (after["state"], after["media"], len((await served.get("/v1/streams"))["streams"])) == (
            "live",
            stream["media"],
            1,
        )
        assert after["position"] > 1.0
        async with served.http.delete(location) as response:
            assert response.status == 404
        async with served.http.delete(again) as response:
            assert response.status == 200
        assert (await served.get(path))["state"] == "ended"


async def test_pages_of_an_allowed_origin_may_read_what_whip_answers() -> None:
    async with serving(keyed=True, allowed_origins="https://studio.example") as served:
        origin = {"Origin": "https://studio.example"}
        ask = {**origin, "Access-Control-Request-Method": "PATCH"}
        async with served.http.options("/whip/cam/x", headers=ask) as response:
            assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
            assert "If-Match" in response.headers["Access-Control-Allow-Headers"]
        async with post(served, headers={**SDP, **origin}) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "https://studio.example"
            exposed = response.headers["Access-Control-Expose-Headers"]
            assert {"Location", "ETag", "Link", "Accept-Patch"} <= set(exposed.split(", "))
