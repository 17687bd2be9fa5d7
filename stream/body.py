"""An HTTP answer's bytes as a file that FFmpeg reads and, where the server does ranges, seeks in."""

import http.client
import re
from collections.abc import Callable
from typing import Protocol

from stream.errors import ConnectionLost, NotMedia, ServerError, SourceError, SourceTimeout
from stream.exchange import reason
from stream.spool import LONGEST_BYTES, place

_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII | re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,19}", re.ASCII)
_NO_RANGES = "Its server sends another part of the file than it was asked for."
_READ_ON_BYTES = 64 * 1024
"""So far ahead, reading on costs less than asking again."""
_PIECE_BYTES = 64 * 1024


class Opener(Protocol):
    """What a body asks for more, and tells how it goes."""

    heard: Callable[[], None]

    def failed(self, error: SourceError) -> None: ...

    def answer(self, url: str, start: int) -> "Answer":
        """The file from byte `start` on. Raises `SourceError`."""
        ...


class Answer:
    """An answer whose head is there: which bytes of the file it brings."""

    def __init__(self, url: str, response: http.client.HTTPResponse, asked: int) -> None:
        """`asked` is the first byte asked for. Raises `ServerError` for a part that starts elsewhere."""
        self.url = url
        self.response = response
        self.ranged = False
        """The server was seen to send parts."""
        self.at = 0
        """The file's byte that comes next."""
        self.until: int | None = None
        """Where this answer stops, where the server says."""
        self.size: int | None = None
        """The whole file's, where the server says."""
        stated = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if response.status == 416:
            self.size = 0
        elif response.status == 206 and stated is not None:
            self._take_range(int(stated[1]), int(stated[2]), None if stated[3] == "*" else int(stated[3]), asked)
        elif response.status == 206 and asked:
            raise ServerError(_NO_RANGES)
        elif not response.chunked:
            self.size = self.until = _length(response.headers.get("Content-Length", ""))

    def _take_range(self, first: int, last: int, size: int | None, asked: int) -> None:
        if first != asked or not first <= last < (LONGEST_BYTES if size is None else size):
            raise ServerError(_NO_RANGES)
        self.at = first
        self.until = last + 1 if last < LONGEST_BYTES else None
        self.size = size if size is not None and size < LONGEST_BYTES else None
        self.ranged = True


class Body:
    """A file of which one answer at a time is open; another is asked for when reading goes on elsewhere."""

    def __init__(self, opener: Opener, answer: Answer, *, start: int = 0, end: int | None = None) -> None:
        """To be read from byte `start` up to, not including, `end`."""
        self.url = answer.url
        self._opener = opener
        self._answer: Answer | None = answer
        self._position = start
        self._ranged = answer.ranged
        known = [edge for edge in (answer.size, end) if edge is not None]
        self.size = min(known) if known else None
        """Bytes from the file's beginning to where reading ends, None if the server does not say."""
        self._peeked = b""
        self._broken = False
        self.said_over = False
        """It was read to an end that its server announced, not to where the connection was closed."""

    def read(self, size: int) -> bytes:
        """At least one byte, at most `size`; none at the end. Raises `SourceError`, once: then it is at its end.

        FFmpeg reads on after an error, and PyAV prints every exception but the first.
        """
        if self._broken:
            return b""
        try:
            return self._read(size)
        except SourceError as error:
            self._broken = True
            self.close()
            self._opener.failed(error)
            raise

    def peek(self, size: int) -> bytes:
        """The next bytes, as many as come at once, without moving on. Raises `SourceError`."""
        if not self._peeked:
            self._peeked = self._read(size)
            self._position -= len(self._peeked)
        return self._peeked

    def seekable(self) -> bool:
        return self._ranged and self.size is not None

    def seek(self, offset: int, whence: int = 0) -> int:
        """Raises OSError for a place that no file has. Nothing is asked for before the next read."""
        position = place(offset, whence, position=self._position, size=self.size)
        if self._peeked and position != self._position:
            self._peeked = b""
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        """Let go of the connection. Idempotent."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.response.close()

    def _read(self, size: int) -> bytes:
        if self._peeked:
            data, self._peeked = self._peeked[:size], self._peeked[size:]
        else:
            left = size if self.size is None else min(size, self.size - self._position)
            data = self._arrived(left) if left > 0 else b""
        self._position += len(data)
        return data

    def _arrived(self, size: int) -> bytes:
        """Bytes at the position, of an answer that reaches it; none at the end of a file of unknown size."""
        answer = self._answer
        if answer is None or not self._leads_here(answer):
            self.close()
            answer = self._answer = self._opener.answer(self.url, self._position)
            if answer.size == 0:
                raise ConnectionLost(f"Its server has no more of the file than {self._position} bytes.")
        while answer.at < self._position:
            if not self._receive(answer, min(_PIECE_BYTES, self._position - answer.at)):
                return self._ended(answer)
        return self._receive(answer, size) or self._ended(answer)

    def _leads_here(self, answer: Answer) -> bool:
        ahead = self._position - answer.at
        if ahead < 0 or (answer.until is not None and answer.until <= self._position):
            return False
        return ahead <= _READ_ON_BYTES or not answer.ranged

    def _ended(self, answer: Answer) -> bytes:
        if self.size is not None or answer.until is not None:
            of = "" if self.size is None else f" of {self.size}"
            raise ConnectionLost(f"Its server hung up after {answer.at}{of} bytes.")
        self.said_over = answer.response.chunked
        return b""

    def _receive(self, answer: Answer, size: int) -> bytes:
        if answer.until is not None:
            size = min(size, answer.until - answer.at)
        try:
            # It closes itself, and the connection, at its last byte.
            data = b"" if size <= 0 or answer.response.isclosed() else answer.response.read1(size)
        except TimeoutError as error:
            raise SourceTimeout("Its server stopped sending.") from error
        except OSError as error:
            raise ConnectionLost(f"Its server broke off: {reason(error)}.") from error
        except (http.client.HTTPException, ValueError) as error:
            raise ConnectionLost("Its server broke off, or does not speak HTTP.") from error
        if len(data) > size:  # a chunk of negative length makes http.client do that; FFmpeg's buffer is no larger
            raise NotMedia("Its server does not speak HTTP: a chunk's length makes no sense.")
        answer.at += len(data)
        if data:
            self._opener.heard()
        return data


def _length(text: str) -> int | None:
    stated = int(text) if _LENGTH.fullmatch(text.strip()) else LONGEST_BYTES
    return stated if stated < LONGEST_BYTES else None
