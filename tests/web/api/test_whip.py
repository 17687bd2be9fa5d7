"""WebRTC ingest over HTTP by RFC 9725; the answering itself is the pool's."""

import asyncio
from contextlib import AbstractAsyncContextManager

import aiohttp

from stream.errors import CodecUnsupported, OfferInvalid, Overloaded, SourceTimeout
from tests.web.serving import Served, serving

SDP = {"Content-Type": "application/sdp"}
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
        async with served.http.patch(location, data="a=candidate:1") as response:
            assert (response.status, response.headers["Allow"]) == (405, "DELETE")
