"""Streams at run time, where HTTP alone does not show it."""

import asyncio
import json
import logging
import time
from typing import Any

import pytest

from inference.policy import Policy
from stream.address import parse
from stream.options import SourceOptions
from tests.web.fakes import FakeSource
from tests.web.serving import Served, serving
from web.delivery.hub import Filter
from web.registry import ENDED_KEPT, ShuttingDown, default_name


class Clinging(FakeSource):
    """It does not close before it is let go."""

    def __init__(self, options: SourceOptions) -> None:
        super().__init__(options)
        self.let_go = asyncio.Event()

    async def aclose(self) -> None:
        await self.let_go.wait()


async def told(served: Served, count: int) -> list[dict[str, Any]]:
    """That many of the first events of the service."""
    subscriber = served.hub.subscribe(Filter(), since=0)
    got: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while len(got) < count + 1:
            got += [json.loads(entry.data) for entry in await subscriber.take()]
    served.hub.unsubscribe(subscriber)
    return got[1:]


async def test_a_live_stream_whose_worker_died_comes_back_as_the_same_media() -> None:
    async with serving() as served:
        stream = await served.add()
        path = f"/v1/streams/{stream['id']}"
        first = await served.pool.source(0)
        first.live()
        first.sample(0.0, 0.1)
        await served.until(path, lambda answer: answer["samples"] == 1)
        first.fail("worker_lost", "It died.")
        second = await served.pool.source(1)
        back = await served.until(path, lambda answer: answer["state"] == "reconnecting")
        assert back["media"] == stream["media"]
        second.live()
        second.sample(0.0, 0.1)
        again = await served.until(path, lambda answer: answer["samples"] == 2)
        assert again["state"] == "live"
        assert again["error"] is None
        assert again["position"] > 0.0
        kinds = [event["type"] for event in await told(served, 4)]
        assert kinds[:4] == ["media.started", "gore.prob", "media.stalled", "media.resumed"]


async def test_a_failure_after_frames_keeps_what_was_scored() -> None:
    async with serving() as served:
        stream = await served.add(policy={"reconnect_for": 0.0})
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.1)
        source.fail()
        path = f"/v1/streams/{stream['id']}"
        await served.until(path, lambda answer: answer["state"] == "failed")
        assert (await served.get(f"{path}/summary"))["status"] == "success"
        events = await told(served, 3)
        assert [event["type"] for event in events] == ["media.started", "gore.prob", "media.failed"]
        assert events[-1]["data"]["error"]["code"] == "connection_lost"


async def test_the_service_takes_no_more_streams_once_it_stops_and_ends_those_it_has() -> None:
    async with serving() as served:
        stream = await served.add()
        source = await served.pool.source()
        source.live()
        await served.registry.aclose()
        assert source.closed
        assert (await served.get(f"/v1/streams/{stream['id']}"))["state"] == "ended"
        async with served.http.post("/v1/streams", json={"url": "rtsp://camera.example/"}) as response:
            assert response.status == 503
        with pytest.raises(ShuttingDown):
            await served.registry.receive("v=0", name="cam", policy=Policy())


async def test_only_the_last_ended_streams_are_kept() -> None:
    async with serving() as served:
        streams = []
        for number in range(ENDED_KEPT + 2):
            stream = served.registry.add(
                parse("rtsp://camera.example/"), name=f"n{number}", policy=Policy(), trusted=False
            )
            streams.append(stream)
            await served.registry.end(stream)
        known = list(served.registry)
        assert len(known) == ENDED_KEPT
        assert known[0] is streams[2]
        assert served.registry.media(streams[0].media.media_id) is None


def test_default_names() -> None:
    for address, name in [
        ("/videos/holiday.mp4", "holiday"),
        ("rtsp://cam.example/live/front%20door", "front-20door"),
        ("rtmp://cam.example/app/stream.flv?key=1", "stream"),
        ("https://cam.example", "cam.example"),
        ("http://[::1]/", "1"),
        ("/videos/…", "stream"),
    ]:
        assert default_name(parse(address)) == name


async def test_a_source_that_does_not_close_is_cut_off_and_its_media_is_finished_all_the_same() -> None:
    async with serving() as served:
        sources: list[Clinging] = []

        def new_source(options: SourceOptions) -> Clinging:
            sources.append(Clinging(options))
            return sources[-1]

        served.pool.new_source = new_source
        stream = await served.add()
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.1)
        await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == 1)
        started_s = time.monotonic()
        await served.registry.aclose()
        assert time.monotonic() - started_s < 3.5
        kinds = [event["type"] for event in await told(served, 3)]
        assert kinds == ["media.started", "gore.prob", "media.finished"]
        assert (await served.get(f"/v1/streams/{stream['id']}"))["state"] == "ended"
        sources[0].let_go.set()


@pytest.mark.parametrize("again", [False, True])
async def test_that_a_stream_is_live_is_said_once(caplog: pytest.LogCaptureFixture, again: bool) -> None:
    with caplog.at_level(logging.INFO, "gorewatch.streams"):
        async with serving() as served:
            stream = await served.add(name="door")
            source = await served.pool.source()
            source.live()
            if again:
                source.live()
            source.sample(0.0, 0.1)
            await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == 1)
    assert caplog.messages.count("door is live") == 1
