"""What clients say over the event socket, and what is agreed on when it opens."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from inference.events import MediaResumed, MediaStalled
from tests.web.api.test_feed import events, received
from tests.web.serving import Served, new_key, serving
from web.access.scopes import Scope

STALLED, RESUMED = MediaStalled("no frames"), MediaResumed("frames again")


async def changed(client: ClientConnection, **wanted: object) -> dict[str, Any]:
    """Change the filter; what is answered, which comes before anything that the new filter lets through."""
    await client.send(json.dumps({"type": "filter", **wanted}))
    (answer,) = await received(client)
    return answer


async def test_a_filter_is_changed_without_a_new_connection() -> None:
    async with serving() as served, events(served, "?stream=str_a") as client:
        served.hub.publish("str_a", "med_a", STALLED)
        served.hub.publish("str_b", "med_b", STALLED)
        (first,) = await received(client)
        answer = await changed(client, streams=["str_b"], types=["media.resumed"])
        assert answer["type"] == "control.filter"
        assert answer["source"] == "/v1/events"
        assert answer["data"] == {"streams": ["str_b"], "types": ["media.resumed"]}
        assert answer["id"] > first["id"]
        for stream in ("str_a", "str_b"):
            for event in (STALLED, RESUMED):
                served.hub.publish(stream, "med", event)
        (second,) = await received(client)
        assert (second["source"], second["type"]) == ("/v1/streams/str_b", "media.resumed")
        assert (await changed(client))["data"] == {"streams": [], "types": []}
        served.hub.publish("str_c", "med", STALLED)
        (third,) = await received(client)
        assert third["source"] == "/v1/streams/str_c"
        query = f"?since={answer['id']}&stream=str_b&type=media.resumed"
        async with events(served, query) as again:
            assert await received(again) == [second]


async def test_a_changed_filter_shows_no_more_than_the_caller_may_see() -> None:
    async with serving(keyed=True) as served:
        mine, theirs = [(await new_key(served.store, Scope.EVENTS)) for _ in range(2)]
        async with events(served, f"?token={mine}") as client:
            await changed(client, streams=["str_mine", "str_theirs"])
            for name, key in (("str_theirs", theirs), ("str_mine", mine)):
                served.hub.publish(name, "med", STALLED, owner=key.partition(":")[0])
            (event,) = await received(client)
        assert event["source"] == "/v1/streams/str_mine"


async def test_a_message_that_is_not_understood_closes_with_the_reason() -> None:
    async with serving() as served, events(served) as client:
        await client.send("hello")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1007, "A message must be JSON.")


@pytest.mark.parametrize(
    ("allowed", "offered", "used"), [(True, True, True), (True, False, False), (False, True, False)]
)
async def test_events_are_compressed_where_the_client_offers_it_and_the_setting_allows(
    allowed: bool, offered: bool, used: bool
) -> None:
    async with serving(event_compression=allowed) as served:
        url = f"{served.url.replace('http', 'ws')}/v1/events"
        extensions = [ClientPerMessageDeflateFactory()] if offered else None
        async with connect(url, compression=None, extensions=extensions, proxy=None) as client:
            assert client.response is not None
            assert ("Sec-WebSocket-Extensions" in client.response.headers) is used
            await _talk(served, client)


async def _talk(served: Served, client: ClientConnection) -> None:
    """Events, large and small, an answer among them, and many at once."""
    for reason in ("small", "large" * 10_000):
        served.hub.publish("str_a", "med_a", MediaStalled(reason))
        (event,) = await received(client)
        assert event["data"] == {"reason": reason}
    await changed(client, types=["media.stalled"])
    for number in range(300):
        served.hub.publish("str_a", "med_a", MediaStalled(str(number)))
    assert [event["data"]["reason"] for event in await received(client, 300)] == [str(n) for n in range(300)]
