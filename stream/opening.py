"""Opening a source with PyAV: what FFmpeg may do, which track is watched, and what is refused at the door."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType

import av
import av.error
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from stream.address import Address
from stream.deadline import Deadline
from stream.decode import Media
from stream.errors import (
    AccessDenied,
    NotFound,
    NotMedia,
    NoVideo,
    SourceError,
    SourceTimeout,
    TooLarge,
    TooSmall,
)
from stream.faults import raise_ours
from stream.feed import SCHEMES as FED
from stream.feed import Feed, fed
from stream.fetch import Fetcher
from stream.hardware import acceleration
from stream.options import SourceOptions
from stream.relay import SCHEMES, Relayed, relayed
from stream.sample import SourceInfo
from stream.still import MAX_PIXELS, MIN_SIDE_PX

_LEAST_S = 0.1
_MOST_FPS = 1000.0
"""What claims more gives its time base for a rate."""
_PATIENCE_S = 10.0
"""Beyond our own deadline, which watches what is silent for longer than other sources: live playlists."""

_PROTOCOLS = {
    "file": "file,crypto,data",
    "http": "http,https,tcp,tls,crypto",
    "https": "http,https,tcp,tls,crypto",
}
"""What FFmpeg may open for an address: above all, nothing that came over the network names a local file. The relay says
it for RTSP and RTMP."""

_ON_AND_ON = {"max_reload": "1000000", "m3u8_hold_counters": "1000000"}

_OPTIONS: dict[str, dict[str, str]] = {
    # With its default the HLS demuxer aborts the process when its files come through a callback.
    # A playlist that stands still is asked for again and again, until it grows, says that it is over, or our own
    # deadline has passed: what FFmpeg would take for its end is none, and opened anew it would be read twice.
    "http": {"http_persistent": "0", **_ON_AND_ON},
    "https": {"http_persistent": "0", **_ON_AND_ON},
    # No `nobuffer`, here or below: it throws away what was looked at, the first key frame with it.
    # RTMP otherwise waits up to six seconds for an audio track that never comes.
    "rtmp": {"analyzeduration": "500000", "rtmp_live": "live"},
    "rtmps": {"analyzeduration": "500000", "rtmp_live": "live"},
    "rtsp": {"rtsp_transport": "tcp"},
    "rtsps": {"rtsp_transport": "tcp"},
    # MPEG-TS without sound would otherwise be looked at for five seconds.
    **{scheme: {"analyzeduration": "1000000"} for scheme in FED},
}
_SOUND_FIRST = frozenset({"rtmp", "rtmps"})
"""Who joins in the middle may hear sound for seconds before the next key frame, the first that is seen of the video."""
_ANALYSIS_MARGIN_S = 1.0
_TRUSTED_OPTIONS: dict[str, dict[str, str]] = {
    # Over UDP, FFmpeg would send its reports wherever a server says: only the operator's own cameras may have it so.
    "rtsp": {"rtsp_transport": "tcp+udp", "rtsp_flags": "prefer_tcp", "protocol_whitelist": "rtsp,tcp,rtp,udp"},
}

_CONTAINERS = "mov,mp4,matroska,webm,mpegts,mpeg,avi,flv,ogg,asf"
_OF_PLAYLISTS = "hls,aac,ac3,eac3,mp3,webvtt"
"""What a video may be that somebody sent or named: nothing that is a picture; and of a file nothing that names other
files, which would be this machine's, or somebody else's."""

Link = Fetcher | Relayed | Feed
"""What stands between FFmpeg and the network."""


def open_media(
    address: Address,
    options: SourceOptions,
    heard: Callable[[], None],
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> Media:
    """Open an address and find the video track that a player would show.

    Blocks for at most `options.open_timeout_s`; where it waits to be called, for as long as that takes, or until `stop`
    is set. `heard` is called whenever its server answers. Raises `SourceError`.
    """
    started_s = clock()
    with ExitStack() as stack:
        link = _link(address, options, heard, stop, stack)
        try:
            container = _open_with_video(
                link, address, options, lambda: max(_LEAST_S, options.open_timeout_s - (clock() - started_s))
            )
        except (av.error.FFmpegError, OSError, SourceError) as error:
            failure = None if link is None else link.failure
            if failure is None and isinstance(link, Feed) and link.got:
                failure = NotMedia(f"{address.redacted} sends no MPEG-TS.")
            # A silent RTSP server surfaces as invalid data: what tells it apart is that the time is up.
            late = isinstance(link, Relayed) and clock() - started_s >= 0.9 * options.open_timeout_s
            if failure is None and late:
                timeout = f"{address.redacted} did not answer within {options.open_timeout_s:g} s."
                raise SourceTimeout(timeout) from error
            raise_ours(failure or error, address, opening=True)
        stack.callback(container.close)
        stream = _watched(container, address, options)
        _set_up(container, stream)
        info = _info(container, stream, address, link)
        return Media(
            container,
            stream,
            address,
            info,
            failure=lambda: None if link is None else link.failure,
            off_air=lambda: info.live and not _said_over(container, address, link),
            arm=lambda: _arm(link, options),
            owned=stack.pop_all(),
        )


def _arm(link: Link | None, options: SourceOptions) -> None:
    """FFmpeg's own deadlines do not cover the reads that it makes through us."""
    if isinstance(link, Feed):
        link.deadline.arm(options.read_timeout_s)
    elif isinstance(link, Fetcher):
        link.deadline.arm(options.read_timeout_s, extensible_to_s=options.patience_s)


def _said_over(container: InputContainer, address: Address, link: Link | None) -> bool:
    """Whether a live source that ended without a failure did so by its protocol; whoever hangs up says nothing.

    A live playlist ends where it says so, RTSP by a good-bye on a connection that stays, HTTP by its last chunk. What
    RTMP says, that nobody publishes any more, holds until somebody does. MPEG-TS by itself has no end.
    """
    match link:
        case Fetcher():
            return "hls" in container.format.name or link.said_over
        case Relayed():
            return address.scheme.startswith("rtsp") and not link.server_left
        case Feed():
            return False
    return True


def _open_with_video(
    link: Link | None, address: Address, options: SourceOptions, left_s: Callable[[], float]
) -> InputContainer:
    """Opened a second time, with more patience, where the first look found sound alone."""
    container = _open(link, address, options, left_s())
    if address.scheme not in _SOUND_FIRST or container.streams.best("video") is not None:
        return container
    container.close()
    longest_s = max(_LEAST_S, left_s() - _ANALYSIS_MARGIN_S)
    return _open(link, address, options, left_s(), {"analyzeduration": str(int(longest_s * 1_000_000))})


def _open(
    link: Link | None,
    address: Address,
    options: SourceOptions,
    left_s: float,
    more: Mapping[str, str] = MappingProxyType({}),
) -> InputContainer:
    media_options = {
        "protocol_whitelist": _PROTOCOLS.get(address.scheme, ""),
        "max_pixels": str(MAX_PIXELS),
        **_OPTIONS.get(address.scheme, {}),
    }
    if options.kind == "video":
        media_options["format_whitelist"] = _CONTAINERS if address.is_file else f"{_CONTAINERS},{_OF_PLAYLISTS}"
    # Names in other alphabets than UTF-8 are common in files, and none of our business.
    opened = partial(av.open, mode="r", hwaccel=acceleration(options.decoder), metadata_errors="replace")
    match link:
        case Fetcher():
            url = link.begin(address.url)
            timeout = (left_s, options.patience_s + _PATIENCE_S)
            return opened(url, options=media_options, timeout=timeout, io_open=link.io_open)
        case Feed():
            return opened(link, format="mpegts", options=media_options)
        case Relayed():
            trusted = _TRUSTED_OPTIONS.get(address.scheme, {}) if options.trusted else {}
            url, media_options = link.url, media_options | link.options | trusted | dict(more)
        case None:
            url = f"file:{address.url}"
    return opened(url, options=media_options, timeout=(left_s, options.read_timeout_s))


def _watched(container: InputContainer, address: Address, options: SourceOptions) -> VideoStream:
    """The track that a player would show; the others of a file may be there to mislead. Raises `SourceError`."""
    best = container.streams.best("video")
    if not isinstance(best, VideoStream) or best.disposition & Disposition.attached_pic:
        raise NoVideo(f"{address.redacted} has no video track.")
    if best.codec_context is None:
        raise NotMedia(f"{address.redacted} is damaged, or its video is of a codec that is not supported.")
    width, height = best.codec_context.width, best.codec_context.height
    if width * height > MAX_PIXELS:
        raise TooLarge(f"{address.redacted} is {width} × {height} pixels; at most {MAX_PIXELS:,} a frame are decoded.")
    if options.kind == "video" and 0 < min(width, height) < MIN_SIDE_PX:
        raise TooSmall(f"{address.redacted} is {width} × {height} pixels; at least {MIN_SIDE_PX} a side are wanted.")
    return best


def _set_up(container: InputContainer, stream: VideoStream) -> None:
    for other in container.streams:
        if other is not stream:
            # Of a playlist's other variants and of sound, no more segments are fetched.
            other.discard = Discard.all
    context = stream.codec_context
    context.options = {"max_pixels": str(MAX_PIXELS)}
    # Many streams share the cores: threads inside one decoder cost more than they bring, and add delay.
    context.thread_type = "NONE"


def _link(
    address: Address, options: SourceOptions, heard: Callable[[], None], stop: threading.Event, stack: ExitStack
) -> Link | None:
    """What stands between FFmpeg and the network: it makes no connection of its own but to a door of ours."""
    if address.is_file:
        _check_file(address)
        return None
    if address.scheme in FED:
        return stack.enter_context(fed(address, options, heard, stop))
    if address.scheme in SCHEMES:
        return stack.enter_context(relayed(address, options))
    deadline = Deadline()
    deadline.arm(options.open_timeout_s)
    fetcher = Fetcher(options, deadline, heard=heard)
    stack.callback(fetcher.close)  # PyAV leaves its files open when it closes a container
    return fetcher


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


def _info(container: InputContainer, stream: VideoStream, address: Address, link: Link | None) -> SourceInfo:
    known = container.duration
    # FFmpeg estimates the end of a stored file and of a complete playlist; of what is still growing it knows none. An
    # answer of known length is stored too, whatever FFmpeg makes of it; a playlist's own length says nothing.
    fetcher = link if isinstance(link, Fetcher) else None
    endless = known is None and (fetcher is None or fetcher.size is None or "hls" in container.format.name)
    live = address.is_live_protocol or (not address.is_file and endless)
    rate = stream.average_rate or stream.guessed_rate
    return SourceInfo(
        codec=stream.codec_context.codec.canonical_name,
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        fps=float(rate) if rate and 0 < rate <= _MOST_FPS else None,
        live=live,
        patient=live and fetcher is not None,
        duration_s=None if live or known is None else known / av.time_base,
        decoder="nvdec" if stream.codec_context.is_hwaccel else "cpu",
    )
