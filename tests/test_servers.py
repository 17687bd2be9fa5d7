"""The servers that the tests rely on do what they promise."""

import socket
import time
import urllib.request
from collections.abc import Callable

import av
import pytest

from tests.media import Clips, rgb, second_of
from tests.servers.http import HttpServer
from tests.servers.rtmp import RtmpServer
from tests.servers.rtsp import RtspServer
from tests.servers.tcp import Manner, TcpServer


def _frames(url: str, count: int, options: dict[str, str] | None = None) -> list[av.VideoFrame]:
    with av.open(url, timeout=(10.0, 10.0), options=options or {}) as container:
        frames = container.decode(video=0)
        return [next(frames) for _ in range(count)]


def test_a_clip_shows_a_colour_per_second(clips: Clips) -> None:
    with av.open(str(clips.mp4)) as container:
        seconds = [second_of(rgb(frame)) for frame in container.decode(video=0)]
    assert seconds == [number // 30 for number in range(180)]


def test_http_serves_ranges(clips: Clips, http_server: HttpServer) -> None:
    request = urllib.request.Request(http_server.url(clips.mp4), headers={"Range": "bytes=4-7"})
    with urllib.request.urlopen(request) as answer:
        assert (answer.status, answer.read()) == (206, b"ftyp")
    assert http_server.requests == ["GET /clips/clip.mp4"]


def test_live_hls_goes_on_past_its_material(http_server: HttpServer) -> None:
    began = time.monotonic()
    frames = _frames(http_server.url("/live/index.m3u8"), 150)
    assert len(frames) == 150
    assert time.monotonic() - began > 0.5, "a live playlist lets nobody read ahead"


@pytest.mark.rtmp
def test_rtmp_gives_back_what_ffmpeg_publishes(clips: Clips, rtmp_server: RtmpServer) -> None:
    with rtmp_server.publish(clips.mp4, "cam"):
        frame = _frames(rtmp_server.url("cam"), 1, {"analyzeduration": "500000"})[0]
    assert (frame.width, frame.height) == (1280, 720)
    second_of(rgb(frame))


@pytest.mark.rtsp
@pytest.mark.parametrize("path", ["/live", "/clip", "/guarded"])
def test_rtsp_serves_h264(rtsp_server: RtspServer, path: str) -> None:
    credentials = "viewer:secret" if path == "/guarded" else ""
    frames = _frames(rtsp_server.url(path, credentials=credentials), 3, {"rtsp_transport": "tcp"})
    assert frames[0].width == (1280 if path == "/clip" else 640)


@pytest.mark.rtsp
def test_rtsp_refuses_without_password(rtsp_server: RtspServer) -> None:
    with pytest.raises(av.HTTPUnauthorizedError):
        _frames(rtsp_server.url("/guarded"), 1)


@pytest.mark.parametrize(("manner", "answer"), [("silent", None), ("hang_up", b""), ("garbage", b"\x00")])
def test_tcp_server_misbehaves(tcp_server: Callable[[Manner], TcpServer], manner: Manner, answer: bytes | None) -> None:
    server = tcp_server(manner)
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.2) as connection:
        connection.sendall(b"hello")
        try:
            got: bytes | None = connection.recv(1)
        except TimeoutError:
            got = None
        except ConnectionResetError:
            got = b""
    assert got == answer
    assert server.connections == 1
