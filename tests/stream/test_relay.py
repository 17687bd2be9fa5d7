"""FFmpeg behind the relay: it reaches the checked server, and no other."""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import av
import av.error
import pytest

from stream.address import parse
from stream.errors import AddressRefused, ConnectionLost, ConnectionRefused, SourceTimeout
from stream.options import SourceOptions
from stream.relay import relayed
from tests.media import Clips
from tests.servers.ports import free_port
from tests.servers.rtmp import RtmpServer
from tests.servers.rtsp import RtspServer
from tests.servers.scripted import RtmpEar, Rtsp, certify, hush, run_scripted
from tests.servers.tcp import Manner, TcpServer

_OPTIONS = SourceOptions(egress_allow=("127.0.0.1/32",), open_timeout_s=5.0)
_RTSP = {"rtsp_transport": "tcp", "fflags": "nobuffer"}
_RTMP = {"analyzeduration": "500000", "rtmp_live": "live"}


def _frames(url: str, count: int, flags: dict[str, str], *, timeout_s: float = 5.0) -> int:
    """The width of some frames; what follows them stays unread."""
    with av.open(url, options=flags, timeout=(timeout_s, timeout_s)) as container:
        frames = container.decode(video=0)
        return [next(frames) for _ in range(count)][-1].width


def _always(*ips: str) -> Callable[[str], Sequence[str]]:
    def resolve(host: str) -> Sequence[str]:
        return ips

    return resolve


def _try_open(url: str, flags: dict[str, str]) -> None:
    """Whether anything can be made of what these servers say does not matter here."""
    with suppress(av.error.FFmpegError, OSError):
        av.open(url, options=flags, timeout=(5.0, 5.0)).close()


@pytest.mark.rtsp
@pytest.mark.parametrize("where", ["/live", "/clip", "viewer:secret@/guarded", "viewer:%73ecret@/guarded"])
def test_a_real_rtsp_server(rtsp_server: RtspServer, where: str) -> None:
    credentials, _, path = where.rpartition("@")
    with relayed(parse(rtsp_server.url(path, credentials=credentials)), _OPTIONS) as opened:
        assert _frames(opened.url, 5, _RTSP | opened.options) == (1280 if path == "/clip" else 640)
    assert opened.failure is None


@pytest.mark.rtsp
def test_what_a_real_rtsp_server_refuses_stays_what_it_was(rtsp_server: RtspServer) -> None:
    with relayed(parse(rtsp_server.url("/nothing")), _OPTIONS) as opened, pytest.raises(av.error.HTTPNotFoundError):
        _frames(opened.url, 1, _RTSP | opened.options)
    address = parse(rtsp_server.url("/guarded", credentials="viewer:wrong"))
    with relayed(address, _OPTIONS) as opened, pytest.raises(av.error.HTTPUnauthorizedError):
        _frames(opened.url, 1, _RTSP | opened.options)
    assert opened.failure is None


@pytest.mark.rtmp
def test_a_real_rtmp_server(clips: Clips, rtmp_server: RtmpServer) -> None:
    with (
        rtmp_server.publish(clips.mp4, "cam"),
        relayed(parse(rtmp_server.url("cam")), _OPTIONS) as opened,
    ):
        assert _frames(opened.url, 5, _RTMP | opened.options) == 1280
    assert opened.failure is None


_PADDING = b"$\x00\xff\xff" + b"x" * 0xFFFF
_LOCATION = b"CSeq: {number}\r\nLocation: rtsp://127.0.0.2:{port}/live\r\n\r\n"


@pytest.mark.parametrize("byte_wise", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("OPTIONS", b"RTSP/1.0 302 Moved\r\n"),
        ("DESCRIBE", b"RTSP/1.0 301 Moved\r\n"),
        ("SETUP", b"RTSP/1.0 305 Use Proxy\r\n"),
        ("OPTIONS", b"\rRT\rSP/1.0 \r3\r02 Moved\r\n"),
        ("OPTIONS", b"RTSP/ \t +000302\r\n"),
        ("OPTIONS", b"RTSP/1.0 \x0b302 Moved\n"),
        ("OPTIONS", b"RTSP/1.0 4294967598 wraps to 302\r\n"),
        ("DESCRIBE", b"OPTIONS * RTSP/1.0\r\n\r\nRTSP/1.0 302 Moved\r\n"),
    ],
)
def test_a_redirect_is_not_followed(method: str, answer: bytes, byte_wise: bool) -> None:
    with run_scripted(hush, "127.0.0.2") as elsewhere:
        location = _LOCATION.replace(b"{port}", str(elsewhere.port).encode())
        rtsp = Rtsp({method: answer + location}, byte_wise=byte_wise)
        with run_scripted(rtsp.script) as server:
            with relayed(parse(f"rtsp://127.0.0.1:{server.port}/live"), _OPTIONS) as opened:
                _try_open(opened.url, _RTSP | opened.options)
                assert isinstance(opened.failure, AddressRefused)
                assert "redirects elsewhere" in str(opened.failure)
            assert (server.connections, elsewhere.connections) == (1, 0)


def test_a_redirect_behind_a_lot_of_padding_is_not_followed() -> None:
    with run_scripted(hush, "127.0.0.2") as elsewhere:
        location = _LOCATION.replace(b"{port}", str(elsewhere.port).encode())
        rtsp = Rtsp({"DESCRIBE": _PADDING * 20 + b"RTSP/1.0 302 Moved\r\n" + location})
        with run_scripted(rtsp.script) as server:
            with relayed(parse(f"rtsp://127.0.0.1:{server.port}/live"), _OPTIONS) as opened:
                _try_open(opened.url, _RTSP | opened.options)
                assert isinstance(opened.failure, AddressRefused)
            assert elsewhere.connections == 0


def test_a_description_with_absolute_addresses_leads_nowhere_else() -> None:
    with run_scripted(hush, "127.0.0.2") as elsewhere:
        other = f"rtsp://127.0.0.2:{elsewhere.port}/live"
        rtsp = Rtsp({}, base=f"{other}/", control=f"{other}/track1")
        with run_scripted(rtsp.script) as server:
            with relayed(parse(f"rtsp://127.0.0.1:{server.port}/live?a=b"), _OPTIONS) as opened:
                _try_open(opened.url, _RTSP | opened.options)
                assert opened.failure is None
            assert (server.connections, elsewhere.connections) == (1, 0)
    assert [line.split(" ", 1)[0] for line in rtsp.said][:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert rtsp.said[1].startswith("DESCRIBE rtsp://127.0.0.1:")
    assert "/live?a=b " in rtsp.said[1]
    assert rtsp.said[2] == f"SETUP {other}/track1 RTSP/1.0"


@pytest.mark.parametrize(
    "path",
    [
        "/live/cam",
        "/live/instance/cam?token=a%20b&x=1",
        "/live/mp4:films/one.mp4",
        "/live/cam.flv",
        "/ondemand/film",
        "/app?slist=name&x=y",
        "/cam",
        "/",
        "",
        "/a?b/c/d",
        "/" + "a" * 900 + "/cam",
        "/" + "a" * 2000 + "/cam",
    ],
)
def test_an_rtmp_server_hears_what_it_heard_without_the_relay(path: str) -> None:
    ear = RtmpEar()
    with run_scripted(ear.script) as server:
        url = f"rtmp://user:secret@127.0.0.1:{server.port}{path}"
        _try_open(url, _RTMP)
        with relayed(parse(url), _OPTIONS) as opened:
            _try_open(opened.url, _RTMP | opened.options)
    straight, through = ear.connects
    assert straight == through
    assert f"127.0.0.1:{server.port}".encode() in straight


def test_a_name_is_resolved_once() -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    rtsp = Rtsp({})
    with run_scripted(rtsp.script) as server:
        with relayed(parse(f"rtsp://camera.invalid:{server.port}/live"), _OPTIONS, resolve) as opened:
            _try_open(opened.url, _RTSP | opened.options)
        assert server.connections == 1
    assert asked == ["camera.invalid"]


def test_an_address_that_may_not_be_reached() -> None:
    with pytest.raises(AddressRefused), relayed(parse("rtsp://127.0.0.1/live"), SourceOptions()):
        pass


def test_a_port_that_nobody_listens_on() -> None:
    with (
        pytest.raises(ConnectionRefused, match="nothing listens"),
        relayed(parse(f"rtsp://user:secret@127.0.0.1:{free_port()}/live"), _OPTIONS),
    ):
        pass


def test_an_address_that_does_not_answer_leaves_time_for_the_next() -> None:
    options = SourceOptions(egress_allow=("127.0.0.0/8",), open_timeout_s=1.0)
    with socket.create_server(("127.0.0.2", 0), backlog=0) as full:
        port = full.getsockname()[1]
        # Linux takes one connection more than the backlog says, then lets the others wait.
        with socket.create_connection(("127.0.0.2", port)):
            began = time.monotonic()
            with pytest.raises(SourceTimeout), relayed(parse(f"rtsp://127.0.0.2:{port}/"), options):
                pass
            assert 0.9 < time.monotonic() - began < 3.0
            with socket.create_server(("127.0.0.1", port)):
                address = parse(f"rtsp://camera.invalid:{port}/")
                with relayed(address, options, _always("127.0.0.2", "127.0.0.1")) as opened:
                    assert opened.failure is None


def test_a_silent_server_is_ffmpegs_to_time_out(tcp_silent: TcpServer) -> None:
    with relayed(parse(tcp_silent.url("rtsp")), _OPTIONS) as opened:
        began = time.monotonic()
        with pytest.raises(av.error.FFmpegError):
            av.open(opened.url, options=_RTSP | opened.options, timeout=(0.5, 0.5))
        assert 0.4 < time.monotonic() - began < 3.0
    assert opened.failure is None


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp"])
@pytest.mark.parametrize("manner", ["hang_up", "garbage"])
def test_servers_that_misbehave(tcp_server: Callable[[Manner], TcpServer], scheme: str, manner: Manner) -> None:
    with relayed(parse(tcp_server(manner).url(scheme)), _OPTIONS) as opened:
        _try_open(opened.url, opened.options)


def test_tls_is_spoken_from_here_with_the_name_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = certify(tmp_path, "camera.invalid")
    rtsp = Rtsp({})
    with run_scripted(rtsp.script, context=context) as server:
        url = f"rtsps://camera.invalid:{server.port}/live"
        with (
            pytest.raises(ConnectionLost, match="cannot be trusted"),
            relayed(parse(url), _OPTIONS, _always("127.0.0.1")),
        ):
            pass
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
        with (
            pytest.raises(ConnectionLost, match=r"other\.invalid|cannot be trusted"),
            relayed(parse(url.replace("camera", "other")), _OPTIONS, _always("127.0.0.1")),
        ):
            pass
        with relayed(parse(url), _OPTIONS, _always("127.0.0.1")) as opened:
            assert opened.url.startswith("rtsp://127.0.0.1:")
            _try_open(opened.url, _RTSP | opened.options)
    assert [line.split(" ", 1)[0] for line in rtsp.said][:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


def test_a_server_that_is_silent_instead_of_speaking_tls(tcp_silent: TcpServer) -> None:
    options = SourceOptions(trusted=True, open_timeout_s=0.3)
    with pytest.raises(SourceTimeout), relayed(parse(tcp_silent.url("rtsps")), options):
        pass
