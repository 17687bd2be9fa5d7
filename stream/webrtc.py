"""A source that a WebRTC peer feeds: answers a WHIP offer, decodes what samples need of its video, samples it.

Runs in a worker's event loop, with one decoding thread a publisher. A decoder may fail and a vanished peer is noticed
late (ICE consent takes about half a minute), so silence is watched for here.
"""

import asyncio
import logging
import time
from contextlib import suppress

from aiortc import RTCRtpReceiver
from av.video.frame import VideoFrame

from stream.asking import Asking
from stream.emit import Emitter
from stream.errors import ConnectionLost, DecodeFailed, InternalFault, SourceError, SourceTimeout
from stream.messages import Answered, Done, Receive, Reports, Restarted, ServiceGone, Trickle
from stream.options import SourceOptions
from stream.sample import SourceInfo
from stream.sdp_fragment import FragmentInvalid, parse_fragment
from stream.webrtc_decode import CLOCK_RATE, Decoding
from stream.webrtc_ice import IceSession
from stream.webrtc_offer import Answer, answer_offer, new_peer
from stream.webrtc_ports import MediaLoop

_log = logging.getLogger("gorewatch.worker")
_CLOSE_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 1.0
_NO_PICTURE_S = 30.0
"""Longest that frames may come of which none can be decoded."""
_GONE = frozenset({"failed", "closed"})


async def receive(order: Receive, emitter: Emitter, reports: Reports, trickles: "asyncio.Queue[Trickle]") -> None:
    """Answer an offer and sample its video until the peer leaves, falls silent, or this task is cancelled.

    Every outcome is reported with `Done`; cancellation is the service's wish, hence no failure.
    """
    failure: SourceError | None = None
    publisher = Publisher(order, emitter, reports)
    try:
        await publisher.run(trickles)
    except SourceError as error:
        failure = error
    except (asyncio.CancelledError, ServiceGone):
        pass
    except Exception:
        _log.exception("a publisher's task failed")
        failure = InternalFault("It could not be received because of a fault of ours; the log has it.")
    finally:
        try:
            await publisher.aclose()
        finally:
            with suppress(ServiceGone):
                emitter.finish()
                reports.send(Done(order.source, failure.failure() if failure is not None else None))


class Publisher:
    """One peer connection, from its offer on."""

    def __init__(self, order: Receive, emitter: Emitter, reports: Reports) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(loop, MediaLoop):
            loop.ports = order.ice.ports
        self._order = order
        self._emitter = emitter
        self._reports = reports
        self._peer = new_peer(order.ice)
        options = order.options
        asking = Asking(options.decode, fps=options.fps)
        self._decoding = Decoding(asking, ask=self._ask, hurries=lambda: emitter.hurries)
        self._answer: Answer | None = None
        self._gone = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self._opened_s: float | None = None

    async def run(self, trickles: "asyncio.Queue[Trickle]") -> None:
        """Answer, then sample. Returns when the publisher has left in due form. Raises `SourceError`."""
        order = self._order
        self._answer = await answer_offer(self._peer, order.offer, self._decoding, order.ice)
        self._reports.send(Answered(order.source, self._answer.sdp))
        ice = IceSession(self._peer, self._answer.transceiver)
        trickling = asyncio.create_task(self._trickle(ice, trickles), name=f"trickle-{order.source}")
        try:
            await self._drain(self._answer.codec, order.options)
        finally:
            trickling.cancel()

    async def aclose(self) -> None:
        """Whatever aiortc makes of it: the source must still be reported as done."""
        self._decoding.stop()
        self._peer.remove_all_listeners("connectionstatechange")
        if self._asking is not None:
            self._asking.cancel()
        # aiortc closes by itself when the peer says goodbye, and does not bear that what waits for it is cancelled.
        closing = asyncio.create_task(self._peer.close(), name=f"close-{self._order.source}")
        done, _ = await asyncio.wait({closing}, timeout=_CLOSE_TIMEOUT_S)
        if not done or closing.exception() is not None:
            _log.error("a peer connection did not close: %r", closing.exception() if done else "no end in time")

    async def _trickle(self, ice: IceSession, trickles: "asyncio.Queue[Trickle]") -> None:
        while True:
            order = await trickles.get()
            answer: str | None = None
            try:
                fragment = parse_fragment(order.fragment)
                if order.restart:
                    answer = await ice.restart(fragment)
                else:
                    await ice.trickle(fragment)
            except FragmentInvalid as error:
                _log.info("a publisher's fragment is not taken: %s", error)
            except Exception:
                _log.exception("a publisher's fragment was not taken")
            if order.restart:
                self._reports.send(Restarted(order.source, answer))

    async def _drain(self, codec: str, options: SourceOptions) -> None:
        """Sample every decoded frame until the track ends. Raises `SourceError` when it falls silent or breaks."""
        self._peer.add_listener("connectionstatechange", self._look_at_state)
        self._look_at_state()
        decoded_s = self._decoding.heard_s
        while True:
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    frame = await self._decoding.next()
            except TimeoutError:
                self._look(decoded_s, options)
                continue
            if frame is None:
                break
            decoded_s = time.monotonic()
            self._sample(frame, codec)
        if self._opened_s is None:
            raise ConnectionLost("The publisher left before its first frame arrived.")

    def _sample(self, frame: VideoFrame, codec: str) -> None:
        if self._opened_s is None:
            self._opened_s = time.monotonic()
            info = SourceInfo(codec=codec, width=frame.width, height=frame.height, fps=None, live=True)
            self._emitter.begin(info, frame.time_base or CLOCK_RATE)
        self._emitter.received(self._decoding.received)
        self._emitter.frame(frame, decode_errors=self._decoding.errors)

    def _look(self, decoded_s: float, options: SourceOptions) -> None:
        """No picture for a second: why, and for how long. Raises `SourceError` when it is over."""
        if self._gone.is_set():
            raise ConnectionLost("The connection to the publisher broke.")
        now_s = time.monotonic()
        allowed_s = options.open_timeout_s if self._opened_s is None else options.read_timeout_s
        silent_s = now_s - self._decoding.heard_s
        if silent_s >= allowed_s:
            raise SourceTimeout(f"The publisher sent no frame for {allowed_s:g} s.")
        if self._decoding.received and now_s - decoded_s >= max(_NO_PICTURE_S, allowed_s):
            raise DecodeFailed(f"No picture could be decoded for {now_s - decoded_s:.0f} s.")
        if self._opened_s is not None and silent_s < _LOOK_EVERY_S:
            self._emitter.received(self._decoding.received)
            self._emitter.heartbeat()

    def _look_at_state(self) -> None:
        if self._peer.connectionState in _GONE:
            self._gone.set()

    def _ask(self) -> None:
        """Ask the publisher for a key frame."""
        if self._answer is not None and (self._asking is None or self._asking.done()):
            request = _send_pli(self._answer.transceiver.receiver, self._answer.ssrc)
            self._asking = asyncio.create_task(request, name=f"ask-{self._order.source}")


async def _send_pli(receiver: RTCRtpReceiver, ssrc: int | None) -> None:
    """For all that is received, if the offer did not tell which is the video and which its retransmissions."""
    for source in [ssrc] if ssrc is not None else [one.source for one in receiver.getSynchronizationSources()]:
        await receiver._send_rtcp_pli(source)
