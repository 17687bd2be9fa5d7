"""What passes between FFmpeg and a server arrives, whoever ends first; nothing is left afterwards."""

import asyncio
import gc
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

import av
import av.error
import pytest

from stream.address import parse
from stream.errors import ConnectionLost
from stream.forward import Forwarding
from stream.options import SourceOptions
from stream.relay import relayed
from tests.servers.scripted import Rtsp, certify, run_scripted

_OPTIONS = SourceOptions(egress_allow=("127.0.0.1/32",), open_timeout_s=5.0)


def test_a_connection_that_breaks_is_no_clean_end() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with run_scripted(reset) as server, relayed(parse(f"rtsp://127.0.0.1:{server.port}/"), _OPTIONS) as opened:
        with pytest.raises((av.error.FFmpegError, OSError)):
            av.open(opened.url, options=opened.options, timeout=(5.0, 5.0))
        assert isinstance(opened.failure, ConnectionLost)


def test_what_a_server_said_last_reaches_a_slow_reader() -> None:
    last = os.urandom(20_000_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        writer.write(last)
        writer.write_eof()
        await reader.read()

    with (
        run_scripted(serve) as server,
        relayed(parse(f"rtmp://127.0.0.1:{server.port}/"), _OPTIONS) as opened,
        socket.create_connection(("127.0.0.1", parse(opened.url).port or 0)) as reader,
    ):
        reader.sendall(b"hello")
        got = bytearray()
        while data := reader.recv(1 << 20):
            got += data
            reader.sendall(b"still here")
        assert got == last
    assert opened.failure is None


def _pair(buffer_bytes: int) -> tuple[socket.socket, socket.socket]:
    """A TCP connection's two ends that hold little (or much) for each other."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        near = socket.create_connection(listener.getsockname())
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
        return near, listener.accept()[0]


def test_a_server_that_has_closed_is_still_read_to_its_end() -> None:
    last = os.urandom(150_000)
    (client, reader), (server, inside) = _pair(4096), _pair(200_000)
    leave, left = socket.socketpair()
    with client, reader, server, inside, leave, left:
        server.sendall(last)
        server.close()
        # Nobody is there to hear this: the answer is a reset, while most of the above is still to be read.
        reader.sendall(b"x")
        forwarding = Forwarding(client, inside, left, None, ConnectionLost)
        thread = threading.Thread(target=forwarding.run)
        thread.start()
        got = bytearray()
        while data := reader.recv(10_000):
            reader.sendall(b"y")
            got += data
        assert got == last
        leave.close()
        thread.join()


def test_what_a_reader_said_last_reaches_the_server() -> None:
    heard: list[bytes] = []
    told = threading.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        heard.append(await reader.read(100))
        told.set()

    with run_scripted(serve) as server:
        with relayed(parse(f"rtsp://127.0.0.1:{server.port}/"), _OPTIONS) as opened:
            reader = socket.create_connection(("127.0.0.1", parse(opened.url).port or 0))
            assert reader.recv(5) == b"hello"
            reader.sendall(b"TEARDOWN")
            reader.close()
        assert told.wait(5.0)
    assert heard == [b"TEARDOWN"]


def _descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_and_no_thread_is_left() -> None:
    rtsp = Rtsp({"DESCRIBE": b"RTSP/1.0 302 Moved\r\n\r\n"})
    with run_scripted(rtsp.script) as server:
        address = parse(f"rtsp://127.0.0.1:{server.port}/live")
        before, threads = _descriptors(), threading.active_count()
        for _ in range(5):
            with relayed(address, _OPTIONS):
                pass
            with relayed(address, _OPTIONS) as opened:
                with suppress(av.error.FFmpegError, OSError):
                    av.open(opened.url, options=opened.options, timeout=(5.0, 5.0))
                assert opened.failure is not None
        with (
            pytest.raises(ZeroDivisionError),
            relayed(address, _OPTIONS) as opened,
            socket.create_connection(("127.0.0.1", parse(opened.url).port or 0)),
        ):
            raise ZeroDivisionError
        assert threading.active_count() == threads
    # The server's side of those connections is in this process too: count once it is gone.
    assert _descriptors() <= before


def test_a_lot_of_data_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = certify(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    data = os.urandom(8_000_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = await reader.readexactly(len(data))
        writer.write(got)
        await writer.drain()

    with (
        run_scripted(serve, context=context) as server,
        relayed(parse(f"rtmps://127.0.0.1:{server.port}/live/cam"), _OPTIONS) as opened,
    ):
        assert opened.options["rtmp_tcurl"] == f"rtmps://127.0.0.1:{server.port}/live"
        with socket.create_connection(("127.0.0.1", parse(opened.url).port or 0)) as client:
            client.sendall(data)
            got = bytearray()
            while chunk := client.recv(1 << 20):
                got += chunk
    assert got == data
