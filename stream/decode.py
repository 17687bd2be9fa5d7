"""PyAV under control: open, demux, decode; blocking; FFmpeg's errors become ours.

One thread owns a container from open to close (PyAV frees it wrongly otherwise, its issue 2247). Every open and every
read has a deadline that FFmpeg itself checks while it waits.
"""

import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stream.address import Address
from stream.errors import (
    AccessDenied,
    ConnectionLost,
    ConnectionRefused,
    DecodeFailed,
    NotFound,
    NotMedia,
    NoVideo,
    ServerError,
    SourceError,
    SourceTimeout,
    Truncated,
)
from stream.fetch import Deadline, Fetcher
from stream.options import SourceOptions
from stream.sample import SourceInfo

_LAST_ENTRIES = 64
_MAX_DEMUX_ERRORS = 16
"""In a row; a container that only fails gives nothing more."""

_PROTOCOLS = {
    "file": "file,crypto,data",
    "http": "http,https,tcp,tls,crypto",
    "https": "http,https,tcp,tls,crypto",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,tls,tcp",
    "rtsp": "rtsp,rtp,rtcp,tcp,udp,crypto",
    "rtsps": "rtsps,rtsp,rtp,rtcp,tls,tcp,crypto",
}
"""What FFmpeg may open for an address: above all, nothing that came over the network names a local file."""

_OPTIONS: dict[str, dict[str, str]] = {
    # With its default the HLS demuxer aborts the process when its files come through a callback.
    "http": {"http_persistent": "0"},
    "https": {"http_persistent": "0"},
    # RTMP otherwise waits up to six seconds for an audio track that never comes.
    "rtmp": {"analyzeduration": "500000", "fflags": "nobuffer", "rtmp_live": "live"},
    "rtmps": {"analyzeduration": "500000", "fflags": "nobuffer", "rtmp_live": "live"},
    "rtsp": {"rtsp_transport": "tcp", "fflags": "nobuffer"},
    "rtsps": {"rtsp_transport": "tcp", "fflags": "nobuffer"},
}


class Media:
    """One open container and its first video stream. A context manager; to be used by one thread."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        address: Address,
        *,
        fetcher: Fetcher | None,
        read_timeout_s: float,
    ) -> None:
        self._container = container
        self._stream = stream
        self._address = address
        self._fetcher = fetcher
        self._read_timeout_s = read_timeout_s
        self.decode_errors = 0
        self.time_base = stream.time_base or Fraction(1, 90_000)
        self.info = _info(container, stream, address)
        self._truncated = address.is_file and _promises_more(stream, Path(address.url))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._container.close()

    def frames(self, stop: threading.Event) -> Iterator[VideoFrame]:
        """Decoded frames in presentation order until the source ends or `stop` is set.

        Packets that do not decode are counted in `decode_errors` and skipped. Raises `SourceError` when the source
        breaks, or when it held packets of which not one decoded.
        """
        decoded = 0
        for packet in self._packets(stop):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.decode_errors += 1
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    decoded += 1
                    yield frame
        if stop.is_set():
            return
        if self._fetcher is not None and self._fetcher.failure is not None:
            raise self._fetcher.failure
        if self._truncated:
            raise Truncated(f"{self._address.redacted} is cut short; what came before the cut was read.")
        if not decoded:
            raise DecodeFailed("None of its video could be decoded; it is damaged or of a codec that is not supported.")

    def _packets(self, stop: threading.Event) -> "Iterator[Packet[VideoStream]]":
        errors = 0
        while True:
            try:
                self._arm()
                for packet in self._container.demux(self._stream):
                    if stop.is_set():
                        return
                    errors = 0
                    yield packet
                    self._arm()
                return
            except av.error.EOFError:
                return
            except av.error.InvalidDataError as error:
                errors += 1
                self.decode_errors += 1
                if errors >= _MAX_DEMUX_ERRORS:
                    raise DecodeFailed("Its container is damaged beyond reading.") from error
            except (av.error.FFmpegError, OSError) as error:
                _raise(error, self._address, self._fetcher, opening=False)

    def _arm(self) -> None:
        if self._fetcher is not None:
            self._fetcher.deadline.arm(self._read_timeout_s)


def open_media(address: Address, options: SourceOptions, clock: Callable[[], float] = time.monotonic) -> Media:
    """Open an address and find its video stream. Blocks for at most `options.open_timeout_s`. Raises `SourceError`."""
    if address.is_file:
        _check_file(address)
    started_s = clock()
    fetcher = _fetcher(address, options)
    url = f"file:{address.url}" if address.is_file else address.url
    if fetcher is not None:
        url = fetcher.begin(url)
    try:
        container = av.open(
            url,
            options={"protocol_whitelist": _PROTOCOLS[address.scheme], **_OPTIONS.get(address.scheme, {})},
            timeout=(options.open_timeout_s, options.read_timeout_s),
            io_open=None if fetcher is None else fetcher.io_open,
        )
    except (av.error.FFmpegError, OSError, SourceError) as error:
        # A silent RTSP server surfaces as invalid data: what tells it apart is that the time is up.
        if fetcher is None and not address.is_file and clock() - started_s >= 0.9 * options.open_timeout_s:
            raise SourceTimeout(f"{address.redacted} did not answer within {options.open_timeout_s:g} s.") from error
        _raise(error, address, fetcher, opening=True)
    if not container.streams.video:
        container.close()
        raise NoVideo(f"{address.redacted} has no video track.")
    stream = container.streams.video[0]
    # Many streams share the cores: threads inside one decoder cost more than they bring, and add delay.
    stream.codec_context.thread_type = "NONE"
    if options.decode == "keyframes":
        stream.codec_context.skip_frame = "NONKEY"
    return Media(container, stream, address, fetcher=fetcher, read_timeout_s=options.read_timeout_s)


def _fetcher(address: Address, options: SourceOptions) -> Fetcher | None:
    """FFmpeg opens no HTTP connection of its own: playlists and redirects lead anywhere."""
    if address.scheme not in ("http", "https"):
        return None
    deadline = Deadline()
    deadline.arm(options.open_timeout_s)
    return Fetcher(options, deadline)


def _check_file(address: Address) -> None:
    path = Path(address.url)
    try:
        if path.is_dir():
            raise NotMedia(f"{path} is a folder; name a file.")
        if path.stat().st_size == 0:
            raise NotMedia(f"{path} is empty (0 bytes).")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise AccessDenied(f"{path} may not be read: {error.strerror}.") from error


def _promises_more(stream: VideoStream, path: Path) -> bool:
    """Whether a file's index, where its format has one, names bytes that the file does not hold."""
    entries = stream.index_entries
    size_bytes = path.stat().st_size
    # The last pictures lie last; a long film's whole index would take a while to walk.
    last = range(max(0, len(entries) - _LAST_ENTRIES), len(entries))
    return any(entries[place].pos + entries[place].size > size_bytes for place in last)


def _info(container: InputContainer, stream: VideoStream, address: Address) -> SourceInfo:
    rate = stream.average_rate or stream.guessed_rate
    known = container.duration
    # FFmpeg estimates the end of a stored file and of a complete playlist; of what is still growing it knows none.
    live = address.is_live_protocol or (not address.is_file and known is None)
    return SourceInfo(
        codec=stream.codec_context.name,
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        fps=float(rate) if rate else None,
        live=live,
        duration_s=None if live or known is None else known / av.time_base,
    )


_BY_KIND: tuple[tuple[type[BaseException], type[SourceError], str], ...] = (
    (av.error.HTTPNotFoundError, NotFound, "answers that there is no such thing (404)"),
    (av.error.HTTPUnauthorizedError, AccessDenied, "wants a user name and password (401)"),
    (av.error.HTTPForbiddenError, AccessDenied, "refuses access (403)"),
    (av.error.HTTPServerError, ServerError, "answers with a server error (5xx)"),
    (av.error.HTTPError, ServerError, "refuses the request (4xx)"),
    (ConnectionRefusedError, ConnectionRefused, "refuses the connection; nothing listens on that port"),
    (FileNotFoundError, NotFound, "does not exist"),
    (PermissionError, AccessDenied, "may not be read: access is refused, or nobody publishes under that name"),
    (av.error.ExitError, SourceTimeout, "stayed silent for too long"),
    (TimeoutError, SourceTimeout, "stayed silent for too long"),
    (av.error.InvalidDataError, NotMedia, "is no picture, video or stream that can be read"),
    (av.error.DemuxerNotFoundError, NotMedia, "is of a format that is not read here"),
    (av.error.ProtocolNotFoundError, NotMedia, "leads to a protocol that is not read here"),
)


def _raise(error: BaseException, address: Address, fetcher: Fetcher | None, *, opening: bool) -> NoReturn:
    if fetcher is not None and fetcher.failure is not None:
        raise fetcher.failure from error
    for kind, ours, sentence in _BY_KIND:
        if isinstance(error, kind):
            raise ours(f"{address.redacted} {sentence}.") from error
    what = "could not be opened" if opening else "broke off"
    detail = getattr(error, "strerror", None) or type(error).__name__
    raise ConnectionLost(f"{address.redacted} {what}: {detail}.") from error
