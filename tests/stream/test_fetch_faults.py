"""What servers answer that they should not: it is read as far as it makes sense, and told in words of ours."""

import base64
import contextlib
import socket
import time

import av
import pytest

from stream.address import parse
from stream.errors import AddressRefused, ConnectionLost, HostUnknown, NotMedia, ServerError, SourceError, SourceTimeout
from stream.fetch import Body, Deadline, Fetcher
from stream.options import SourceOptions
from tests.media import Clips
from tests.servers.raw import RawServer, always, header, raw_server

_LOCAL = SourceOptions(fps=1.0, egress_allow=("127.0.0.0/8",), open_timeout_s=5.0, read_timeout_s=5.0)


def fetcher(seconds: float = 5.0, *, extensible: bool = False) -> Fetcher:
    deadline = Deadline()
    deadline.arm(seconds, extensible_to_s=60.0 if extensible else 0.0)
    return Fetcher(_LOCAL, deadline)


def _rest(body: Body) -> bytes:
    return b"".join(iter(lambda: body.read(4096), b""))


_HUGE = b"9" * 23


@pytest.mark.parametrize(
    "head",
    [
        b"200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: " + _HUGE,
        b"200 OK\r\nContent-Length: " + b"9" * 5000,
        b"200 OK\r\nContent-Length: 4611686018427387904",
        b"200 OK\r\nContent-Length: -5",
        b"200 OK\r\nContent-Length: \xb2\xb3",
        b"206 OK\r\nContent-Range: bytes 0-" + _HUGE + b"/" + _HUGE,
        b"206 OK\r\nContent-Range: bytes 0-9223372036854775806/9223372036854775807",
        b"206 OK\r\nContent-Range: bytes 0-4611686018427387904/*",
        b"206 OK\r\nContent-Range: bytes 5-2/3",
        b"206 OK\r\nContent-Range: bytes 7-9/10",
        b"206 OK\r\nContent-Range: nonsense\r\nContent-Length: 4",
        b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz",
        b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40,
        b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5",
    ],
)
def test_no_header_raises_anything_but_what_is_ours(head: bytes) -> None:
    with raw_server(always(b"HTTP/1.1 " + head + b"\r\n\r\n" + b"x" * 9000)) as server:
        opener = fetcher()
        with contextlib.suppress(SourceError):
            body = opener.open(server.url())
            for step in (
                lambda: body.read(16),
                lambda: body.seek(-1, 2),
                lambda: body.seek(2**63 - 1, 1),
                lambda: body.seek(-1),
                lambda: body.seek(3, 7),
                lambda: body.read(10),
            ):
                got: bytes | int = 0
                with contextlib.suppress(SourceError, OSError):
                    got = step()
                assert len(got) <= 16 if isinstance(got, bytes) else 0 <= got < 2**62
            assert 0 <= body.tell() < 2**62
            assert body.size is None or body.size < 2**62
            body.close()


def test_a_length_that_no_file_has_is_no_length(clips: Clips, capfd: pytest.CaptureFixture[str]) -> None:
    head = b"HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: " + _HUGE + b"\r\n\r\n"
    with raw_server(always(head + clips.mp4.read_bytes())) as server:
        opener = fetcher()
        with av.open(opener.begin(server.url("/a.mp4")), io_open=opener.io_open) as container:
            assert sum(1 for _ in container.decode(video=0)) == 180
    assert opener.size is None
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["a.ts", "a.mp4"])
def test_what_breaks_is_told_once(name: str, clips: Clips, capfd: pytest.CaptureFixture[str]) -> None:
    content = (clips.ts if name == "a.ts" else clips.mp4).read_bytes()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    with raw_server(always(head + content[: len(content) // 2])) as server:
        opener = fetcher()
        container = av.open(opener.begin(server.url(f"/{name}")), io_open=opener.io_open)
        with container, contextlib.suppress(SourceError, OSError):
            assert sum(1 for _ in container.demux(video=0)) < 180
        opener.close()
    assert isinstance(opener.failure, ConnectionLost)
    assert "dropped" not in capfd.readouterr().err


@pytest.mark.parametrize("piece", [b"X-More: y\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"X"])
def test_a_head_that_never_ends_is_given_up_in_time(piece: bytes) -> None:
    left: list[float] = []

    def drip(request: str, connection: socket.socket) -> None:
        del request
        try:
            if piece.startswith(b"X"):
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
            server.repeat(connection, piece, 0.05)
        finally:
            left.append(time.monotonic())

    with raw_server(drip) as server:
        started = time.monotonic()
        with pytest.raises(SourceTimeout):
            fetcher(0.5).open(server.url())
        assert time.monotonic() - started < 2.0
        deadline = time.monotonic() + 5.0
        while not left and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left, "the connection was let go of"


def test_a_body_that_drips_is_given_up_although_deadlines_may_grow() -> None:
    def drip(request: str, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        server.repeat(connection, b"x", 0.05)

    with raw_server(drip) as server:
        opener = fetcher(0.5, extensible=True)
        body = opener.io_open(server.url(), 0, {})
        started = time.monotonic()
        with pytest.raises(SourceTimeout):
            _rest(body) if isinstance(body, Body) else None
        assert time.monotonic() - started < 2.0
        assert isinstance(opener.failure, SourceTimeout)
        # Nor does trying again, which is what FFmpeg does, give it more time.
        with pytest.raises(SourceTimeout):
            opener.io_open(server.url(), 0, {})
        body.close()


def test_tls_that_is_never_shaken_hands_on_is_given_up_in_time() -> None:
    def mute(request: str, connection: socket.socket) -> None:
        server.stopping.wait(10.0)

    with raw_server(mute) as server, pytest.raises(SourceTimeout):
        fetcher(0.3).open(server.url().replace("http:", "https:"))


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-leak me\r\n", b"leak me: 1\r\n", b"HTTP/9.9 leak\r\n\r\n", b"HTTP/1.1 leak me\r\n\r\n"],
)
def test_what_is_not_http_is_not_repeated(answer: bytes) -> None:
    with raw_server(always(answer)) as server, pytest.raises(ServerError, match=r"does not speak HTTP\.$") as caught:
        fetcher().open(server.url())
    assert "leak" not in str(caught.value)


def test_a_server_that_hangs_up_without_an_answer() -> None:
    with raw_server(always(b"")) as server, pytest.raises(ConnectionLost, match="without an answer"):
        fetcher().open(server.url())


def _redirect(location: str) -> bytes:
    return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode() + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://[", ServerError),
        ("", ServerError),
        ("http://leak:99999/", AddressRefused),
        ("leak://leak/", AddressRefused),
        ("rtsp://leak/", AddressRefused),
        ("http://" + "leak" * 2000, AddressRefused),
        ("http://<leak>/", HostUnknown),
    ],
)
def test_a_redirect_that_leads_nowhere_has_its_own_sentence(location: str, kind: type[SourceError]) -> None:
    with raw_server(always(_redirect(location))) as server, pytest.raises(kind) as caught:
        fetcher().open(server.url())
    assert "leak" not in str(caught.value)


def _target(request: str) -> str:
    return request.split()[1]


def test_addresses_beyond_ascii_are_encoded_once() -> None:
    with raw_server(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) as server:
        for path in ("/über.mp4?t=ä", "/%C3%BCber.mp4?t=%C3%A4", "/a b.ts"):
            fetcher().open(server.url(path)).close()
    assert [_target(request) for request in server.requests] == [
        "/%C3%BCber.mp4?t=%C3%A4",
        "/%C3%BCber.mp4?t=%C3%A4",
        "/a%20b.ts",
    ]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/ü.mp4?a b=%20".encode(), "/%C3%BC.mp4?a%20b=%20"),
        (b"/\xfc.mp4", "/%FC.mp4"),
    ],
)
def test_redirects_beyond_ascii_are_followed(location: bytes, target: str) -> None:
    def answer(request: str, connection: socket.socket) -> None:
        first = _target(request) == "/"
        moved = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n"
        connection.sendall(moved if first else b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    with raw_server(answer) as server:
        body = fetcher().open(server.url())
        assert _rest(body) == b"x"
    assert _target(server.requests[-1]) == target


def test_a_host_beyond_ascii_is_asked_for_by_its_registered_name() -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with raw_server(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) as server:
        deadline = Deadline()
        deadline.arm(5.0)
        Fetcher(_LOCAL, deadline, resolve).open(f"http://bücher.example:{server.port}/").close()
    assert asked == ["xn--bcher-kva.example"]
    assert header(server.requests[0], "Host") == f"xn--bcher-kva.example:{server.port}"


_SECRET = "Basic " + base64.b64encode(b"user:p/w").decode()


def _asked(redirect_to: str, other: RawServer | None = None) -> list[str | None]:
    """The credentials that came with each request: the redirecting one, where it leads, and more of the same."""

    def answer(request: str, connection: socket.socket) -> None:
        if _target(request) == "/":
            to = redirect_to if other is None else other.url("/there")
            connection.sendall(_redirect(to))
        else:
            connection.sendall(b"HTTP/1.1 206 OK\r\nContent-Range: bytes 0-0/2\r\nContent-Length: 1\r\n\r\nx")

    with raw_server(answer) as server:
        body = fetcher().open(f"http://user:p%2Fw@127.0.0.1:{server.port}/")
        body.read(1)
        with pytest.raises(ServerError):  # it sends the first byte again
            body.read(1)
        body.close()
    requests = server.requests + (other.requests if other is not None else [])
    return [header(request, "Authorization") for request in requests]


def test_credentials_stay_with_the_same_server() -> None:
    assert _asked("/there") == [_SECRET, _SECRET, _SECRET]


def test_credentials_do_not_go_to_another_port() -> None:
    part = b"HTTP/1.1 206 OK\r\nContent-Range: bytes 0-0/2\r\nContent-Length: 1\r\n\r\nx"
    with raw_server(always(part)) as other:
        assert _asked("", other) == [_SECRET, None, None]


def test_a_source_is_named_without_its_credentials() -> None:
    with raw_server(always(b"HTTP/1.1 500 leak\r\n\r\n")) as server, pytest.raises(ServerError) as caught:
        fetcher().begin(f"http://user:leak@127.0.0.1:{server.port}/a.mp4")
    assert str(caught.value) == f"http://***:***@127.0.0.1:{server.port}/a.mp4 is answered with HTTP status 500."


def test_an_empty_file_may_be_a_range_that_cannot_be_had() -> None:
    with (
        raw_server(always(b"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n")) as server,
        pytest.raises(NotMedia, match="is empty"),
    ):
        fetcher().begin(server.url())


def test_a_key_that_is_none_is_told() -> None:
    with (
        raw_server(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) as server,
        pytest.raises(NotMedia, match="encrypted"),
    ):
        fetcher().io_open(f"crypto+{parse(server.url()).url}", 0, {"key": "00", "iv": "zz"})
