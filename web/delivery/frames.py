"""Events as they go over a WebSocket: made once for all who get the same ones. Pure."""

from collections.abc import Iterator, Sequence

from .history import Entry

_TEXT = 0x81
"""A whole message of text in one frame (RFC 6455, section 5.2)."""
_SHORT, _MEDIUM = 126, 1 << 16
_PARCEL_BYTES = 32 * 1024


def text_frame(data: bytes) -> bytes:
    """One unmasked text frame, as servers send them."""
    size = len(data)
    if size < _SHORT:
        return bytes((_TEXT, size)) + data
    if size < _MEDIUM:
        return bytes((_TEXT, 126)) + size.to_bytes(2) + data
    return bytes((_TEXT, 127)) + size.to_bytes(8) + data


class Parcel:
    """Consecutive events that many subscribers get; at least one."""

    __slots__ = ("_frames", "entries")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._frames: bytes | None = None

    @property
    def last(self) -> int:
        """The number of the newest."""
        return self.entries[-1].number

    @property
    def frames(self) -> bytes:
        """A text frame each, one after the other."""
        if self._frames is None:
            self._frames = b"".join([text_frame(entry.data) for entry in self.entries])
        return self._frames


def parcels(entries: Sequence[Entry]) -> Iterator[Parcel]:
    """The same events in parts of about 32 kB, for one write each."""
    begin = size = 0
    for index, entry in enumerate(entries, start=1):
        size += len(entry.data)
        if size >= _PARCEL_BYTES or index == len(entries):
            yield Parcel(entries[begin:index])
            begin, size = index, 0
