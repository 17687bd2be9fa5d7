"""A source that a WebRTC peer feeds: answers a WHIP offer, drains the video track, samples its frames.

Runs in a worker's event loop. aiortc decodes in a thread of its own and queues without bound, so the track is drained
at full rate and frames are dropped only after `recv()`; its decoder may die without a word and a vanished peer is
noticed late (ICE consent takes about half a minute), so silence is watched for here.
"""

import asyncio
import logging
from fractions import Fraction

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.sdp import SessionDescription
from av.video.frame import VideoFrame

from stream.emit import Emitter
from stream.errors import (
    CodecUnsupported,
    ConnectionLost,
    DecodeFailed,
    InternalFault,
    OfferInvalid,
    SourceError,
    SourceTimeout,
)
from stream.messages import Answered, Done, Receive, Reports
from stream.options import SourceOptions
from stream.sample import SourceInfo

_log = logging.getLogger("gorewatch.worker")
_GATHER_TIMEOUT_S = 5.0
_CLOSE_TIMEOUT_S = 5.0
_CLOCK_RATE = Fraction(1, 90_000)
_GONE = frozenset({"failed", "closed"})


async def receive(order: Receive, emitter: Emitter, reports: Reports) -> None:
    """Answer an offer and sample its video until the peer leaves, falls silent, or this task is cancelled.

    Every outcome is reported with `Done`; cancellation is the service's wish, hence no failure.
    """
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    failure: SourceError | None = None
    try:
        track, codec = await _answer(peer, order, reports)
        await _drain(peer, track, codec, emitter, order.options)
    except SourceError as error:
        failure = error
    except asyncio.CancelledError:
        pass
    except Exception:
        _log.exception("a publisher's task failed")
        failure = InternalFault("It could not be received because of a fault of ours; the log has it.")
    finally:
        await _close(peer)
        emitter.finish()
        reports.send(Done(order.source, failure.failure() if failure is not None else None))


async def _close(peer: RTCPeerConnection) -> None:
    """Whatever aiortc makes of it: the source must still be reported as done."""
    peer.remove_all_listeners("connectionstatechange")
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await peer.close()
    except Exception:
        _log.exception("a peer connection did not close")


async def _answer(peer: RTCPeerConnection, order: Receive, reports: Reports) -> tuple[MediaStreamTrack, str]:
    """Negotiate one video track; everything else that is offered is declined. Raises `PublishRefused`."""
    try:
        await peer.setRemoteDescription(RTCSessionDescription(sdp=order.offer, type="offer"))
    except OperationError as error:
        raise CodecUnsupported("The offer has no codec that is decoded here; offer H.264 or VP8.") from error
    except Exception as error:
        # Its parser asserts and indexes freely: what it makes of a stranger's text says nothing about us.
        raise OfferInvalid("The body is no SDP offer that can be answered.") from error
    chosen = _first_video(peer)
    if chosen is None:
        raise OfferInvalid("The offer sends no video.")
    for transceiver in peer.getTransceivers():
        # An accepted track that nobody drains would grow without bound.
        transceiver.direction = "recvonly" if transceiver is chosen else "inactive"
    try:
        async with asyncio.timeout(_GATHER_TIMEOUT_S):
            await peer.setLocalDescription(await peer.createAnswer())
    except TimeoutError as error:
        raise SourceTimeout("No network address for the media could be found in time.") from error
    except (ValueError, InvalidStateError, InvalidAccessError) as error:
        raise OfferInvalid(f"The offer cannot be answered: {error}.") from error
    reports.send(Answered(order.source, peer.localDescription.sdp))
    return chosen.receiver.track, _codec_name(peer.localDescription.sdp)


def _first_video(peer: RTCPeerConnection) -> RTCRtpTransceiver | None:
    offered = (t for t in peer.getTransceivers() if t.kind == "video" and t.receiver.track is not None)
    return next(offered, None)


def _codec_name(answer: str) -> str:
    """The codec that the publisher will use: the first of the video section that carries media."""
    sections = SessionDescription.parse(answer).media
    video = next(media for media in sections if media.kind == "video" and media.direction != "inactive")
    return video.rtp.codecs[0].name.lower()


class _Silence:
    """A deadline that every frame moves on, and that the peer's leaving brings forward."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._timeout = timeout
        self.peer_left = False

    def heard(self, timeout_s: float) -> None:
        if not self.peer_left:
            self._timeout.reschedule(asyncio.get_running_loop().time() + timeout_s)

    def leave(self) -> None:
        self.peer_left = True
        self._timeout.reschedule(asyncio.get_running_loop().time())


async def _drain(
    peer: RTCPeerConnection, track: MediaStreamTrack, codec: str, emitter: Emitter, options: SourceOptions
) -> None:
    """Read every frame, at full rate, until the track ends. Raises `SourceError` when it falls silent or breaks."""
    frames = 0
    silence: _Silence | None = None
    try:
        async with asyncio.timeout(options.open_timeout_s) as timeout:
            silence = watch = _Silence(timeout)
            peer.add_listener("connectionstatechange", lambda: watch.leave() if peer.connectionState in _GONE else None)
            while True:
                frame = await track.recv()
                silence.heard(options.read_timeout_s)
                if not isinstance(frame, VideoFrame):
                    raise DecodeFailed("The publisher's track gave no picture.")
                if not frames:
                    info = SourceInfo(codec=codec, width=frame.width, height=frame.height, fps=None, live=True)
                    emitter.begin(info, frame.time_base or _CLOCK_RATE)
                frames += 1
                emitter.frame(frame)
    except MediaStreamError:
        pass
    except TimeoutError as error:
        if silence is None or not silence.peer_left:
            waited_s = options.read_timeout_s if frames else options.open_timeout_s
            raise SourceTimeout(f"The publisher sent no frame for {waited_s:g} s.") from error
    if not frames:
        raise ConnectionLost("The publisher left before its first frame arrived.")
