"""JPEG 2000 by FFmpeg's decoder: to fewer pixels in the first place, and other threads run meanwhile.

Pillow's stops every thread of the process for seconds, and cannot reduce a picture of just any size.
"""

from typing import IO

import av
import numpy as np

from stream.errors import DecodeFailed
from stream.sample import Pixels

MODES = frozenset({"RGB", "RGBA", "L", "LA", "I;16"})
"""Of Pillow, whose pictures FFmpeg takes for the same; it has no CMYK."""
_MOST_HALVINGS = 5
"""Of FFmpeg's decoder."""
_START = b"\xff\x4f\xff\x51"
_CODING, _TILE = b"\xff\x52", b"\xff\x90"
_LEVELS_AT = 9
"""Bytes from the marker of the coding style to its number of levels."""


def halvings(data: bytes, *, side_px: int, least_px: int) -> int:
    """How often the shorter side, `side_px`, can be halved by the decoder and have `least_px` yet."""
    count = 0
    while count < min(_levels(data), _MOST_HALVINGS) and side_px >> (count + 1) >= least_px:
        count += 1
    return count


def decode(data: bytes, halved: int) -> Pixels:
    """The picture, its sides halved so many times, its alpha channel dropped. Raises `DecodeFailed`."""
    codec = av.CodecContext.create("jpeg2000", "r")
    codec.thread_count = 1
    codec.options = {"lowres": str(halved)}
    try:
        frames = [*codec.decode(av.Packet(data)), *codec.decode(None)]
    except av.FFmpegError as error:
        raise DecodeFailed("A picture in JPEG 2000 is damaged, or of a kind that is not read.") from error
    if not frames:
        raise DecodeFailed("A picture in JPEG 2000 has nothing in it.")
    return np.ascontiguousarray(frames[0].to_ndarray(format="rgb24"))


def whole(file: IO[bytes]) -> bytes:
    """All of an open file, which is left at its beginning."""
    file.seek(0)
    data = file.read()
    file.seek(0)
    return data


def _levels(data: bytes) -> int:
    """The decompositions that its main header tells of; 0 where it does not."""
    at = data.find(_START)
    at = len(data) if at < 0 else at + 2
    while at + _LEVELS_AT < len(data) and data[at : at + 2] != _TILE:
        if data[at : at + 2] == _CODING:
            return data[at + _LEVELS_AT]
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return 0
