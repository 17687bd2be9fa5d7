"""Streams at run time, where HTTP alone does not show it."""

import asyncio
import json
import logging
import time
from typing import Any

import pytest

from inference.policy import Policy
from stream.address import parse
from stream.errors import ConnectionRefused
from stream.options import SourceOptions
from stream.sample import Counters
from tests.web.fakes import FakeSource
from tests.web.serving import Served, serving
from web.delivery.filters import Filter
from web.names import ShuttingDown, default_name
from web.registry import ENDED_KEPT


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


async def test_a_stream_that_is_lost_says_by_what_and_ends_at_once_when_it_is_told_to() -> None:
    async with serving() as served:
        stream = await served.add(policy={"reconnect_for": 600.0})
        path = f"/v1/streams/{stream['id']}"
        source = await served.pool.source()
        source.given = Counters(
            packets=30, size_bytes=4000, frames=20, samples=2, decode_errors=1, fallbacks=2, lag_s=0.25
        )
        source.live()
        source.sample(0.0, 0.1)
        live = await served.until(path, lambda answer: answer["samples"] == 1)
        assert live["counters"] == {
            "packets": 30,
            "bytes": 4000,
            "frames": 20,
            "samples": 2,
            "dropped": {},
            "decode_errors": 1,
            "fallbacks": 2,
            "reconnects": 0,
            "lag": 0.25,
        }
        served.pool.refuse = ConnectionRefused("Nobody listens.")
        source.fail("connection_lost", "It broke.")
        lost = await served.until(path, lambda answer: answer["counters"]["reconnects"] > 0)
        assert lost["state"] == "reconnecting"
        assert lost["error"]["code"] in ("connection_lost", "connection_refused")
        assert lost["counters"]["lag"] is None
        async with served.http.get("/metrics") as response:
            metrics = await response.text()
        assert "gorewatch_reconnects_total 1.0" in metrics
        assert 'gorewatch_streams{state="reconnecting"} 1.0' in metrics
        assert "gorewatch_packets_total 30.0" in metrics
        async with served.http.delete(path) as response:
            assert response.status == 200
            assert (await response.json())["request"]["operations"] == 1
        assert (await served.get(path))["state"] == "ended"
        kinds = [event["type"] for event in await told(served, 4)]
        assert kinds == ["media.started", "gore.prob", "media.stalled", "media.finished"]


async def test_a_live_stream_that_falls_silent_is_stalled_until_frames_come() -> None:
    async with serving() as served:
        stream = await served.add(policy={"stall_after": 0.1})
        path = f"/v1/streams/{stream['id']}"
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.1)
        await served.until(path, lambda answer: answer["state"] == "stalled")
        source.sample(5.0, 0.1)
        await served.until(path, lambda answer: answer["samples"] == 2)
        events = {event["type"]: event for event in await told(served, 4)}
        assert events["media.stalled"]["data"]["reason"] == "silent"
        assert "media.resumed" in events


async def test_a_publisher_that_falls_silent_is_stalled_too() -> None:
    async with serving() as served:
        await served.registry.receive("v=0", name="cam", policy=Policy(stall_after=0.1, reconnect_for=0.0))
        (stream,) = served.registry
        source = await served.pool.source()
        source.live()
        await served.until(f"/v1/streams/{stream.id}", lambda answer: answer["state"] == "stalled")
        source.fail("timeout", "The publisher sent no frame.")
        failed = await served.until(f"/v1/streams/{stream.id}", lambda answer: answer["state"] == "failed")
        assert failed["error"]["code"] == "timeout"


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
