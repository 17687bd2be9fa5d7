"""MPEG-TS over TCP, UDP and SRT, from programs that send it in real time."""

import asyncio
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from stream.address import parse
from stream.errors import AddressInvalid, AddressRefused, ConnectionLost, SourceTimeout, ToolMissing
from stream.feed import Feed
from stream.options import SourceOptions
from stream.sample import Sample, State
from stream.srt import transmitted
from tests.media import Clips
from tests.servers.needs import need_program
from tests.servers.ports import free_port
from tests.servers.tcp import run_tcp_server
from tests.servers.transmit import free_udp_port, need_srt, transmit
from tests.stream.reading import Reading, a_pool, read, trusted


def is_live(reading: Reading) -> bool:
    assert reading.failure is None, reading.failure
    assert reading.info is not None
    assert (reading.info.live, reading.info.codec, reading.info.width) == (True, "h264", 640)
    assert reading.positions == sorted(set(reading.positions))
    return reading.states[:2] == [State.CONNECTING, State.LIVE]


@contextmanager
def serving(content: bytes) -> Iterator[int]:
    """The port of a server that gives the first to connect these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(content)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10.0)


async def test_tcp_is_read_to_its_end(clips: Clips) -> None:
    with serving(clips.ts.read_bytes()) as port:
        async with a_pool() as pool:
            reading = await read(pool, f"tcp://127.0.0.1:{port}", trusted(fps=1.0))
    assert is_live(reading)
    assert reading.states[-1] is State.ENDED
    assert reading.counters.samples >= 1


async def test_a_silent_tcp_server_times_out() -> None:
    with run_tcp_server("silent") as server:
        async with a_pool() as pool:
            reading = await read(pool, server.url("tcp", ""), trusted(deadline_s=1.0))
    assert reading.code == "timeout"


@pytest.mark.parametrize(("content", "code"), [(b"", "connection_lost"), (bytes(range(256)) * 256, "not_media")])
async def test_tcp_servers_that_send_nothing_or_nonsense(content: bytes, code: str) -> None:
    with serving(content) as port:
        async with a_pool() as pool:
            reading = await read(pool, f"tcp://127.0.0.1:{port}", trusted(deadline_s=5.0))
    assert reading.code == code
    assert reading.failure is not None
    assert f"tcp://127.0.0.1:{port}" in reading.failure.message


async def test_tcp_where_nobody_listens() -> None:
    async with a_pool() as pool:
        reading = await read(pool, f"tcp://127.0.0.1:{free_port()}")
    assert reading.code == "connection_refused"


async def test_udp_is_received(clips: Clips) -> None:
    need_program("ffmpeg", "ffmpeg")
    port = free_udp_port()
    async with a_pool() as pool:
        with transmit(clips.ts, f"udp://127.0.0.1:{port}?pkt_size=1316"):
            reading = await read(pool, f"udp://127.0.0.1:{port}", trusted(deadline_s=15.0), samples=4)
    assert is_live(reading)


async def test_udp_that_falls_silent_times_out(clips: Clips) -> None:
    need_program("ffmpeg", "ffmpeg")
    port = free_udp_port()
    async with a_pool() as pool:
        source = await pool.pull(parse(f"udp://@127.0.0.1:{port}"), trusted(deadline_s=2.0))
        with transmit(clips.ts, f"udp://127.0.0.1:{port}?pkt_size=1316") as sender:
            async for item in source:
                if isinstance(item, Sample):
                    source.release(item)
                    sender.terminate()
                else:
                    last = item
        await source.aclose()
    assert last.failure is not None
    assert last.failure.code == "timeout"


@pytest.mark.parametrize(
    "url", ["udp://127.0.0.1:5000", "udp://0.0.0.0:5000", "srt://:9000", "srt://127.0.0.1:9000?mode=rendezvous"]
)
async def test_ports_of_this_machine_are_the_operators_to_open(url: str) -> None:
    need_srt()
    stranger = SourceOptions(egress_allow=("127.0.0.0/8", "0.0.0.0/32"))
    async with a_pool() as pool:
        reading = await read(pool, url, stranger)
    assert reading.code == "address_refused"
    assert reading.failure is not None
    assert "--source" in reading.failure.message


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        async with a_pool() as pool:
            reading = await read(pool, f"udp://127.0.0.1:{taken.getsockname()[1]}")
    assert reading.code == "address_refused"


async def test_srt_is_called(clips: Clips) -> None:
    need_srt()
    port = free_udp_port()
    async with a_pool() as pool:
        with transmit(clips.ts, f"srt://127.0.0.1:{port}?mode=listener&transtype=live"):
            reading = await read(pool, f"srt://127.0.0.1:{port}?latency=200", trusted(deadline_s=20.0), samples=3)
    assert is_live(reading)


async def test_srt_waits_to_be_called(clips: Clips) -> None:
    need_srt()
    port = free_udp_port()
    async with a_pool() as pool, AsyncExitStack() as sending:
        source = await pool.pull(parse(f"srt://127.0.0.1:{port}?mode=listener"), trusted(deadline_s=20.0))
        reading = Reading(colours=False)
        async for item in source:
            reading.take(item)
            if isinstance(item, Sample):
                source.release(item)
                break
            if item.state is State.CONNECTING:
                sending.enter_context(transmit(clips.ts, f"srt://127.0.0.1:{port}"))
        await source.aclose()
    assert is_live(reading)


class _Socket:
    held = False

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()

    def take(self, size: int) -> bytes:
        return self._sock.recv(size)


@pytest.mark.parametrize("url", ["srt://127.0.0.1:9000?mode=listener", "tcp://127.0.0.1:9000"])
def test_who_listens_waits_for_its_first_byte_and_for_no_other(url: str) -> None:
    now_s = 0.0
    ours, theirs = socket.socketpair()

    def heard() -> None:
        nonlocal now_s
        now_s += 1000.0
        if now_s == 2000.0:
            theirs.sendall(b"G")

    with ours, theirs:
        feed = Feed(parse(url), _Socket(ours), heard, threading.Event(), 1.0, clock=lambda: now_s)
        if parse(url).listens:
            assert feed.read(188) == b"G"
        with pytest.raises(SourceTimeout, match="silent"):
            feed.read(188)
        assert feed.read(188) == b""


def test_a_wait_ends_when_it_is_told_to() -> None:
    ours, theirs = socket.socketpair()
    stop = threading.Event()
    with ours, theirs:
        feed = Feed(parse("udp://127.0.0.1:5000"), _Socket(ours), stop.set, stop, 1.0)
        with pytest.raises(ConnectionLost, match="told to stop"):
            feed.read(188)


async def test_srt_with_a_passphrase_and_with_the_wrong_one(clips: Clips) -> None:
    need_srt()
    port = free_udp_port()
    async with a_pool() as pool:
        with transmit(clips.ts, f"srt://127.0.0.1:{port}?mode=listener&passphrase=correct-horse"):
            url = f"srt://127.0.0.1:{port}?passphrase="
            reading = await read(pool, url + "correct-horse", trusted(deadline_s=20.0), samples=2)
        assert is_live(reading)
        with transmit(clips.ts, f"srt://127.0.0.1:{port}?mode=listener&passphrase=correct-horse"):
            reading = await read(pool, url + "battery-staple", trusted(deadline_s=20.0), samples=2)
    assert reading.code in ("connection_lost", "timeout")
    assert reading.failure is not None
    assert "battery-staple" not in reading.failure.message


async def test_an_srt_source_that_nobody_calls_can_be_closed() -> None:
    need_srt()
    async with a_pool() as pool:
        source = await pool.pull(parse(f"srt://127.0.0.1:{free_udp_port()}?mode=listener"), trusted())
        async for _ in source:
            await source.aclose()
            break
        facts = pool.workers
    assert len(facts) == 1


def descendants(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    children = {int(child) for threads in listed for child in threads.read_text().split()}
    return children.union(*map(descendants, children))


def wait_until(condition: Callable[[], object]) -> None:
    until_s = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.05)


async def test_the_program_dies_with_its_worker() -> None:
    need_srt()
    async with a_pool() as pool:
        source = await pool.pull(parse(f"srt://127.0.0.1:{free_udp_port()}?mode=listener"), trusted())
        (facts,) = pool.workers
        await asyncio.to_thread(wait_until, lambda: descendants(facts.pid))
        programs = descendants(facts.pid)
        os.kill(facts.pid, signal.SIGKILL)
        await asyncio.to_thread(wait_until, lambda: not any(Path(f"/proc/{pid}").exists() for pid in programs))
        await source.aclose()


def only(program: str, clip: Path) -> None:
    """Read the first packet of MPEG-TS with one of the two programs."""
    port = free_udp_port()

    def which(name: str) -> str | None:
        return shutil.which(name) if name in (program, "setpriv") else None

    with (
        transmit(clip, f"srt://127.0.0.1:{port}?mode=listener"),
        transmitted(parse(f"srt://127.0.0.1:{port}?latency=150"), trusted(), which) as running,
    ):
        assert running.take(188)[:1] == b"\x47"


@pytest.mark.parametrize("program", ["srt-live-transmit", "ffmpeg"])
def test_either_program_will_do(program: str, clips: Clips) -> None:
    need_srt()
    only(program, clips.ts)


def test_without_a_program_it_is_said_what_to_install() -> None:
    with (
        pytest.raises(ToolMissing, match="apt-get install srt-tools"),
        transmitted(parse("srt://127.0.0.1:9000"), trusted(), lambda _: None),
    ):
        pass


def test_a_latency_must_be_a_number_for_ffmpeg() -> None:
    need_srt()
    address = parse("srt://127.0.0.1:9000?latency=soon")
    with (
        pytest.raises(AddressInvalid, match="milliseconds"),
        transmitted(address, trusted(), lambda name: None if name == "srt-live-transmit" else shutil.which(name)),
    ):
        pass


def test_a_stranger_may_call_out_alone() -> None:
    with pytest.raises(AddressRefused), transmitted(parse("srt://:9000"), SourceOptions()):
        pass
