"""HTTP opens: every one is checked, wherever a redirect or a playlist leads; and what breaks on the way is told."""

import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from stream.decrypt import Decrypted
from stream.errors import AddressRefused, ServerError, SourceTimeout
from stream.fetch import Body, Deadline, Fetcher
from stream.options import SourceOptions
from stream.sample import State
from stream.spool import MAX_BYTES, Spooled
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.stream.reading import a_pool, read

_LOCAL = SourceOptions(fps=1.0, egress_allow=("127.0.0.0/8",), open_timeout_s=5.0, read_timeout_s=5.0)


def fetcher(options: SourceOptions = _LOCAL) -> Fetcher:
    deadline = Deadline()
    deadline.arm(options.open_timeout_s)
    return Fetcher(options, deadline)


def test_a_body_is_read_sought_and_told(clips: Clips, http_server: HttpServer) -> None:
    content = clips.mp4.read_bytes()
    body = fetcher().open(http_server.url(clips.mp4))
    assert body.seekable()
    assert body.read(10) == content[:10]
    assert body.seek(-20, 2) == len(content) - 20
    assert b"".join(iter(lambda: body.read(7), b"")) == content[-20:]
    assert body.seek(100) == body.tell() == 100
    assert body.read(5) == content[100:105]
    body.close()
    body.close()


def test_a_part_of_a_file(clips: Clips, http_server: HttpServer) -> None:
    body = fetcher().open(http_server.url(clips.mp4), start=10, end=30)
    assert b"".join(iter(lambda: body.read(64), b"")) == clips.mp4.read_bytes()[10:30]
    body.close()


def test_redirects_are_followed_to_where_they_end(clips: Clips, http_server: HttpServer) -> None:
    target = http_server.url(clips.jpeg)
    body = fetcher().open(http_server.url(f"/redirect?to={target}"))
    assert body.url == target
    body.close()


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/", "http://[::1]:9/", "file:///etc/passwd", "ftp://x/"]
)
def test_a_redirect_to_where_nobody_may_go_is_refused(http_server: HttpServer, target: str) -> None:
    with pytest.raises(AddressRefused):
        fetcher().open(http_server.url(f"/redirect?to={target}"))


def test_a_redirect_in_a_circle_ends(http_server: HttpServer) -> None:
    circle = http_server.url("/redirect?to=/redirect")
    with pytest.raises(ServerError):
        fetcher().open(circle)
    assert len(http_server.requests) <= 7


def test_a_deadline_covers_many_small_reads() -> None:
    now = [0.0]
    deadline = Deadline(lambda: now[0])
    deadline.arm(2.0)
    now[0] = 1.5
    assert deadline.left_s() == 0.5
    now[0] = 2.0
    with pytest.raises(SourceTimeout, match="2 s"):
        deadline.left_s()


async def test_a_server_that_drips_is_given_up_in_time(clips: Clips, http_server: HttpServer) -> None:
    url = http_server.url(f"/slow/{clips.mp4.name}?rate=2000")
    async with a_pool() as pool:
        reading = await read(pool, url, replace(_LOCAL, open_timeout_s=1.0))
    assert reading.code == "timeout"


async def test_a_file_of_unknown_length_is_read_to_its_end(clips: Clips, http_server: HttpServer) -> None:
    async with a_pool() as pool:
        reading = await read(pool, http_server.url(f"/slow/{clips.ts.name}?rate=100000000"), _LOCAL)
    assert (reading.states[-1], reading.code) == (State.ENDED, None)
    assert reading.seconds[-1] == 5


async def test_a_server_that_hangs_up_fails_after_the_frames_it_sent(clips: Clips, http_server: HttpServer) -> None:
    async with a_pool() as pool:
        reading = await read(pool, http_server.url(f"/cut/{clips.ts.name}"), _LOCAL)
    assert reading.code == "connection_lost"
    assert reading.seconds[:2] == [0, 1]


def _playlist(clips: Clips, name: str, *lines: str) -> Path:
    path = clips.folder / name
    head = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:6", "#EXT-X-MEDIA-SEQUENCE:0"]
    path.write_text("\n".join([*head, *lines, "#EXT-X-ENDLIST", ""]))
    return path


@pytest.mark.parametrize(
    "segment", ["http://169.254.169.254/x.ts", "http://[::1]:9/x.ts", "file:///etc/passwd", "concat:a.ts|b.ts"]
)
async def test_a_playlist_that_leads_where_nobody_may_go(clips: Clips, http_server: HttpServer, segment: str) -> None:
    path = _playlist(clips, "evil.m3u8", "#EXTINF:6,", segment)
    async with a_pool() as pool:
        reading = await read(pool, http_server.url(path), _LOCAL)
    assert reading.positions == []
    assert reading.failure is not None


async def test_a_playlist_behind_a_redirect_finds_its_segments(clips: Clips, http_server: HttpServer) -> None:
    path = _playlist(clips, "moved.m3u8", "#EXTINF:6,", clips.ts.name)
    async with a_pool() as pool:
        reading = await read(pool, http_server.url(f"/redirect?to={http_server.url(path)}"), _LOCAL)
    assert reading.seconds == [0, 1, 2, 3, 4, 5]


async def test_a_playlist_of_byte_ranges(clips: Clips, http_server: HttpServer) -> None:
    size = clips.ts.stat().st_size
    path = _playlist(clips, "ranges.m3u8", "#EXTINF:6,", f"#EXT-X-BYTERANGE:{size}@0", clips.ts.name)
    async with a_pool() as pool:
        reading = await read(pool, http_server.url(path), _LOCAL)
    assert reading.seconds == [0, 1, 2, 3, 4, 5]


async def test_encrypted_segments(clips: Clips, http_server: HttpServer) -> None:
    key, iv = bytes(range(16)), bytes(reversed(range(16)))
    padder = PKCS7(128).padder()
    plain = padder.update(clips.ts.read_bytes()) + padder.finalize()
    (clips.folder / "secret.ts").write_bytes(Cipher(AES(key), CBC(iv)).encryptor().update(plain))
    (clips.folder / "secret.key").write_bytes(key)
    method = f'#EXT-X-KEY:METHOD=AES-128,URI="secret.key",IV=0x{iv.hex()}'
    path = _playlist(clips, "secret.m3u8", method, "#EXTINF:6,", "secret.ts")
    async with a_pool() as pool:
        reading = await read(pool, http_server.url(path), _LOCAL)
    assert reading.seconds == [0, 1, 2, 3, 4, 5]


class _Chunks:
    def __init__(self, data: bytes, size: int) -> None:
        self._parts = [data[at : at + size] for at in range(0, len(data), size)]
        self.closed = False

    def read(self, size: int) -> bytes:
        return self._parts.pop(0) if self._parts else b""

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32, 33, 1000])
@pytest.mark.parametrize("chunk", [1, 7, 16, 33, 4096])
def test_decryption_takes_the_padding_off_whatever_the_chunks(length: int, chunk: int) -> None:
    key, iv, plain = b"k" * 16, b"i" * 16, bytes(value % 251 for value in range(length))
    padder = PKCS7(128).padder()
    secret = Cipher(AES(key), CBC(iv)).encryptor().update(padder.update(plain) + padder.finalize())
    source = _Chunks(secret, chunk)
    body = Decrypted(source, key=key, iv=iv)
    assert b"".join(iter(lambda: body.read(13), b"")) == plain
    assert body.read(13) == b""
    body.close()
    assert source.closed


class _Plain(BaseHTTPRequestHandler):
    """A server without ranges, as Python's own is."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(self.content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


@contextlib.contextmanager
def plain_server(content: bytes) -> Iterator[str]:
    handler = type("Handler", (_Plain,), {"content": content})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/clip.mp4"
        finally:
            server.shutdown()
            thread.join()


async def test_an_mp4_with_its_index_at_the_end_from_a_server_without_ranges(clips: Clips) -> None:
    clip = clips.video("tail.mp4", seconds=3)
    content = clip.read_bytes()
    assert content.index(b"moov") > content.index(b"mdat")
    with plain_server(content) as url:
        async with a_pool() as pool:
            reading = await read(pool, url, _LOCAL)
    assert (reading.seconds, reading.states[-1]) == ([0, 1, 2], State.ENDED)


def test_what_is_not_mp4_is_not_kept(clips: Clips) -> None:
    with plain_server(clips.ts.read_bytes()) as url:
        opener = fetcher()
        opener.begin(url)
        body = opener.io_open(url, 0, {})
        assert isinstance(body, Body)
        assert b"".join(iter(lambda: body.read(4096), b"")) == clips.ts.read_bytes()
        body.close()


class _Known:
    url = "http://x/"

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 7))

    def close(self) -> None:
        self._file.close()


def test_a_spooled_file_is_read_in_any_order() -> None:
    content = bytes(range(200))
    file = Spooled(_Known(content), len(content))
    assert file.read(5) == content[:5]
    assert file.seek(-10, 2) == 190
    assert b"".join(iter(lambda: file.read(64), b"")) == content[190:]
    assert file.seek(3) == file.tell() == 3
    assert b"".join(iter(lambda: file.read(64), b"")) == content[3:]
    assert file.seek(500) == 500
    assert file.read(1) == b""
    file.close()


def test_a_file_too_large_to_keep_says_what_to_do() -> None:
    with pytest.raises(ServerError, match="faststart"):
        Spooled(_Known(b""), MAX_BYTES + 1)
