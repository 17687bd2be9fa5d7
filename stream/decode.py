"""PyAV under control: demux and decode; blocking; FFmpeg's errors become ours.

One thread owns a container from open to close (PyAV frees it wrongly otherwise, its issue 2247). Every open and every
read has a deadline that is checked while it waits.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stream.address import Address
from stream.errors import DecodeFailed, SourceError, Truncated
from stream.faults import raise_ours
from stream.gop import Due, Gops, Seen, Work
from stream.sample import SourceInfo
from stream.still import MAX_PIXELS

_LAST_ENTRIES = 64
_MAX_DEMUX_ERRORS = 16
"""In a row; a container that only fails gives nothing more."""


class Media:
    """One open container and its first video stream. A context manager; to be used by one thread."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        address: Address,
        info: SourceInfo,
        *,
        failure: Callable[[], SourceError | None],
        off_air: Callable[[], bool],
        arm: Callable[[], None],
        owned: ExitStack,
    ) -> None:
        """`failure` knows better than FFmpeg what went wrong; `arm` is called before each read; `owned` is closed.

        `off_air` tells, at its end, whether a live source ended without saying that it is over.
        """
        self._container = container
        self._stream = stream
        self._address = address
        self._failure = failure
        self.off_air = off_air
        self._arm = arm
        self._owned = owned
        self._begun_at: int | None = None
        self._references_only = False
        self.decode_errors = 0
        self.time_base = stream.time_base or Fraction(1, 90_000)
        self._base_s = float(self.time_base)
        self.info = info
        self.stamped_by_clock = container.format.name == "mpjpeg"
        """Its stamps are counted, not measured: the time of arrival says more."""
        self._truncated = address.is_file and _promises_more(stream, Path(address.url))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._owned.close()

    def frames(
        self,
        stop: threading.Event,
        heard: Callable[[int, int], None],
        gops: "Gops[Packet[VideoStream]]",
        *,
        due: Callable[[], Due | None],
        wait: Callable[[float], None] = lambda _: None,
    ) -> Iterator[VideoFrame]:
        """Decoded frames in presentation order until the source ends or `stop` is set.

        `gops` chooses the packets that are decoded by what `due` says, in seconds of stamps. Packets that do not decode
        are counted in `decode_errors` and skipped. Raises `SourceError` when the source breaks, or when it held packets
        of which not one decoded. `heard` is called for every packet with its bytes and the errors so far, and what it
        raises ends the reading; then `wait` with the seconds of the packet's stamp.
        """
        decoded = 0
        for packet in self._packets(stop):
            if packet.size == 0:  # FFmpeg's own mark of the end
                works = [*gops.drain(due()), Work(packet, Seen(None, False, 0))]
            else:
                heard(packet.size, self.decode_errors)
                if (stamp := packet.dts if packet.dts is not None else packet.pts) is not None:
                    wait(stamp * self._base_s)
                works = gops.admit(packet, self._seen(packet), due())
            for work in works:
                for frame in self._decode(work, gops):
                    decoded += 1
                    yield frame
        self._check_end(stop, decoded)

    def _check_end(self, stop: threading.Event, decoded: int) -> None:
        if stop.is_set():
            return
        if (failure := self._failure()) is not None:
            raise failure
        if self._truncated:
            raise Truncated(f"{self._address.redacted} is cut short; what came before the cut was read.")
        if not decoded:
            raise DecodeFailed(
                "None of its video could be decoded; it is damaged, of a codec that is not supported, "
                f"or of more than {MAX_PIXELS:,} pixels a frame."
            )

    def _seen(self, packet: "Packet[VideoStream]") -> Seen:
        pts_s = None if packet.pts is None else packet.pts * self._base_s
        return Seen(pts_s, packet.is_keyframe, packet.size)

    def _decode(self, work: "Work[Packet[VideoStream]]", gops: "Gops[Packet[VideoStream]]") -> list[VideoFrame]:
        before = self._emptied() if work.fresh else []
        if work.fresh or work.alone:
            self._begun_at = work.packet.pts
        self._skip(references_only=work.reference_only)
        frames = self._guarded(work.packet.decode)
        if work.alone and all(frame.pts != work.packet.pts for frame in frames):
            frames += self._emptied()
            gops.cut_off(work)
        if self._begun_at is not None and (frames or work.alone):
            gops.first_frame(at_key=bool(frames) and frames[0].pts is not None and frames[0].pts <= self._begun_at)
            self._begun_at = None
        return before + frames if before else frames

    def _emptied(self) -> list[VideoFrame]:
        """The frames that the decoder still keeps for their turn; it has forgotten everything afterwards."""
        context = self._stream.codec_context
        frames = self._guarded(lambda: context.decode(None))
        context.flush_buffers()
        return frames

    def _guarded(self, decode: Callable[[], list[VideoFrame]]) -> list[VideoFrame]:
        try:
            return decode()
        except av.error.FFmpegError:
            self.decode_errors += 1
            return []

    def _skip(self, *, references_only: bool) -> None:
        if references_only != self._references_only:
            self._references_only = references_only
            self._stream.codec_context.skip_frame = "NONREF" if references_only else "DEFAULT"

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
            except (av.error.EOFError, IndexError):
                # The second at its end, out of PyAV, where more tracks have appeared than there were at the beginning.
                return
            except av.error.InvalidDataError as error:
                errors += 1
                self.decode_errors += 1
                if errors >= _MAX_DEMUX_ERRORS:
                    raise DecodeFailed("Its container is damaged beyond reading.") from error
            except (av.error.FFmpegError, OSError) as error:
                raise_ours(self._failure() or error, self._address, opening=False)


def _promises_more(stream: VideoStream, path: Path) -> bool:
    """Whether a file's index, where its format has one, names bytes that the file does not hold."""
    entries = stream.index_entries
    size_bytes = path.stat().st_size
    # The last pictures lie last; a long film's whole index would take a while to walk.
    last = range(max(0, len(entries) - _LAST_ENTRIES), len(entries))
    return any(entries[place].pos + entries[place].size > size_bytes for place in last)
