"""An image that somebody sent or named: fetched, bounded, and every frame of it a sample."""

import base64
import binascii
import io
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import av.error
from av.video.frame import VideoFrame
from PIL import Image

from stream.address import Address
from stream.deadline import Deadline
from stream.emit import Emitter
from stream.errors import DecodeFailed, NotFound, NotMedia, SourceError, SourceTimeout, TooLarge, TooManyFrames
from stream.fetch import Fetcher
from stream.options import SourceOptions
from stream.sample import SourceInfo
from stream.still import FORMATS, HEAD_BYTES, check_size, frame_of, is_still, least_px_for, open_still

_ALL_FORMATS = (*FORMATS, "GIF")
_MOVING = frozenset({"GIF", "WEBP", "PNG"})
"""What viewers play. The pages of a TIFF, of which they show the first, are not frames."""
_MOST_MOVING_PIXELS = 256_000_000
"""Of all frames of one image together."""
_LARGE_PIXELS = 8_000_000
_PIECE_BYTES = 64 * 1024
_WAIT_S = 0.5
_NAME = "The image"
_BLANKS = b" \t\r\n"
_one_large = threading.Lock()
"""A large one takes hundreds of megabytes while it is decoded: one at a time in a worker."""


def read_image(address: Address, options: SourceOptions, emitter: Emitter, stop: threading.Event) -> None:
    """Hand every frame to the emitter, a media second after each other. Raises `SourceError`."""
    data = _plain(_bytes_of(address, options, emitter))
    try:
        with open_still(io.BytesIO(data), _NAME, _ALL_FORMATS) as image, _turn(image, emitter, stop):
            codec = (image.format or "image").lower()
            info = SourceInfo(codec, image.width, image.height, fps=None, live=False, duration_s=0.0)
            emitter.begin(info, Fraction(1))
            for number, frame in enumerate(_frames(image, data, options.most_frames, least_px_for(emitter.size_px))):
                if stop.is_set():
                    return
                frame.pts = number
                emitter.frame(frame)
    except (SourceError, ConnectionError):  # the latter: the service has gone
        raise
    except Exception as error:  # what Pillow raises for a hostile file is anybody's guess
        raise DecodeFailed(f"{_NAME} is damaged ({type(error).__name__}).") from error


def _bytes_of(address: Address, options: SourceOptions, emitter: Emitter) -> bytes:
    if not address.is_file:
        return _fetched(address, options, emitter)
    try:
        with Path(address.url).open("rb") as file:
            data = file.read(options.most_bytes + 1)
    except OSError as error:
        raise NotFound("The image's file is not there any more.") from error
    return _checked(data, options)


def _fetched(address: Address, options: SourceOptions, emitter: Emitter) -> bytes:
    """All of it within one deadline: a server that sends a byte a second is given up, too."""
    deadline = Deadline()
    deadline.arm(options.open_timeout_s)
    data = bytearray()
    with closing(Fetcher(options, deadline, heard=emitter.heartbeat)) as fetcher:
        body = fetcher.open(address.url)
        if body.size is not None and body.size > options.most_bytes:
            raise TooLarge(f"{_NAME} has more than {options.most_bytes:,} bytes.")
        while len(data) <= options.most_bytes and (piece := body.read(_PIECE_BYTES)):
            data += piece
    return _checked(bytes(data), options)


def _checked(data: bytes, options: SourceOptions) -> bytes:
    if not data:
        raise NotMedia(f"{_NAME} is empty (0 bytes).")
    if len(data) > options.most_bytes:
        raise TooLarge(f"{_NAME} has more than {options.most_bytes:,} bytes.")
    return data


def _plain(data: bytes) -> bytes:
    """The image's own bytes; some clients send them as base64 text, or as a `data:` address."""
    head = data[:HEAD_BYTES]
    if is_still(head) or head.startswith(b"GIF8"):
        return data
    text = data.partition(b",")[2] if head.startswith(b"data:") else data
    try:
        return base64.b64decode(text.translate(None, _BLANKS), validate=True)
    except binascii.Error:
        return data


@contextmanager
def _turn(image: Image.Image, emitter: Emitter, stop: threading.Event) -> Iterator[None]:
    if image.width * image.height <= _LARGE_PIXELS:
        yield
        return
    while not _one_large.acquire(timeout=_WAIT_S):
        emitter.heartbeat()
        if stop.is_set():
            raise SourceTimeout("It was given up before its turn came.")
    try:
        yield
    finally:
        _one_large.release()


def _frames(image: Image.Image, data: bytes, most: int, least_px: int) -> Iterator[VideoFrame]:
    if image.format not in _MOVING:
        yield frame_of(image, least_px)
        return
    _check_length(image, data, most)
    for number in range(most + 1):
        try:
            image.seek(number)
        except EOFError:
            return
        if number == most:
            raise TooManyFrames(f"{_NAME} has more than {most} frames.")
        check_size(image, _NAME)
        yield frame_of(image, least_px)


def _check_length(image: Image.Image, data: bytes, most: int) -> None:
    """Before the first frame is decoded. What lies about its length is found out while it is read."""
    frames = _gif_frames(data, most) if image.format == "GIF" else int(getattr(image, "n_frames", 1))
    if frames > most:
        raise TooManyFrames(f"{_NAME} has more than {most} frames.")
    if frames * image.width * image.height > _MOST_MOVING_PIXELS and frames > 1:
        raise TooLarge(f"{_NAME} has more than {_MOST_MOVING_PIXELS:,} pixels in its {frames} frames.")


def _gif_frames(data: bytes, most: int) -> int:
    """Counted as far as `most` + 1. Pillow would decode, or at least walk, all of them."""
    with (
        suppress(av.error.FFmpegError),
        av.open(io.BytesIO(data), "r", format="gif", metadata_errors="replace") as container,
    ):
        return sum(packet.size > 0 for packet in islice(container.demux(video=0), most + 1))
    return 1
