"""The pool with real worker processes and real media: what is read, and what bad input gets."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stream.address import parse
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Sample, State, Status
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.tcp import Manner, TcpServer
from tests.stream.reading import read, trusted


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
