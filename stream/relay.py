"""A door on the loopback address between FFmpeg and an RTSP or RTMP server: FFmpeg opens such connections by itself.

It resolves names again and follows RTSP redirects wherever they lead, so checking an address and then handing it over
is not enough. Here the name is resolved once, every answer is checked, and FFmpeg is given a door that leads to the
checked IP addresses and nowhere else. A redirect never reaches FFmpeg: the connection is cut. RTMP needs no such guard,
as FFmpeg's client follows none. TLS is spoken from here, with the server's name verified.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from stream import egress
from stream.address import Address
from stream.errors import AddressRefused, ConnectionLost, ConnectionRefused, SourceError, SourceTimeout
from stream.forward import Forwarding, Watch, wait_readable
from stream.options import SourceOptions
from stream.tls import client_context

SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "rtmps"})
_CONNECTIONS = 4
"""One after the other: RTMP comes back up to three times when the server wants a password."""
_DOOR = "127.0.0.1"
_AUTHORITY = re.compile(r"[^:/]+://([^/?#]*)(.*)", re.DOTALL)
_PATH_BYTES = 1023
_TCURL_BYTES = 1023
"""As much as FFmpeg keeps of each."""
_STATUS = b"RTSP/"
_REDIRECT = re.compile(rb"RTSP/[^ \t\n]*[ \t]+[\v\f]*[+-]?0*(?:3\d\d|\d{10})")
"""What FFmpeg may read as a status from 300 to 399. It scans numbers loosely, and huge ones wrap around."""
_PLAY = b"\r\n\r\nPLAY "
_MOST_LINE_BYTES = 16_384


@dataclass(slots=True)
class Relayed:
    """What FFmpeg is to open in the address's place."""

    url: str
    options: dict[str, str]
    """For FFmpeg; they come before any others of the same names."""
    failure: SourceError | None = None
    """Why the relay gave up, once it has: FFmpeg itself sees no more than a closed connection."""
    server_left: bool = False
    """The server closed its side."""


@contextmanager
def relayed(address: Address, options: SourceOptions, resolve: egress.Resolve | None = None) -> Iterator[Relayed]:
    """Connect to a server; while the block lasts, `Relayed.url` leads to it. Close FFmpeg's side before leaving.

    Blocks for at most `options.open_timeout_s`. Raises `HostUnknown`, `AddressRefused`, `SourceTimeout`,
    `ConnectionRefused` or `ConnectionLost`. Whoever gets an error from FFmpeg, or the end of the stream, asks
    `Relayed.failure` first.
    """
    assert address.scheme in SCHEMES, "other schemes need no relay"
    with ExitStack() as stack:
        started_s = time.monotonic()
        server = _Server(address, options, resolve)
        first = stack.enter_context(server.connect(started_s))
        door = stack.enter_context(socket.create_server((_DOOR, 0), backlog=1))
        leave, left = socket.socketpair()
        stack.enter_context(leave)
        stack.enter_context(left)
        opened = _opened(address, door.getsockname()[1])
        work = _Work(server, first, door, left, opened)
        thread = threading.Thread(target=work.run, name="gorewatch-relay", daemon=True)
        thread.start()
        try:
            yield opened
        finally:
            leave.close()
            thread.join()


def _opened(address: Address, port: int) -> Relayed:
    found = _AUTHORITY.match(address.url)
    assert found is not None, "a network address has an authority"
    authority, rest = found.groups()
    credentials, at, _ = authority.rpartition("@")
    plain = address.scheme.removesuffix("s")
    options = {"protocol_whitelist": f"{plain},tcp"}
    if plain == "rtmp":
        host = f"[{address.host}]" if address.host and ":" in address.host else address.host
        tcurl = f"{address.scheme}://{host}:{address.port}/".encode() + _rtmp_app(rest)
        options["rtmp_tcurl"] = tcurl[:_TCURL_BYTES].decode(errors="ignore")
    return Relayed(f"{plain}://{credentials}{at}{_DOOR}:{port}{rest}", options)


def _rtmp_app(rest: str) -> bytes:
    """The application's name as FFmpeg finds it in what follows an address's host; the rest names the stream."""
    path = rest.encode()[:_PATH_BYTES]
    if b"slist=" in path.partition(b"?")[2]:
        return path[1:]
    if path.startswith(b"/ondemand/"):
        return b"ondemand"
    first = path.find(b"/", 1)
    if first < 0:
        return path[1:]
    second, colon = path.find(b"/", first + 1), path.find(b":", first + 1)
    # A colon before the second slash (`live/mp4:name/part`) is the stream's name already.
    return path[1:first] if second < 0 or 0 <= colon < second else path[1:second]


class _Server:
    """Where the address leads: its checked IP addresses, in turn, over TLS where its scheme says so."""

    def __init__(self, address: Address, options: SourceOptions, resolve: egress.Resolve | None) -> None:
        assert address.host is not None, "a network address has a host"
        self.address = address
        self._host, self._port = address.host, address.port or 0
        self._timeout_s = options.open_timeout_s
        self._ips = egress.reachable(self._host, options, self._timeout_s, resolve)
        self._tls = client_context() if address.scheme.endswith("s") else None

    def connect(self, started_s: float) -> socket.socket:
        """Until the open time-out has passed since `started_s`. Raises what `relayed` says of connections."""
        name = self.address.redacted
        failed: OSError | None = None
        for tried, ip in enumerate(self._ips):
            left_s = max(0.001, started_s + self._timeout_s - time.monotonic())
            try:
                # One that does not answer leaves the others their share of the time.
                return self._open(ip, left_s / (len(self._ips) - tried))
            except (ssl.SSLError, ValueError) as error:
                raise ConnectionLost(f"{name} cannot be trusted: {_reason(error)}.") from error
            except OSError as error:
                failed = error
        if isinstance(failed, TimeoutError):
            raise SourceTimeout(f"{name} did not answer within {self._timeout_s:g} s.") from failed
        if isinstance(failed, ConnectionRefusedError):
            raise ConnectionRefused(f"{name} refuses the connection; nothing listens on that port.") from failed
        raise ConnectionLost(f"{name} cannot be reached: {_reason(failed)}.") from failed

    def _open(self, ip: str, timeout_s: float) -> socket.socket:
        started_s = time.monotonic()
        sock = socket.create_connection((ip, self._port), timeout=timeout_s)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return sock
            sock.settimeout(max(0.001, started_s + timeout_s - time.monotonic()))
            return self._tls.wrap_socket(sock, server_hostname=self._host)
        except BaseException:
            sock.close()
            raise


class _Work:
    """What the relay's thread does: one connection of FFmpeg's after the other, each to a connection of its own."""

    def __init__(
        self, server: _Server, first: socket.socket, door: socket.socket, leave: socket.socket, opened: Relayed
    ) -> None:
        self._server = server
        self._first: socket.socket | None = first
        self._door = door
        self._leave = leave
        self._opened = opened

    def run(self) -> None:
        with self._door:
            for _ in range(_CONNECTIONS):
                if not wait_readable(self._door, unless=self._leave):
                    return
                try:
                    client, _ = self._door.accept()
                    with client:
                        # A failure is set before FFmpeg can see its connection closed.
                        self._opened.failure = self._serve(client)
                except OSError as error:
                    self._opened.failure = self._lost(error)
                if self._opened.failure is not None:
                    return

    def _serve(self, client: socket.socket) -> SourceError | None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address = self._server.address
        guard = RedirectGuard(address.redacted) if address.scheme.startswith("rtsp") else None
        try:
            server, self._first = self._first or self._server.connect(time.monotonic()), None
            with server:
                Forwarding(client, server, self._leave, guard, self._lost, self._note_leaving).run()
        except SourceError as error:
            return error
        return None

    def _note_leaving(self) -> None:
        self._opened.server_left = True

    def _lost(self, error: OSError) -> SourceError:
        return ConnectionLost(f"{self._server.address.redacted} broke off: {_reason(error)}.")


class RedirectGuard(Watch):
    """Reads along until FFmpeg asks to play: up to there, and no longer, it follows redirects.

    `name` is what to call the server in an error's sentence.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._heard = b""
        self._asked = b""
        self.done = False

    def from_client(self, data: bytes) -> None:
        text = self._asked + data
        self.done = _PLAY in text
        self._asked = text[-len(_PLAY) :]

    def from_server(self, data: bytes) -> None:
        # FFmpeg drops carriage returns wherever they stand; the rest of a line may come with the next bytes.
        text = self._heard + data.replace(b"\r", b"")
        if _REDIRECT.search(text):
            raise AddressRefused(f"{self._name} redirects elsewhere, which is not followed.")
        line = text[text.rfind(b"\n") + 1 :]
        begun = line.find(_STATUS)
        self._heard = line[begun:] if begun >= 0 else line[-len(_STATUS) :]
        if len(self._heard) > _MOST_LINE_BYTES:
            raise ConnectionLost(f"{self._name} gave no RTSP answer: a line of it has no end.")


def _reason(error: BaseException | None) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
