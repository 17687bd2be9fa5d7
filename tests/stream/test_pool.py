"""The pool with real worker processes and real media: what is read, and what bad input gets."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stream.address import parse
from stream.errors import Overloaded
from stream.messages import REPORTS, Picked, frame
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Sample, State, Status
from stream.setup import WorkerLimits
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.tcp import Manner, TcpServer
from tests.stream.reading import a_pool, drain, read, trusted


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with a_pool() as pool:
        yield pool


@pytest.mark.parametrize("name", ["mp4", "ts", "flv"])
async def test_a_stored_video_gives_a_sample_each_half_second_of_the_right_picture(
    pool: WorkerPool, clips: Clips, name: str
) -> None:
    reading = await read(pool, str(getattr(clips, name)), replace(trusted(), decode="all"))

    assert reading.states == [State.CONNECTING, State.LIVE, State.ENDED]
    assert [round(position, 1) for position in reading.positions] == [i / 2 for i in range(12)]
    assert reading.seconds == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert reading.numbers == list(range(12))
    assert reading.info is not None
    assert (reading.info.codec, reading.info.live) == ("h264", False)
    assert reading.counters.frames == 180


async def test_vp8(pool: WorkerPool, clips: Clips) -> None:
    reading = await read(pool, str(clips.webm), trusted(fps=1.0))
    assert reading.info is not None
    assert reading.info.codec == "vp8"
    assert reading.seconds == [0, 1, 2, 3]


async def test_a_picture_is_one_sample(pool: WorkerPool, clips: Clips) -> None:
    for path, second in ((clips.jpeg, 0), (clips.png, 1)):
        reading = await read(pool, str(path))
        assert (reading.positions, reading.seconds) == ([0.0], [second])
        assert reading.states[-1] is State.ENDED


async def test_http_and_a_finished_hls_playlist(pool: WorkerPool, clips: Clips, http_server: HttpServer) -> None:
    for path in (clips.mp4, clips.hls):
        reading = await read(pool, http_server.url(path), trusted(fps=1.0))
        assert reading.states == [State.CONNECTING, State.LIVE, State.ENDED]
        assert reading.seconds[:6] == [0, 1, 2, 3, 4, 5]
        assert reading.info is not None
        assert not reading.info.live


async def test_a_growing_playlist_is_live_and_its_end_ends_it(pool: WorkerPool, http_server: HttpServer) -> None:
    http_server.grow_until = 6
    source = await pool.pull(parse(http_server.url("/live/index.m3u8")), trusted())
    states: list[State] = []
    async for item in source:
        if isinstance(item, Sample):
            source.release(item)
            http_server.end_live()
        else:
            states.append(item.state)
            if item.info is not None:
                assert item.info.live
    await source.aclose()
    assert states == [State.CONNECTING, State.LIVE, State.ENDED]


BAD_FILES = {"sound": "no_video", "empty": "not_media", "html": "not_media"}


@pytest.mark.parametrize(("name", "code"), BAD_FILES.items())
async def test_what_is_no_video_says_so(pool: WorkerPool, clips: Clips, name: str, code: str) -> None:
    reading = await read(pool, str(getattr(clips, name)))
    assert (reading.states, reading.code) == ([State.CONNECTING, State.FAILED], code)


async def test_a_file_that_is_not_there(pool: WorkerPool, tmp_path: Path) -> None:
    reading = await read(pool, str(tmp_path / "gone.mp4"))
    assert reading.code == "not_found"
    assert reading.failure is not None
    assert "gone.mp4" in reading.failure.message


async def test_the_frames_before_a_cut_count(pool: WorkerPool, clips: Clips) -> None:
    reading = await read(pool, str(clips.truncated))
    assert reading.states[:2] == [State.CONNECTING, State.LIVE]
    assert (reading.states[-1], reading.code) == (State.FAILED, "truncated")
    assert reading.seconds[:5] == [0, 0, 1, 1, 2]


async def test_damage_in_the_middle_costs_only_what_it_hit(pool: WorkerPool, clips: Clips) -> None:
    reading = await read(pool, str(clips.corrupt), trusted(fps=1.0))
    assert reading.states[-1] is State.ENDED
    assert reading.seconds[0] == 0
    assert reading.seconds[-1] == 5


async def test_a_change_of_size_goes_on(pool: WorkerPool, clips: Clips) -> None:
    reading = await read(pool, str(clips.resized), trusted(fps=1.0))
    assert reading.states[-1] is State.ENDED
    assert reading.seconds == [0, 1, 2, 3, 4, 5]


async def test_stamps_that_jump_back_open_an_epoch_and_positions_go_on(pool: WorkerPool, clips: Clips) -> None:
    reading = await read(pool, str(clips.rewound), trusted(fps=1.0))
    assert reading.positions == sorted(set(reading.positions))
    assert (reading.epochs[0], reading.epochs[-1]) == (0, 1)
    assert reading.positions[-1] > 4.0


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/status/404", "not_found"),
        ("/status/403", "access_denied"),
        ("/status/401", "access_denied"),
        ("/status/500", "server_error"),
        ("/silent", "timeout"),
    ],
)
async def test_http_answers_that_are_no_video(pool: WorkerPool, http_server: HttpServer, path: str, code: str) -> None:
    assert (await read(pool, http_server.url(path), trusted(deadline_s=1.0))).code == code


async def test_a_page_over_http(pool: WorkerPool, clips: Clips, http_server: HttpServer) -> None:
    assert (await read(pool, http_server.url(clips.html))).code == "not_media"
    assert (await read(pool, http_server.url(clips.empty))).code == "not_media"


async def test_a_server_that_stops_in_the_middle_fails_after_the_frames_it_sent(
    pool: WorkerPool, clips: Clips, http_server: HttpServer
) -> None:
    reading = await read(pool, http_server.url(f"/stall/{clips.ts.name}"), trusted(deadline_s=1.0))
    assert reading.states == [State.CONNECTING, State.LIVE, State.FAILED]
    assert reading.code == "timeout"
    assert reading.seconds[:3] == [0, 0, 1]


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
async def test_a_socket_that_says_nothing_times_out(
    pool: WorkerPool, tcp_server: Callable[[Manner], TcpServer], scheme: str
) -> None:
    reading = await read(pool, tcp_server("silent").url(scheme), trusted(deadline_s=1.0))
    assert (reading.states[-1], reading.code) == (State.FAILED, "timeout")


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
@pytest.mark.parametrize("manner", ["hang_up", "garbage"])
async def test_a_socket_that_talks_nonsense_fails(
    pool: WorkerPool, tcp_server: Callable[[Manner], TcpServer], scheme: str, manner: Manner
) -> None:
    reading = await read(pool, tcp_server(manner).url(scheme), trusted(deadline_s=2.0))
    assert reading.states == [State.CONNECTING, State.FAILED]


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
async def test_nobody_listens(pool: WorkerPool, scheme: str, unused_tcp_port: int) -> None:
    reading = await read(pool, f"{scheme}://127.0.0.1:{unused_tcp_port}/live/stream")
    assert reading.code == "connection_refused"


async def test_a_host_that_does_not_exist(pool: WorkerPool) -> None:
    assert (await read(pool, "rtsp://no-such-host.invalid/stream")).code == "host_unknown"


async def test_a_private_address_that_a_caller_named_is_refused(
    pool: WorkerPool, clips: Clips, http_server: HttpServer
) -> None:
    strict = SourceOptions(fps=1.0)
    url = http_server.url(clips.ts)

    refused = await read(pool, url, strict)
    allowed = await read(pool, url, replace(strict, egress_allow=("127.0.0.0/8",)))

    assert refused.code == "address_refused"
    assert refused.failure is not None
    assert "GOREWATCH_EGRESS_ALLOW" in refused.failure.message
    assert allowed.states[-1] is State.ENDED


async def test_a_source_that_never_connected_can_be_closed(
    pool: WorkerPool, tcp_server: Callable[[Manner], TcpServer]
) -> None:
    source = await pool.pull(parse(tcp_server("silent").url("http")), trusted(deadline_s=2.0))
    items = aiter(source)
    assert await anext(items) == Status(State.CONNECTING)
    await source.aclose()
    assert await anext(items) == Status(State.ENDED)
    await source.aclose()


async def test_a_stored_file_waits_for_a_slow_reader_and_loses_nothing(pool: WorkerPool, clips: Clips) -> None:
    source = await pool.pull(parse(str(clips.ts)), trusted(fps=30.0))
    held: list[Sample] = []
    numbers: list[int] = []
    async for item in source:
        if isinstance(item, Sample):
            numbers.append(item.number)
            held.append(item)
            if len(held) == 8:  # as many as a stored source may hold: it stands still until one comes back
                source.release(held.pop(0))
    await source.aclose()
    assert numbers == list(range(180))
    assert source.counters().dropped == {}


async def test_a_live_source_drops_for_a_reader_that_holds_everything(pool: WorkerPool, clips: Clips) -> None:
    paced = replace(trusted(fps=30.0), paced=True)
    source = await pool.pull(parse(str(clips.ts)), paced)
    held: list[Sample] = []
    ended = False
    async for item in source:
        if isinstance(item, Sample):
            held.append(item)
        ended = isinstance(item, Status) and item.state is State.ENDED
    assert ended
    assert len(held) == 4
    assert source.counters().dropped["overload"] >= 170
    await source.aclose()


async def test_a_worker_that_is_killed_fails_its_sources_and_no_other(clips: Clips) -> None:
    async with a_pool(workers=2) as pool:
        sources = [await pool.pull(parse(str(clips.ts)), replace(trusted(), paced=True, loop=True)) for _ in range(2)]
        streams = [aiter(source) for source in sources]
        for stream in streams:
            while not isinstance(await anext(stream), Sample):
                pass
        victim = pool.workers[0]
        os.kill(victim.pid, signal.SIGKILL)

        readings = await asyncio.gather(*(drain(source, samples=4) for source in sources))

        lost = [reading for reading in readings if reading.code == "worker_lost"]
        others = [reading for reading in readings if reading.failure is None]
        assert (len(lost), len(others)) == (1, 1)
        assert len(others[0].positions) == 4
        # A new worker takes the seat and reads on.
        again = await read(pool, str(clips.ts), trusted(fps=1.0))
        assert again.states[-1] is State.ENDED
        await pool.wait_ready()
        assert victim.pid not in {worker.pid for worker in pool.workers}


async def test_a_pool_leaves_no_process_and_no_descriptor(clips: Clips) -> None:
    def descriptors() -> int:
        gc.collect()  # a ring stays mapped until the last view on it is gone
        return len(list(Path("/dev/fd").iterdir()))

    async with a_pool() as pool:
        await read(pool, str(clips.jpeg))
    await asyncio.sleep(0)  # the closed pool's last tasks are let go of
    before = descriptors()
    async with a_pool(workers=2) as pool:
        pids = [worker.pid for worker in pool.workers]
        await read(pool, str(clips.ts), samples=3)
    await asyncio.sleep(0)
    assert descriptors() == before
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_closing_while_a_dead_worker_is_being_replaced(clips: Clips) -> None:
    async with a_pool() as pool:
        os.kill(pool.workers[0].pid, signal.SIGKILL)
        reading = await read(pool, str(clips.jpeg))
        assert reading.states[-1].final


async def test_a_worker_that_hangs_is_replaced(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.process._HANG_TIMEOUT_S", 1.5)
    async with a_pool() as pool:
        source = await pool.pull(parse(str(clips.ts)), replace(trusted(), paced=True, loop=True))
        os.kill(pool.workers[0].pid, signal.SIGSTOP)
        assert (await drain(source)).code == "worker_lost"
        assert (await read(pool, str(clips.jpeg))).states[-1] is State.ENDED


async def test_workers_that_are_started_killed_and_stopped_leave_nothing(
    clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.process._HANG_TIMEOUT_S", 1.5)
    live = replace(trusted(), paced=True, loop=True)
    async with a_pool() as pool:  # what is made once, a child watcher for one, is made now
        await read(pool, str(clips.jpeg))
    await asyncio.sleep(0)  # the closed pool's last tasks are let go of
    before = _held()
    async with a_pool(workers=2) as pool:
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL):
            source = await pool.pull(parse(str(clips.ts)), live)
            (worker,) = [worker for worker in pool.workers if worker.sources]
            os.kill(worker.pid, number)
            assert (await drain(source)).code == "worker_lost"
            await pool.wait_ready()
            del source
        assert pool.restarts == 3
    await asyncio.sleep(0)
    assert _held() == before


def _held() -> tuple[int, set[int], set[Path]]:
    """Descriptors, children (zombies too) and segments of shared memory."""
    gc.collect()  # a ring stays mapped until the last view on it is gone
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    listings = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    children = {int(child) for listing in listings for child in listing.split()}
    return descriptors, children, set(Path("/dev/shm").iterdir())


async def test_a_worker_that_grows_past_its_limit_is_replaced(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.pool._MEMORY_EVERY_S", 0.1)
    limits = WorkerLimits(memory_bytes=1)  # less than any has
    async with WorkerPool(1, width_px=64, height_px=64, limits=limits) as pool:
        live = replace(trusted(), paced=True, loop=True)
        for _ in range(2):
            assert (await drain(await pool.pull(parse(str(clips.ts)), live))).code == "worker_replaced"
        assert pool.restarts > 0


async def test_a_worker_takes_no_more_sources_than_it_may_have(clips: Clips) -> None:
    live = replace(trusted(), paced=True, loop=True)
    async with WorkerPool(1, width_px=64, height_px=64, limits=WorkerLimits(sources=2)) as pool:
        first, _ = [await pool.pull(parse(str(clips.ts)), live) for _ in range(2)]
        with pytest.raises(Overloaded):
            await pool.pull(parse(str(clips.ts)), live)
        await first.aclose()
        assert (await read(pool, str(clips.jpeg))).states[-1] is State.ENDED


async def test_a_worker_may_open_as_many_files_as_its_sources_need() -> None:
    async with WorkerPool(1, width_px=64, height_px=64, limits=WorkerLimits(sources=10)) as pool:
        limits = await asyncio.to_thread(Path(f"/proc/{pool.workers[0].pid}/limits").read_text)
    (files,) = [line.split()[3] for line in limits.splitlines() if line.startswith("Max open files")]
    assert files == str(256 + 16 * 10)


async def test_a_worker_that_names_a_slot_that_is_not_there_is_replaced(clips: Clips) -> None:
    async with a_pool() as pool:
        source = await pool.pull(parse(str(clips.ts)), replace(trusted(), paced=True, loop=True))
        seat = pool._seats[0]
        assert seat.process is not None
        stray = Picked(source=source.number, slot=9999, number=0, position_s=0.0, captured_s=0.0, epoch=0)
        seat.process._reader.feed_data(frame(REPORTS.dump_json(stray)))
        assert (await drain(source)).code == "worker_lost"
        assert (await read(pool, str(clips.jpeg))).states[-1] is State.ENDED


async def test_a_worker_is_told_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_TOKEN", "not-for-workers")
    async with a_pool() as pool:
        environment = await asyncio.to_thread(Path(f"/proc/{pool.workers[0].pid}/environ").read_bytes)
    assert b"not-for-workers" not in environment
    assert b"GOREWATCH_" not in environment
