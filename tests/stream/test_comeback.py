"""Live sources that are lost, fall silent and come back, with real servers and real workers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stream.address import parse
from stream.lifecycle import Backoff
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Sample, SourceInfo, State, Status
from stream.supervise import Reopening
from tests.media import Clips, write_video
from tests.servers.http import HttpServer
from tests.servers.live import Feed
from tests.servers.raw import raw_server
from tests.servers.rtmp import RtmpServer
from tests.servers.rtsp import run_rtsp_server
from tests.stream.reading import a_pool, read, trusted

_WITHIN_S = 60.0


class Watching:
    """Reads a supervised source; remembers what it saw."""

    def __init__(self, source: Reopening) -> None:
        self.source = source
        self.states: list[State] = []
        self.failures: list[str] = []
        self.infos: list[SourceInfo] = []
        self.positions: list[float] = []
        self.epochs: list[int] = []
        self._items = aiter(source)

    async def until(self, condition: Callable[["Watching"], bool]) -> None:
        async with asyncio.timeout(_WITHIN_S):
            while not condition(self):
                self._take(await anext(self._items))

    async def until_state(self, state: State) -> None:
        await self.until(lambda seen: bool(seen.states) and seen.states[-1] is state)

    async def until_samples(self, more: int) -> None:
        wanted = len(self.positions) + more
        await self.until(lambda seen: len(seen.positions) >= wanted)

    def _take(self, item: Sample | Status) -> None:
        if isinstance(item, Sample):
            self.positions.append(item.position_s)
            self.epochs.append(item.epoch)
            self.source.release(item)
            return
        self.states.append(item.state)
        if item.failure is not None:
            self.failures.append(item.failure.code)
        if item.info is not None:
            self.infos.append(item.info)


@asynccontextmanager
async def watching(
    pool: WorkerPool, url: str, options: SourceOptions | None = None, *, reconnect_for_s: float = 60.0
) -> AsyncIterator[Watching]:
    address, options = parse(url), options or replace(trusted(fps=4.0, deadline_s=15.0), read_timeout_s=5.0)
    source = Reopening(
        lambda: pool.pull(address, options),
        live=address.is_live_protocol or options.paced,
        stall_after_s=1.5,
        reconnect_for_s=reconnect_for_s,
        backoff=Backoff(first_s=0.2, longest_s=1.0),
    )
    try:
        yield Watching(source)
    finally:
        await source.aclose()


async def test_a_server_that_dies_mid_frame_and_comes_back_with_another_size(
    pool: WorkerPool, clips: Clips, tmp_path: Path
) -> None:
    other = write_video(tmp_path / "other.ts", codec="mpeg2video", width=320, height=240)
    with raw_server(Feed(iter([clips.ts, other]))) as server:
        async with watching(pool, server.url("/live")) as seen:
            await seen.until(lambda seen: seen.states.count(State.LIVE) == 2)
            await seen.until_samples(3)
    assert [(info.codec, info.width) for info in seen.infos] == [("h264", 640), ("mpeg2video", 320)]
    assert State.RECONNECTING in seen.states
    assert seen.positions == sorted(set(seen.positions))
    assert (seen.epochs[0], seen.epochs[-1]) == (0, 1)


async def test_one_that_does_not_come_back_has_ended_as_it_went_off_the_air(pool: WorkerPool, clips: Clips) -> None:
    with raw_server(Feed(iter([clips.ts]))) as server:
        async with watching(pool, server.url("/live"), reconnect_for_s=1.5) as seen:
            await seen.until(lambda seen: bool(seen.states) and seen.states[-1].final)
    assert seen.states[-1] is State.ENDED
    assert seen.source.counters().reconnects >= 1


@pytest.mark.parametrize("scheme", ["http", "rtmp", "rtsp"])
async def test_a_server_that_sends_a_byte_a_second_is_given_up(pool: WorkerPool, scheme: str) -> None:
    with raw_server(lambda _, connection: server.repeat(connection, b"\x03", 1.0)) as server:
        url = server.url("/live").replace("http", scheme)
        reading = await read(pool, url, trusted(deadline_s=2.5))
    assert (reading.states[-1], reading.code) == (State.FAILED, "timeout")


async def test_a_playlist_that_stands_still_is_stalled_and_goes_on_where_it_stopped(
    pool: WorkerPool, clips: Clips, http_server: HttpServer
) -> None:
    http_server.grow_until = 6
    async with watching(pool, http_server.url("/live/index.m3u8")) as seen:
        await seen.until_state(State.STALLED)
        http_server.grow_until = 9  # as many new ones as it lists at a time, less one
        await seen.until_state(State.LIVE)
        await seen.until_samples(8)
    assert seen.states == [State.CONNECTING, State.LIVE, State.STALLED, State.LIVE]
    # Each segment was read once, the first of them three before the end of the list; none was left out.
    segments = [int(request[-6:-3]) for request in http_server.requests if request.endswith(".ts")]
    assert segments == [(segments[0] + count) % 8 for count in range(len(segments))]
    assert set(seen.epochs) <= {0, 1}


async def test_a_playlist_that_never_grows_again_has_ended(
    pool: WorkerPool, clips: Clips, http_server: HttpServer
) -> None:
    http_server.grow_until = 5
    async with watching(pool, http_server.url("/live/index.m3u8"), reconnect_for_s=1.0) as seen:
        await seen.until_state(State.ENDED)
    assert seen.states == [State.CONNECTING, State.LIVE, State.STALLED, State.ENDED]


@pytest.mark.rtmp
async def test_an_rtmp_publisher_that_stops_and_comes_back(
    pool: WorkerPool, clips: Clips, rtmp_server: RtmpServer
) -> None:
    with ExitStack() as stack:
        stack.enter_context(rtmp_server.publish(clips.flv, "cam"))
        async with watching(pool, rtmp_server.url("cam")) as seen:
            await seen.until_samples(2)
            await asyncio.to_thread(stack.close)
            await seen.until_state(State.RECONNECTING)
            await asyncio.to_thread(stack.enter_context, rtmp_server.publish(clips.mp4, "cam"))
            await seen.until_state(State.LIVE)
            await seen.until_samples(2)
    assert [info.width for info in seen.infos][-1] == 1280
    assert seen.positions == sorted(set(seen.positions))


@pytest.mark.rtsp
async def test_an_rtsp_server_that_is_restarted(pool: WorkerPool, clips: Clips) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(run_rtsp_server(clips.mp4))
        async with watching(pool, first.url(), trusted(fps=4.0, deadline_s=10.0)) as seen:
            await seen.until_samples(2)
            await asyncio.to_thread(stack.close)
            await seen.until_state(State.RECONNECTING)
            await asyncio.to_thread(stack.enter_context, run_rtsp_server(clips.mp4, port=first.port))
            await seen.until_state(State.LIVE)
            await seen.until_samples(2)
    assert seen.positions == sorted(set(seen.positions))
    assert set(seen.failures) <= {"connection_lost", "connection_refused", "timeout"}


@pytest.mark.rtsp
async def test_an_rtsp_server_that_says_good_bye_is_over(pool: WorkerPool, clips: Clips) -> None:
    with run_rtsp_server(clips.mp4) as server:
        async with watching(pool, server.url("/clip"), trusted(fps=4.0, deadline_s=10.0)) as seen:
            await seen.until(lambda seen: bool(seen.states) and seen.states[-1] is not State.CONNECTING)
            await seen.until(lambda seen: seen.states[-1] is not State.LIVE)
    assert seen.states[-1] is State.ENDED


async def test_a_worker_that_is_killed_while_its_source_is_live(clips: Clips) -> None:
    paced = SourceOptions(fps=4.0, trusted=True, paced=True, loop=True)
    async with a_pool(workers=2) as pool, watching(pool, str(clips.ts), paced) as seen:
        await seen.until_samples(8)  # its counters come once a second
        (victim,) = [worker for worker in pool.workers if worker.sources]
        os.kill(victim.pid, signal.SIGKILL)
        await seen.until_state(State.RECONNECTING)
        await seen.until_state(State.LIVE)
        await seen.until_samples(2)
        assert seen.failures == ["worker_lost"]
        assert seen.positions == sorted(set(seen.positions))
        counters = seen.source.counters()
        assert (counters.reconnects, counters.packets > 0, counters.size_bytes > 0) == (1, True, True)
