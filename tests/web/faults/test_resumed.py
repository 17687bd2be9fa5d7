"""The service is killed or stopped while it watches a live stream: the next one goes on, and nobody misses anything."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.servers.rtmp import RtmpServer
from tests.servers.service import Service, running_service
from tests.web.faults.flicker import flickering, write_flicker
from tests.web.faults.logbook import WITHIN_S, Logbook, first_id, following, kept_in
from tests.web.faults.test_killed import DEAR, compare, ends

pytestmark = pytest.mark.timeout(240)


async def live(service: Service, stream_id: str, *, beyond: str = "") -> dict[str, Any]:
    """The stream once it is live, with another media than that."""
    answer: dict[str, Any] = await asyncio.to_thread(
        service.wait_for, f"/v1/streams/{stream_id}", lambda now: now["state"] == "live" and now["media"] != beyond
    )
    return answer


async def closed(subscriber: Logbook, media: str) -> None:
    """Until the end of this media was told of."""
    async with asyncio.timeout(WITHIN_S):
        while (media, "media.finished") not in {(one["subject"], one["type"]) for one in subscriber.events.values()}:
            subscriber.moved.clear()
            await subscriber.moved.wait()


@pytest.mark.parametrize("killed", [True, False])
async def test_a_live_stream_goes_on_with_the_next_service(
    tmp_path: Path, rtmp_server: RtmpServer, killed: bool
) -> None:
    address = f"sqlite:///{tmp_path}/gorewatch.db"
    subscriber = Logbook(await first_id(address), DEAR)
    env = {**flickering(tmp_path), "GOREWATCH_STORE": address}
    clip = write_flicker(tmp_path / "flicker.mp4", minutes=0.25)
    with rtmp_server.publish(clip, "show"):
        with running_service(tmp_path, env=env) as service:
            async with following(service.url, [subscriber]):
                body = {"url": rtmp_server.url("show"), "name": "show"}
                status, added = await asyncio.to_thread(service.request, "POST", "/v1/streams", body)
                assert status == 201
                first = await live(service, added["id"])
                await subscriber.more(3)
                if killed:
                    service.kill()
                else:
                    assert await asyncio.to_thread(service.stop) == 0
        with running_service(tmp_path, env=env) as service:
            async with following(service.url, [subscriber]):
                again = await live(service, added["id"], beyond=first["media"])
                await subscriber.more(3)
                status, _ = await asyncio.to_thread(service.request, "DELETE", f"/v1/streams/{added['id']}")
                assert status == 200
                await closed(subscriber, again["media"])
        with running_service(tmp_path, env=env) as service:
            assert await asyncio.to_thread(service.request, "GET", "/v1/streams") == (200, {"streams": []})
    assert (again["id"], again["name"], again["started"]) == (first["id"], first["name"], first["started"])
    kept = await kept_in(address)
    compare([subscriber], kept)
    assert ends(kept) == {first["media"]: 1, again["media"]: 1}
    assert (kept.open_media, kept.open_incidents) == (0, 0)
    # The first media is closed before the second begins.
    media = [str(event["subject"]) for event in subscriber.events.values()]
    assert media == sorted(media)


async def test_a_live_stream_that_is_away_when_the_service_comes_back_is_waited_for(
    tmp_path: Path, rtmp_server: RtmpServer
) -> None:
    env = flickering(tmp_path)
    clip = write_flicker(tmp_path / "flicker.mp4", minutes=0.25)
    with running_service(tmp_path, env=env) as service, rtmp_server.publish(clip, "show"):
        body = {"url": rtmp_server.url("show")}
        _, added = await asyncio.to_thread(service.request, "POST", "/v1/streams", body)
        first = await live(service, added["id"])
        service.kill()
    with running_service(tmp_path, env=env) as service:
        path = f"/v1/streams/{added['id']}"
        away = await asyncio.to_thread(service.wait_for, path, lambda now: now["state"] == "reconnecting")
        assert away["error"]["code"]
        with rtmp_server.publish(clip, "show"):
            await live(service, added["id"], beyond=first["media"])
