"""A source that reads an address: RTSP, RTMP, HLS, HTTP, a file or a picture. Runs in a thread of its own."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from stream.address import Address
from stream.decode import Media
from stream.emit import Emitter
from stream.opening import open_media
from stream.options import SourceOptions
from stream.still import looks_like_still, read_still

_PACE_STEP_S = 1.0


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
    if _is_still(address):
        frame, info = read_still(Path(address.url))
        emitter.begin(info, Fraction(1, 1000))
        frame.pts = 0
        emitter.frame(frame)
        return False
    while not stop.is_set():
        with open_media(address, options, emitter.heartbeat) as media:
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
    emitter.begin(replace(media.info, live=media.info.live or options.paced), media.time_base)
    pace: tuple[float, float] | None = None
    for frame in media.frames(stop, emitter.packet):
        if media.stamped_by_clock:
            frame.pts = round(clock() / media.time_base)
        position_s = emitter.frame(frame, decode_errors=media.decode_errors)
        if not options.paced or position_s is None:
            continue
        if pace is None:
            pace = (clock(), position_s)
        while (ahead_s := (position_s - pace[1]) - (clock() - pace[0])) > 0.0:
            if stop.wait(min(ahead_s, _PACE_STEP_S)):
                return
            emitter.heartbeat()
