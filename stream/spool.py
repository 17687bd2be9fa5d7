"""Seeking in a file whose server sends it only from the beginning: what has come is kept in a temporary file.

MP4 needs it whenever its index lies behind the pictures, as most programs write it.
"""

import errno
import os
import tempfile
from contextlib import ExitStack
from typing import Protocol

from stream.errors import ServerError

MAX_BYTES = 512 * 1024 * 1024
LONGEST_BYTES = 2**62
"""A file that is said to be longer is not believed: FFmpeg counts in 64 bits, sign included."""
_PIECE_BYTES = 64 * 1024


class Sequential(Protocol):
    """An open answer that is read from its beginning."""

    url: str

    def read(self, size: int) -> bytes: ...

    def close(self) -> None: ...


class Spooled:
    """A file over a sequential one of known size. Owns both the answer and the temporary file."""

    def __init__(self, body: Sequential, size_bytes: int) -> None:
        """Raises `ServerError` for a file that is too large to be kept."""
        if size_bytes > MAX_BYTES:
            raise ServerError(
                f"Its server cannot send parts of a file (ranges), and it is larger than {MAX_BYTES >> 20} MiB; "
                "move its index to the front (ffmpeg -movflags faststart), or serve it with ranges."
            )
        self.url = body.url
        self._body = body
        self._size = size_bytes
        self._owned = ExitStack()
        self._file = self._owned.enter_context(tempfile.TemporaryFile(prefix="gorewatch-"))
        self._kept = 0
        self._position = 0

    def read(self, size: int) -> bytes:
        """At least one byte, at most `size`; none at the end. Raises `SourceError`."""
        wanted = min(self._position + size, self._size)
        while self._kept < min(self._position + 1, wanted):
            if not self._fetch():
                return b""
        self._file.seek(self._position)
        data = self._file.read(min(wanted, self._kept) - self._position) if wanted > self._position else b""
        self._position += len(data)
        return data

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Raises OSError for a place that no file has."""
        self._position = place(offset, whence, position=self._position, size=self._size)
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        self._body.close()
        self._owned.close()

    def _fetch(self) -> bool:
        piece = self._body.read(_PIECE_BYTES)
        self._file.seek(self._kept)
        self._file.write(piece)
        self._kept += len(piece)
        return bool(piece)


def place(offset: int, whence: int, *, position: int, size: int | None) -> int:
    """Where a seek leads, in bytes from the beginning. Raises OSError for a place that no file has."""
    base = {0: 0, 1: position, 2: size}.get(whence)
    if base is None or not 0 <= base + offset < LONGEST_BYTES:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return base + offset


def is_mp4(head: bytes) -> bool:
    """Whether a file that starts like this is of the MP4 family (ISO 14496-12)."""
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
