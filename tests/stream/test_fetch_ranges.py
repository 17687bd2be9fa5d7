"""Servers that send parts of files, that say they do, and that only do; and how long any of them may take."""

import socket
from collections.abc import Callable

import av
import pytest

from stream.errors import ConnectionLost, ServerError, SourceTimeout
from stream.fetch import Body, Deadline, Fetcher
from stream.options import SourceOptions
from stream.spool import Spooled
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.raw import Answer, asked_range, raw_server

_LOCAL = SourceOptions(fps=1.0, egress_allow=("127.0.0.0/8",), open_timeout_s=5.0, read_timeout_s=5.0)


def fetcher(seconds: float = 5.0) -> Fetcher:
    deadline = Deadline()
    deadline.arm(seconds)
    return Fetcher(_LOCAL, deadline)


def parts(content: bytes, *, at_most: int = 1 << 30) -> Answer:
    """A server that does ranges, of `at_most` bytes at a time, and does not say so."""

    def answer(request: str, connection: socket.socket) -> None:
        first, last = asked_range(request)
        last = min(len(content) - 1 if last is None else last, first + at_most - 1)
        head = f"Content-Range: bytes {first}-{last}/{len(content)}\r\nContent-Length: {last + 1 - first}"
        connection.sendall(f"HTTP/1.1 206 OK\r\n{head}\r\n\r\n".encode() + content[first : last + 1])

    return answer


def whole(content: bytes) -> Answer:
    """A server that says it does ranges, and always sends everything."""
    head = f"HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: {len(content)}\r\n\r\n"
    return lambda _, connection: connection.sendall(head.encode() + content)


def _rest(body: Body, size: int = 4096) -> bytes:
    return b"".join(iter(lambda: body.read(size), b""))


@pytest.fixture(scope="module")
def tail(clips: Clips) -> bytes:
    """MP4 with its index at the end, 3 s."""
    content = clips.video("tail.mp4", seconds=3).read_bytes()
    assert content.index(b"moov") > content.index(b"mdat")
    return content


@pytest.mark.parametrize("server_of", [parts, whole])
def test_an_mp4_with_its_index_at_the_end(server_of: Callable[[bytes], Answer], tail: bytes) -> None:
    with raw_server(server_of(tail)) as server:
        opener = fetcher()
        with av.open(opener.begin(server.url("/a.mp4")), io_open=opener.io_open) as container:
            assert sum(1 for _ in container.decode(video=0)) == 90
        opener.close()
        assert opener.size == len(tail)
        assert opener.failure is None


def test_a_server_is_asked_for_a_range_at_once(tail: bytes) -> None:
    with raw_server(parts(tail)) as server:
        opener = fetcher()
        body = opener.io_open(opener.begin(server.url()), 0, {})
        assert isinstance(body, Body)
        assert body.seekable()
        assert [body.seek(0, 2), body.seek(0)] == [len(tail), 0]
        assert _rest(body) == tail
        assert len(server.requests) == 1, "asking for the size takes no request"


def test_a_server_that_only_says_it_does_ranges_is_read_through_a_file(tail: bytes) -> None:
    with raw_server(whole(tail)) as server:
        opener = fetcher()
        body = opener.io_open(opener.begin(server.url()), 0, {})
        assert isinstance(body, Spooled)
        body.close()


def test_parts_that_are_smaller_than_asked_for_are_joined() -> None:
    content = bytes(range(200))
    with raw_server(parts(content, at_most=30)) as server:
        assert _rest(fetcher().open(server.url())) == content
        assert _rest(fetcher().open(server.url(), start=20, end=90)) == content[20:90]


@pytest.mark.parametrize("server_of", [parts, whole])
def test_a_part_of_a_file_is_that_part(server_of: Callable[[bytes], Answer]) -> None:
    content = bytes(range(256)) * 1000
    with raw_server(server_of(content)) as server:
        body = fetcher().open(server.url(), start=100_000, end=100_030)
        assert _rest(body, 7) == content[100_000:100_030]


def test_a_server_that_forgets_ranges_is_read_on_from_the_start() -> None:
    content = bytes(range(256)) * 1000

    def answer(request: str, connection: socket.socket) -> None:
        (parts if len(server.requests) == 1 else whole)(content)(request, connection)

    with raw_server(answer) as server:
        body = fetcher().open(server.url())
        assert body.read(10) == content[:10]
        assert body.seek(-30, 2) == len(content) - 30
        assert _rest(body) == content[-30:]


@pytest.mark.parametrize("stated", ["bytes 0-9/200", "bytes 60-199/200", "bytes 50-300/200", "none"])
def test_another_part_than_asked_for_is_not_taken(stated: str) -> None:
    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 206 OK\r\nContent-Range: {stated}\r\n\r\n".encode() + b"x" * 10)

    with raw_server(answer) as server, pytest.raises(ServerError, match="another part"):
        fetcher().open(server.url(), start=50)


def test_a_part_that_is_cut_short_is_told() -> None:
    def answer(request: str, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 206 OK\r\nContent-Range: bytes 0-99/100\r\n\r\n" + b"x" * 10)

    with raw_server(answer) as server:
        body = fetcher().open(server.url())
        assert body.read(100) == b"x" * 10
        with pytest.raises(ConnectionLost, match="10 of 100"):
            body.read(100)
        body.close()


def test_somebody_hears_of_every_answer_and_every_read() -> None:
    heard: list[str] = []
    deadline = Deadline()
    deadline.arm(5.0)
    with raw_server(parts(b"abc")) as server:
        opener = Fetcher(_LOCAL, deadline, heard=lambda: heard.append("heard"))
        body = opener.open(server.url())
        assert len(heard) == 1
        body.read(1)
        assert len(heard) == 2
        body.close()
        with pytest.raises(ServerError):
            opener.open(server.url(), start=99)
    assert len(heard) == 2


class _Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_an_answer_gives_the_seconds_anew_up_to_a_minute() -> None:
    clock = _Clock()
    deadline = Deadline(clock)
    deadline.arm(10.0, extensible_to_s=60.0)
    clock.now_s = 9.0
    deadline.extend()
    assert deadline.left_s() == 10.0
    clock.now_s = 58.0
    deadline.extend()
    assert deadline.left_s() == 2.0
    clock.now_s = 60.0
    with pytest.raises(SourceTimeout, match="60 s"):
        deadline.left_s()
    deadline.extend()
    with pytest.raises(SourceTimeout):
        deadline.left_s()


def test_a_sleep_of_ffmpegs_own_is_not_the_servers_silence() -> None:
    clock = _Clock()
    deadline = Deadline(clock)
    deadline.arm(10.0, extensible_to_s=60.0)
    clock.now_s = 12.0
    deadline.extend()
    assert deadline.left_s() == 10.0


@pytest.mark.parametrize("given_s", [10.0, 100.0])
def test_the_opening_phase_is_not_extended(given_s: float) -> None:
    clock = _Clock()
    deadline = Deadline(clock)
    deadline.arm(given_s)
    clock.now_s = given_s - 1.0
    deadline.extend()
    assert deadline.left_s() == 1.0


def _seconds_of_live(http_server: HttpServer, *, extensible: bool) -> float:
    """Media seconds that arrive of a playlist whose segments are longer than a packet may take."""
    opener = fetcher()
    url = opener.begin(http_server.url("/live/index.m3u8"))
    last_s = 0.0
    with av.open(url, options={"http_persistent": "0"}, io_open=opener.io_open) as container:
        opener.deadline.arm(0.7, extensible_to_s=60.0 if extensible else 0.0)
        started_s: float | None = None
        for packet in container.demux(video=0):
            if packet.pts is None or packet.time_base is None:
                continue
            opener.deadline.arm(0.7, extensible_to_s=60.0 if extensible else 0.0)
            position_s = float(packet.pts * packet.time_base)
            started_s = position_s if started_s is None else started_s
            last_s = position_s - started_s
            if last_s > 5.5:
                break
    opener.close()
    return last_s


def test_segments_longer_than_a_packet_may_take(http_server: HttpServer) -> None:
    assert _seconds_of_live(http_server, extensible=True) > 5.5
