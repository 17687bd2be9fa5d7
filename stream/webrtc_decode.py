"""Decodes what a WebRTC publisher sends, in place of aiortc's decoder, which decodes everything and queues without end.

aiortc starts one thread a track on `aiortc.rtcrtpreceiver.decoder_worker`, and gives it the queue of the track's
`_queue`. Both names are private: aiortc is pinned to one minor version, and a test says when they go away. A track
that was given a `Decoding` in place of its queue is decoded by it; every other one as before.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import av
from aiortc import rtcrtpreceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stream.asking import Asking, Choice
from stream.errors import DecodeFailed
from stream.still import MAX_PIXELS

CLOCK_RATE = Fraction(1, 90_000)
_DECODERS = {"video/h264": "h264", "video/vp8": "vp8"}
_MOST_DECODED = 30
"""Frames that wait for the event loop; the oldest gives way."""
_MOST_UNDECODED = 90
"""Frames that wait for the decoder, about three seconds; what waits is then given up, up to the next key frame."""
_SLICES = frozenset({1, 5})
_IDR = 5
_log = logging.getLogger("gorewatch.worker")
_Work = tuple[RTCRtpCodecParameters, JitterFrame] | None


class Decoding:
    """One track's decoder: `run` in aiortc's thread, everything else in the event loop."""

    def __init__(
        self,
        asking: Asking,
        *,
        ask: Callable[[], None],
        hurries: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ask` is called in the event loop when the publisher is to be asked for a key frame.

        `hurries` tells, in the decoder's thread, whether more samples than usual are wanted.
        """
        self._asking = asking
        self._hurries = hurries
        self._ask = ask
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._decoded: deque[VideoFrame] = deque(maxlen=_MOST_DECODED)
        self._news = asyncio.Event()
        self._held: list[JitterFrame] = []
        self._decoder: VideoCodecContext | None = None
        self._codec = ""
        self._stopped = threading.Event()
        self._over = False
        self._failure: DecodeFailed | None = None
        self.heard_s = clock()
        """When the latest frame came, decoded or not."""
        self.received = 0
        self.errors = 0
        """Frames that could not be decoded."""

    async def next(self) -> VideoFrame | None:
        """The next decoded frame, None when none will follow. Raises `DecodeFailed`."""
        while not self._decoded:
            if self._failure is not None:
                raise self._failure
            if self._over:
                return None
            self._news.clear()
            await self._news.wait()
        return self._decoded.popleft()

    def stop(self) -> None:
        """What still waits is not decoded any more, so that closing the connection takes no time."""
        self._stopped.set()

    def run(self, work: "queue.Queue[_Work]", decode_error: threading.Event) -> None:
        """Decode until None comes. Whatever a codec throws ends the source, not only this thread."""
        try:
            while (item := work.get()) is not None:
                if not self._stopped.is_set():
                    self._take(*item, behind=work.qsize() > _MOST_UNDECODED, decode_error=decode_error)
        except Exception:
            _log.exception("a publisher's decoder failed")
            self._failure = DecodeFailed("The publisher's video could not be decoded; the log has the reason.")
        finally:
            self._over = True
            self._held.clear()
            self._tell(self._news.set)

    def _take(
        self, codec: RTCRtpCodecParameters, frame: JitterFrame, *, behind: bool, decode_error: threading.Event
    ) -> None:
        self.heard_s = now_s = self._clock()
        self.received += 1
        kind = codec.mimeType.lower()
        if kind != self._codec:
            self._codec, self._decoder = kind, _decoder(kind)
            self._lose()
        if behind:
            self._lose()
        choice = self._asking.frame(
            key=is_key(kind, frame.data), size_bytes=len(frame.data), now_s=now_s, hurries=self._hurries()
        )
        if choice is Choice.HOLD:
            self._held.append(frame)
        else:
            held, self._held = self._held, []
            if choice is Choice.DECODE:
                self._decode([*held, frame], decode_error)
            elif choice is Choice.ALONE:
                self._decode([frame], decode_error)
        if self._asking.ask(now_s):
            self._tell(self._ask)

    def _decode(self, frames: list[JitterFrame], decode_error: threading.Event) -> None:
        assert self._decoder is not None, "the codec was taken note of"
        for frame in frames:
            packet = av.Packet(frame.data)
            packet.pts, packet.time_base = frame.timestamp, CLOCK_RATE
            try:
                decoded = self._decoder.decode(packet)
            except av.FFmpegError as error:
                self.errors += 1
                _log.debug("a publisher's frame could not be decoded: %s", error)
                # aiortc then asks the publisher for a key frame.
                decode_error.set()
                continue
            for picture in decoded:
                self._tell(partial(self._deliver, picture))

    def _lose(self) -> None:
        self._held.clear()
        self._asking.lose()

    def _deliver(self, picture: VideoFrame) -> None:
        self._decoded.append(picture)
        self._news.set()

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            _log.debug("the event loop has closed before a publisher's decoder")


def is_key(kind: str, data: bytes) -> bool:
    """Whether a whole encoded frame can be decoded without those before it. `kind` is its MIME type in lower case."""
    if kind == "video/vp8":
        return bool(data) and not data[0] & 1
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        if (unit := data[at + 3] & 0x1F) in _SLICES:
            return unit == _IDR
        at = data.find(b"\0\0\1", at + 3)
    return False


def _decoder(kind: str) -> VideoCodecContext:
    decoder = av.CodecContext.create(_DECODERS[kind], "r")
    assert isinstance(decoder, VideoCodecContext), "of a video codec"
    decoder.thread_type = "NONE"
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    # WebRTC knows no B-frames: each frame is to be had at once, also where no other follows for a while.
    decoder.flags |= Flags.low_delay
    return decoder


def _decoder_worker(
    loop: asyncio.AbstractEventLoop,
    input_q: "queue.Queue[_Work]",
    output_q: "asyncio.Queue[object] | Decoding",
    decode_error: threading.Event,
) -> None:
    if isinstance(output_q, Decoding):
        output_q.run(input_q, decode_error)
    else:
        _decode_everything(loop, input_q, output_q, decode_error)


_decode_everything = rtcrtpreceiver.decoder_worker
rtcrtpreceiver.decoder_worker = _decoder_worker
