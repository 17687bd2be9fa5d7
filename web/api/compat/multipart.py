"""`multipart/form-data` as it comes: fields in memory, files to disk, everything counted.

The parser is pushed what has arrived and never waits, so that who reads the body decides how long that may take and how
much of it there may be.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .body import BodyBounds
from .errors import BODY_MALFORMED, Refused

_FILE_FIELDS = frozenset({"media", "media[]"})
_FLUSH_BYTES = 256 * 1024
_MOST_NAME = 255
_EXTENDED = re.compile(r"""[;\s]filename\*\s*=\s*"?(?P<charset>[\w-]*)'[^']*'(?P<name>[^;"\s]*)""", re.IGNORECASE)
_LATIN = frozenset({"iso-8859-1", "latin-1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent. The file at `path` is the form's, and goes with it."""

    field: str
    name: str
    """As its sender called it."""
    path: Path
    size_bytes: int
    too_large: bool
    """It went on beyond the bound, and what is at `path` is not all of it."""


@dataclass(slots=True)
class _Part:
    """The part that is being read."""

    headers: dict[str, str] = field(default_factory=dict)
    name: str = ""
    header: bytes = b""
    value: bytes = b""
    text: bytearray | None = None
    """Of a field; None for a file."""


@dataclass(slots=True)
class _Spool:
    """A file on its way to disk."""

    key: str
    name: str
    path: Path
    file: BinaryIO
    buffer: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0
    too_large: bool = False
    ended: bool = False


class MultipartForm:
    """Fields and files of one body. `write` it piece by piece, then `finish`; `close` whatever happens."""

    def __init__(self, boundary: bytes, bounds: BodyBounds, paths: Iterator[Path]) -> None:
        """`paths` gives a path of its own for each file. Raises `Refused` for a boundary that cannot be one."""
        self.fields: dict[str, str] = {}
        self._bounds = bounds
        self._paths = paths
        self._part = _Part()
        self._parts = 0
        self._spool: _Spool | None = None
        self._spools: list[_Spool] = []
        self._complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._all,
                },
            )
        except FormParserError as error:
            raise Refused(BODY_MALFORMED) from error

    async def write(self, piece: bytes) -> None:
        """Raises `Refused` for what is malformed, or beyond the bounds."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise Refused(BODY_MALFORMED) from error
        for spool in self._spools:
            if len(spool.buffer) >= _FLUSH_BYTES or (spool.ended and not spool.file.closed):
                await asyncio.to_thread(_flush, spool)

    def finish(self) -> list[Upload]:
        """The files, in their order. Raises `Refused` for a body that was cut off."""
        if not self._complete:
            raise Refused(BODY_MALFORMED)
        return [Upload(spool.key, spool.name, spool.path, spool.size_bytes, spool.too_large) for spool in self._spools]

    def close(self) -> None:
        """Let go of the files, and take them away. Idempotent."""
        for spool in self._spools:
            spool.file.close()
            spool.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._bounds.parts:
            raise Refused(BODY_MALFORMED.saying(f"The request's body has more than {self._bounds.parts} parts"))
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header.decode("latin-1").lower()] = part.value.decode("latin-1")
        part.header = part.value = b""

    def _headers_finished(self) -> None:
        part = self._part
        disposition = part.headers.get("content-disposition", "")
        _, options = parse_options_header(disposition)
        part.name = _text(options.get(b"name", b""))
        filename = _text(options[b"filename"]) if b"filename" in options else _extended_name(disposition)
        if filename is None:
            part.text = bytearray()
        elif part.name in _FILE_FIELDS and len(self._spools) < self._bounds.files:
            path = next(self._paths)
            self._spool = _Spool(part.name, filename[:_MOST_NAME], path, path.open("xb"))
            self._spools.append(self._spool)

    def _data(self, data: bytes, start: int, end: int) -> None:
        text, spool = self._part.text, self._spool
        if text is not None:
            text += data[start:end]
            if self._part.name in _FILE_FIELDS:
                # A file without a name: what it is not is said when it is asked for, and that takes no more of it.
                del text[self._bounds.field_bytes :]
            elif len(text) > self._bounds.field_bytes:
                raise Refused(
                    BODY_MALFORMED.saying(f"A field has more than {self._bounds.field_bytes} bytes; send it as a file")
                )
        elif spool is not None:
            spool.size_bytes += end - start
            spool.too_large = spool.size_bytes > self._bounds.file_bytes
            if not spool.too_large:
                spool.buffer += data[start:end]

    def _end(self) -> None:
        if self._part.text is not None:
            self.fields.setdefault(self._part.name, _text(bytes(self._part.text)))
        if self._spool is not None:
            self._spool.ended = True
            self._spool = None

    def _all(self) -> None:
        self._complete = True


def _flush(spool: _Spool) -> None:
    spool.file.write(spool.buffer)
    spool.buffer.clear()
    if spool.ended:
        spool.file.close()


def _extended_name(disposition: str) -> str | None:
    """A name in the form that old clients give to one that is not ASCII: `filename*=utf-8''…`."""
    found = _EXTENDED.search(disposition)
    if found is None:
        return None
    # No other charset is looked up: Python has some that are none, and some that raise what they like.
    charset = "latin-1" if found["charset"].lower() in _LATIN else "utf-8"
    return unquote(found["name"], encoding=charset, errors="replace")


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
