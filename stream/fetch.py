"""HTTP for media, in FFmpeg's place: playlists, segments, keys and redirects all pass the egress check here.

FFmpeg follows whatever a playlist or a redirect names, so checking the first address is not enough; PyAV's `io_open`
hands every open to us instead. Connections go to the address that was checked, never to a second look-up. Deadlines
are ours too, since FFmpeg's do not cover reads that it makes through a callback.
"""

import re
import weakref
from collections.abc import Callable, Mapping
from urllib.parse import quote, urljoin, urlsplit

from stream import egress
from stream.address import Address, for_wire, origin, parse, redact
from stream.body import Answer, Body
from stream.deadline import Deadline
from stream.decrypt import Decrypted
from stream.errors import (
    AccessDenied,
    AddressInvalid,
    AddressRefused,
    NotFound,
    NotMedia,
    ServerError,
    SourceError,
    SourceTimeout,
)
from stream.exchange import request
from stream.options import SourceOptions
from stream.spool import Spooled, is_mp4

__all__ = ["Body", "Deadline", "Fetcher"]

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CRYPTO = "crypto+"
_HEAD_BYTES = 16
_PLAYLIST = ".m3u"
_BLANKS = re.compile(r"[\x00-\x20\x7f]")


class Missing:
    """A file without a byte, in place of one that is not there."""

    def read(self, size: int) -> bytes:
        del size
        return b""

    def close(self) -> None:
        """Nothing is open."""


def _nobody() -> None:
    """Hears nothing."""


class Fetcher:
    """Opens HTTP addresses for one source. To be used by one thread."""

    def __init__(
        self,
        options: SourceOptions,
        deadline: Deadline,
        resolve: egress.Resolve | None = None,
        heard: Callable[[], None] = _nobody,
    ) -> None:
        """`heard` is called whenever an address is answered and whenever bytes come."""
        self._options = options
        self._resolve = resolve
        self._own: Address | None = None
        self._first: Body | Spooled | None = None
        self._own_body: weakref.ref[Body] | None = None
        self._opened: weakref.WeakSet[Body | Spooled] = weakref.WeakSet()
        self.deadline = deadline
        self.heard = heard
        self.failure: SourceError | None = None
        """What went wrong with the latest file: FFmpeg passes on no more than that something did."""
        self.size: int | None = None
        """Bytes of the source's own address once it is begun, None if its server does not say."""

    def begin(self, url: str) -> str:
        """Open the source's own address; returns where its redirects led. Raises `SourceError`."""
        self._own = for_wire(parse(url))
        body = self.open(url)
        self._own_body = weakref.ref(body)
        try:
            self.size = body.size
            if body.size == 0:
                raise NotMedia(f"{redact(url)} is empty (0 bytes).")
            spooled = not body.seekable() and body.size is not None and is_mp4(body.peek(_HEAD_BYTES))
            self._first = Spooled(body, body.size) if spooled and body.size is not None else body
            self._opened.add(self._first)
        except SourceError:
            body.close()
            raise
        return body.url

    def io_open(self, url: str, flags: int, options: Mapping[str, str]) -> "Body | Spooled | Decrypted | Missing":
        """What PyAV calls for every open that FFmpeg wants to make. Raises `SourceError`.

        But not for a segment that its server does not have: the player goes on with the next one. PyAV would raise at
        the next packet, and lose it: the key frame of that segment.
        """
        del flags  # it only reads
        first, self._first = self._first, None
        if first is not None:
            if first.url == url:
                return first
            first.close()
        self.failure = None
        # FFmpeg sleeps between two looks at a live playlist: that silence is not the server's.
        self.deadline.extend()
        try:
            body = self._open_nested(url, options)
        except SourceError as error:
            self.failed(error)
            if isinstance(error, NotFound | ServerError) and not self._is_playlist(url):
                return Missing()
            raise
        self.deadline.extend()
        return body

    def open(self, url: str, *, start: int = 0, end: int | None = None) -> Body:
        """Open an address from byte `start` up to, not including, `end`. Follows redirects, each of them checked."""
        body = Body(self, self.answer(url, start, end), start=start, end=end)
        self._opened.add(body)
        return body

    def answer(self, url: str, start: int, end: int | None = None) -> Answer:
        """The same as the bare answer, which may start before `start` where the server does no ranges."""
        address = _http_address(url)
        # From the first byte on too: only the answer to a range tells whether a server does ranges.
        ranges = {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        for _ in range(_MAX_REDIRECTS + 1):
            assert address.host is not None, "an HTTP address has a host"
            name = address.redacted if address == self._own else f"What it leads to at {origin(address)}"
            ips = egress.reachable(address.host, self._options, self.deadline.left_s(), self._resolve)
            response = request(address, name, ips, self.deadline, ranges)
            try:
                if response.status not in _REDIRECTS:
                    _check_status(response.status, name, from_start=start == 0)
                    answer = Answer(address.url, response, start)
                    self.heard()
                    return answer
                address = _led_to(address, name, response.headers.get("Location"))
            except SourceError:
                response.close()
                raise
            response.close()
        raise ServerError(f"{name} redirects once more after {_MAX_REDIRECTS} times.")

    @property
    def said_over(self) -> bool:
        """Whether the source's own address was read to an end that its server announced."""
        body = None if self._own_body is None else self._own_body()
        return body is not None and body.said_over

    def close(self) -> None:
        """Let go of everything that is still open: PyAV does not when a container is closed. Idempotent."""
        for file in list(self._opened):
            file.close()

    def failed(self, error: SourceError) -> None:
        """Keep what went wrong, and wait no longer for a server that let us wait in vain."""
        self.failure = error
        if isinstance(error, SourceTimeout):
            self.deadline.expire()

    def _is_playlist(self, url: str) -> bool:
        return (self._own is not None and url == self._own.url) or _PLAYLIST in urlsplit(url).path.lower()

    def _open_nested(self, url: str, options: Mapping[str, str]) -> "Body | Decrypted":
        if not url.startswith(_CRYPTO):
            end = int(options.get("end_offset", 0))
            return self.open(url, start=int(options.get("offset", 0)), end=end if end > 0 else None)
        body = self.open(url.removeprefix(_CRYPTO))
        try:
            return Decrypted(body, key=bytes.fromhex(options["key"]), iv=bytes.fromhex(options["iv"]))
        except (KeyError, ValueError) as error:
            body.close()
            raise NotMedia("It is encrypted in a way that is not read here.") from error


def _http_address(url: str) -> Address:
    """In its form for the wire. Raises `AddressRefused` or `HostUnknown`."""
    try:
        address = parse(_BLANKS.sub(lambda blank: quote(blank[0]), url.strip()))
    except AddressInvalid as error:
        raise AddressRefused("It leads to an address that is not read here, or does not parse.") from error
    if address.scheme not in ("http", "https"):
        raise AddressRefused(f"It leads to a {address.scheme}: address, which over HTTP is not followed.")
    return for_wire(address)


def _led_to(address: Address, name: str, location: str | None) -> Address:
    """Where a redirect leads. User name and password go along only to the same scheme, host and port."""
    if location is None or not location.strip():
        raise ServerError(f"{name} redirects without saying where to.")
    try:
        target = urljoin(address.url, _unmangled(location.strip()))
    except ValueError as error:
        raise ServerError(f"{name} redirects to an address that does not parse.") from error
    following = _http_address(target)
    userinfo, at, _ = urlsplit(address.url).netloc.rpartition("@")
    same = (following.scheme, following.host, following.port) == (address.scheme, address.host, address.port)
    if not at or not same or "@" in urlsplit(following.url).netloc:
        return following
    # Into the address itself: what it leads to, and asking again for more of it, need them too.
    scheme, _, rest = following.url.partition("://")
    return Address(f"{scheme}://{userinfo}@{rest}", following.scheme, following.host, following.port)


def _unmangled(header: str) -> str:
    """A header's text, which http.client takes for Latin-1; servers mean UTF-8, or bytes that they want back."""
    octets = header.encode("latin-1", errors="replace")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return "".join(chr(octet) if octet < 0x80 else f"%{octet:02X}" for octet in octets)


def _check_status(status: int, name: str, *, from_start: bool) -> None:
    if status in (200, 206) or (status == 416 and from_start):  # an empty file has no first byte
        return
    if status in (404, 410):
        raise NotFound(f"{name} does not exist on its server ({status}).")
    if status in (401, 403):
        raise AccessDenied(f"{name} may not be read: its server wants other credentials ({status}).")
    raise ServerError(f"{name} is answered with HTTP status {status}.")
