"""A source that reads an address: RTSP, RTMP, HLS, HTTP, a file or a picture. Runs in a thread of its own."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from av.packet import Packet
from av.video.stream import VideoStream

from stream.address import Address
from stream.decode import Media
from stream.emit import Emitter
from stream.errors import NotMedia, TooLong
from stream.gop import Due, Gops
from stream.image import read_image
from stream.opening import open_media
from stream.options import SourceOptions
from stream.sample import SourceInfo
from stream.still import least_px_for, looks_like_still, read_still

_PACE_STEP_S = 1.0
_BACK_S = 1.0
_BLIND_S = 20.0
"""Live media is looked at this often at least: what jumps further between two frames has a clock that is wrong."""


def pull(
    address: Address,
    options: SourceOptions,
    emitter: Emitter,
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Read a source to its end, or until `stop` is set. Raises `SourceError` when it cannot be opened or breaks.

    Returns whether it is live and went off the air without saying that it is over.
    """
    if options.kind == "image":
        read_image(address, options, emitter, stop)
        return False
    if _is_still(address):
        if options.kind == "video":
            raise NotMedia("It is a picture, and no video.")
        frame, info = read_still(Path(address.url), least_px_for(emitter.size_px))
        emitter.begin(info, Fraction(1, 1000))
        frame.pts = 0
        emitter.frame(frame)
        return False

    while not stop.is_set():
        with open_media(address, options, emitter.heartbeat, stop) as media:
            _read(media, options, emitter, stop, clock)
            off_air = media.off_air()
        if not options.loop:
            return off_air
    return False


def _is_still(address: Address) -> bool:
    path = Path(address.url)
    try:
        return address.is_file and path.is_file() and looks_like_still(path)
    except OSError:
        # Opening it as video words the same trouble better.
        return False


def _read(
    media: Media, options: SourceOptions, emitter: Emitter, stop: threading.Event, clock: Callable[[], float]
) -> None:
    info = replace(media.info, live=media.info.live or options.paced)
    length = _Length(info, options.longest_s)
    emitter.begin(info, media.time_base)
    needs = _Needs(emitter, live=info.live)
    gops: Gops[Packet[VideoStream]] = Gops(options.decode, live=info.live, to_the_end=options.loop)
    pace = _Pace(emitter.heartbeat, stop, clock)
    base_s = float(media.time_base)
    wait = pace.wait if options.paced else length.check
    for frame in media.frames(stop, emitter.packet, gops, due=needs.due, wait=wait):
        stamp_s = None if frame.pts is None else frame.pts * base_s
        if media.stamped_by_clock:
            frame.pts, stamp_s = round(clock() / media.time_base), None
        position_s = emitter.frame(frame, decode_errors=media.decode_errors, fallbacks=gops.fallbacks)
        needs.placed(stamp_s, position_s)
        length.check_place(position_s)


class _Length:
    """Holds a video to the length that is read of it, whatever its container says."""

    def __init__(self, info: SourceInfo, longest_s: float | None) -> None:
        """Raises `TooLong` where the container says so itself, or knows no end."""
        self._longest_s = math.inf if longest_s is None else longest_s
        self._first_s: float | None = None
        if longest_s is not None and (info.live or (info.duration_s or 0.0) >= longest_s):
            raise TooLong(f"It is a video of {longest_s:g} s or more, or one that has no end.")

    def check(self, stamp_s: float) -> None:
        """Of a packet, before anything is decoded of it. Raises `TooLong`."""
        self._first_s = stamp_s if self._first_s is None else self._first_s
        self.check_place(stamp_s - self._first_s)

    def check_place(self, position_s: float | None) -> None:
        """Of a frame: stamps may go back, media time does not. Raises `TooLong`."""
        if position_s is not None and position_s >= self._longest_s:
            raise TooLong(f"It goes on for {self._longest_s:g} s or more.")


class _Needs:
    """What is due, in the seconds of a source's own stamps."""

    def __init__(self, emitter: Emitter, *, live: bool) -> None:
        self._emitter = emitter
        self._live = live
        self._last_s = 0.0
        self._ahead_s: float | None = None
        self._known: Due | None = None
        """What is due changes with frames and when the source is told to hurry, and is asked for at every packet."""

    def placed(self, stamp_s: float | None, position_s: float | None) -> None:
        """A frame with this stamp stands at this position; None for one without, or one that has no place."""
        self._known = None
        if position_s is not None:
            self._last_s = position_s
            self._ahead_s = None if stamp_s is None else stamp_s - position_s

    def due(self) -> Due | None:
        """None while it is not known how the two are related."""
        if self._known is not None and not self._emitter.hurried:
            return self._known
        if self._ahead_s is None:
            return None
        due = self._emitter.due
        from_s = min(due.from_s, self._last_s + _BLIND_S) if self._live else due.from_s
        self._known = Due(from_s + self._ahead_s, due.slot_s, due.last_s + self._ahead_s)
        return self._known


class _Pace:
    """Holds the packets of a stored file back until their time has come."""

    def __init__(self, waiting: Callable[[], None], stop: threading.Event, clock: Callable[[], float]) -> None:
        self._waiting = waiting
        self._stop = stop
        self._clock = clock
        self._start_s = self._latest_s = math.inf

    def wait(self, stamp_s: float) -> None:
        """Until a packet with this stamp is due, or the source is stopped."""
        if not stamp_s > self._latest_s - _BACK_S:
            self._start_s = self._clock() - stamp_s
        self._latest_s = stamp_s
        while (ahead_s := stamp_s - (self._clock() - self._start_s)) > 0.0:
            if self._stop.wait(min(ahead_s, _PACE_STEP_S)):
                return
            self._waiting()
