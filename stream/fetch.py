"""HTTP for media, in FFmpeg's place: playlists, segments, keys and redirects all pass the egress check here.

FFmpeg follows whatever a playlist or a redirect names, so checking the first address is not enough; PyAV's `io_open`
hands every open to us instead. Connections go to the address that was checked, never to a second look-up. Deadlines
are ours too, since FFmpeg's do not cover reads that it makes through a callback.
"""

import base64
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urljoin, urlsplit

from stream import egress
from stream.address import Address, parse, redact
from stream.decrypt import Decrypted
from stream.errors import (
    AccessDenied,
    AddressInvalid,
    AddressRefused,
    ConnectionLost,
    ConnectionRefused,
    NotFound,
    NotMedia,
    ServerError,
    SourceError,
    SourceTimeout,
)
from stream.options import SourceOptions
from stream.spool import Spooled, is_mp4

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CRYPTO = "crypto+"
_AGENT = "gorewatch"
_HEAD_BYTES = 16


class Deadline:
    """How long the reads that FFmpeg makes on its own may take together; moved on before each of its calls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until_s = clock()
        self._given_s = 0.0

    def arm(self, seconds: float) -> None:
        self._given_s = seconds
        self._until_s = self._clock() + seconds

    def left_s(self) -> float:
        """Raises `SourceTimeout` when nothing is left."""
        left_s = self._until_s - self._clock()
        if left_s <= 0.0:
            raise SourceTimeout(f"Its server stayed silent, or too slow, for {self._given_s:g} s.")
        return left_s


class Fetcher:
    """Opens HTTP addresses for one source. To be used by one thread."""

    def __init__(self, options: SourceOptions, deadline: Deadline, resolve: egress.Resolve | None = None) -> None:
        self._options = options
        self._resolve = resolve
        self._tls = ssl.create_default_context()
        self._first: Body | Spooled | None = None
        self.deadline = deadline
        self.failure: SourceError | None = None
        """What went wrong with the latest file: FFmpeg passes on no more than that something did."""

    def begin(self, url: str) -> str:
        """Open the source's own address; returns where its redirects led. Raises `SourceError`."""
        body = self.open(url)
        self._first = body
        if body.size == 0:
            raise NotMedia(f"{redact(url)} is empty (0 bytes).")
        if not body.seekable() and body.size is not None and is_mp4(body.peek(_HEAD_BYTES)):
            self._first = Spooled(body, body.size)
        return body.url

    def io_open(self, url: str, flags: int, options: Mapping[str, str]) -> "Body | Spooled | Decrypted":
        """What PyAV calls for every open that FFmpeg wants to make. Raises `SourceError`."""
        del flags  # it only reads
        first, self._first = self._first, None
        if first is not None and first.url == url:
            return first
        self.failure = None
        try:
            if url.startswith(_CRYPTO):
                body = self.open(url.removeprefix(_CRYPTO), start=0, end=None)
                return Decrypted(body, key=bytes.fromhex(options["key"]), iv=bytes.fromhex(options["iv"]))
            return self.open(url, start=int(options.get("offset", 0)), end=_end(options))
        except SourceError as error:
            self.failure = error
            raise

    def open(self, url: str, *, start: int = 0, end: int | None = None) -> "Body":
        """Open an address from byte `start` up to, not including, `end`. Follows redirects, each of them checked."""
        address = _http_address(url)
        secret = _credentials(url)
        for _ in range(_MAX_REDIRECTS + 1):
            response, connection = self._request(address, secret, start, end)
            if response.status not in _REDIRECTS:
                _check_status(response.status, address)
                return Body(self, address.url, response, connection, start)
            target = urljoin(address.url, response.headers.get("Location", ""))
            response.close()
            following = _http_address(target)
            secret = secret if following.host == address.host else _credentials(target)
            address = following
        raise ServerError(f"{address.redacted} redirects more than {_MAX_REDIRECTS} times.")

    def _request(
        self, address: Address, secret: str | None, start: int, end: int | None
    ) -> tuple[http.client.HTTPResponse, socket.socket]:
        assert address.host is not None, "an HTTP address has a host"
        parts = urlsplit(address.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
        if secret is not None:
            headers["Authorization"] = f"Basic {secret}"
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        connection = http.client.HTTPConnection(address.host, address.port)
        try:
            connection.sock = sock = self._connect(address, address.host)
            sock.settimeout(self.deadline.left_s())
            connection.request("GET", path, headers=headers)
            return connection.getresponse(), sock
        except TimeoutError as error:
            raise SourceTimeout(f"{address.redacted} did not answer in time.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ConnectionLost(f"{address.redacted} gave no HTTP answer: {_reason(error)}.") from error

    def _connect(self, address: Address, host: str) -> socket.socket:
        refused: OSError | None = None
        for ip in egress.reachable(host, self._options, self.deadline.left_s(), self._resolve):
            try:
                plain = socket.create_connection((ip, address.port), timeout=self.deadline.left_s())
                return self._tls.wrap_socket(plain, server_hostname=host) if address.scheme == "https" else plain
            except ssl.SSLError as error:
                raise ConnectionLost(f"{address.redacted} cannot be trusted: {_reason(error)}.") from error
            except ConnectionRefusedError as error:
                refused = error
            except OSError as error:
                if isinstance(error, TimeoutError):
                    raise SourceTimeout(f"{address.redacted} did not answer in time.") from error
                refused = error
        if isinstance(refused, ConnectionRefusedError):
            raise ConnectionRefused(
                f"{address.redacted} refuses the connection; nothing listens on that port."
            ) from refused
        raise ConnectionLost(f"{address.redacted} cannot be reached: {_reason(refused)}.") from refused


class Body:
    """An answer's bytes as a file that FFmpeg reads and, where the server does ranges, seeks in."""

    def __init__(
        self, fetcher: Fetcher, url: str, response: http.client.HTTPResponse, connection: socket.socket, start: int
    ) -> None:
        self.url = url
        self._fetcher = fetcher
        self._response: http.client.HTTPResponse | None = response
        self._connection = connection
        self._position = start
        length = response.headers.get("Content-Length")
        self.size = start + int(length) if length is not None and length.isdecimal() else None
        """Of the whole file, None if the server does not say."""
        self._peeked = b""
        ranges = response.headers.get("Accept-Ranges", "")
        self._seekable = self.size is not None and (response.status == 206 or ranges.lower() == "bytes")

    def read(self, size: int) -> bytes:
        """At least one byte, at most `size`; none at the end. Raises `SourceError`."""
        try:
            return self._read(size)
        except SourceError as error:
            self._fetcher.failure = error
            raise

    def peek(self, size: int) -> bytes:
        """The next bytes, as many as come at once, without moving on. Raises `SourceError`."""
        if not self._peeked:
            self._peeked = self._read(size)
            self._position -= len(self._peeked)
        return self._peeked

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._position, 2: self.size or 0}[whence]
        if base + offset != self._position:
            self._peeked = b""
            self.close()
            self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        """Let go of the connection. Idempotent."""
        response, self._response = self._response, None
        if response is not None:
            response.close()
            self._connection.close()

    def _read(self, size: int) -> bytes:
        if self._peeked:
            data, self._peeked = self._peeked[:size], self._peeked[size:]
            self._position += len(data)
            return data
        if self.size is not None and self._position >= self.size:
            return b""
        if self._response is None:
            again = self._fetcher.open(self.url, start=self._position)
            self._response, self._connection = again._response, again._connection
        assert self._response is not None, "an answer was just opened"
        try:
            data = b""
            if not self._response.isclosed():  # it closes itself, and the connection, at its last byte
                self._connection.settimeout(self._fetcher.deadline.left_s())
                data = self._response.read1(size)
        except TimeoutError as error:
            raise SourceTimeout("Its server stopped sending.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ConnectionLost(f"Its server broke off: {_reason(error)}.") from error
        if not data and self.size is not None:
            raise ConnectionLost(f"Its server hung up after {self._position} of {self.size} bytes.")
        self._position += len(data)
        return data


def _http_address(url: str) -> Address:
    try:
        address = parse(url)
    except AddressInvalid as error:
        raise AddressRefused(f"It leads to an address that is not read here: {error}") from error
    if address.scheme not in ("http", "https"):
        raise AddressRefused(f"It leads to {address.redacted}, which over HTTP is not followed.")
    return address


def _credentials(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return base64.b64encode(f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()).decode()


def _check_status(status: int, address: Address) -> None:
    if status in (200, 206):
        return
    if status in (404, 410):
        raise NotFound(f"{address.redacted} does not exist on its server ({status}).")
    if status in (401, 403):
        raise AccessDenied(f"{address.redacted} may not be read: its server wants other credentials ({status}).")
    raise ServerError(f"{address.redacted} is answered with HTTP status {status}.")


def _end(options: Mapping[str, str]) -> int | None:
    end = int(options.get("end_offset", 0))
    return end if end > 0 else None


def _reason(error: BaseException | None) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
