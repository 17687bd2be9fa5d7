"""Answers a WHIP offer: one video track is received, everything else is declined."""

import asyncio
import re
from dataclasses import dataclass

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.sdp import SessionDescription

from stream.errors import CodecUnsupported, OfferInvalid, PortsTaken, SourceTimeout
from stream.ice import IceOptions
from stream.sdp_fragment import check_offer
from stream.webrtc_decode import Decoding

_GATHER_TIMEOUT_S = 8.0
_NO_CODEC = "The offer has no codec that is decoded here; offer H.264 or VP8."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was agreed on with a publisher."""

    sdp: str
    codec: str
    transceiver: RTCRtpTransceiver
    ssrc: int | None
    """Of the video, if the offer tells."""


def new_peer(ice: IceOptions) -> RTCPeerConnection:
    """A connection that contacts the configured servers alone."""
    servers = [
        RTCIceServer(url, username=ice.username, credential=ice.credential)
        if url.startswith("turn")
        else RTCIceServer(url)
        for url in ice.servers
    ]
    return RTCPeerConnection(RTCConfiguration(iceServers=servers))


async def answer_offer(peer: RTCPeerConnection, offer: str, decoding: Decoding, ice: IceOptions) -> Answer:
    """Negotiate one video track, which `decoding` will decode.

    Raises `PublishRefused`, `PortsTaken` when no UDP port is left, `SourceTimeout` when no address is found in time.
    """
    check_offer(offer)
    try:
        await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
    except OperationError as error:
        raise CodecUnsupported(_NO_CODEC) from error
    except Exception as error:
        # Its parser asserts and indexes freely: what it makes of a stranger's text says nothing about us.
        raise OfferInvalid("The body is no SDP offer that can be answered.") from error
    chosen = _first_video(peer)
    track = chosen.receiver.track
    assert isinstance(track, RemoteStreamTrack), "a track that is received"
    track._queue = decoding  # type: ignore[assignment]
    for transceiver in peer.getTransceivers():
        # An accepted track that nobody drains would grow without bound.
        transceiver.direction = "recvonly" if transceiver is chosen else "inactive"
    sdp = await _answered(peer)
    if ice.ports is not None and "a=candidate:" not in sdp:
        raise PortsTaken("Every UDP port of webrtc_ports is in use; widen the range or end a publisher.")
    return Answer(sdp, _codec_name(sdp), chosen, _ssrc(offer))


async def _answered(peer: RTCPeerConnection) -> str:
    try:
        async with asyncio.timeout(_GATHER_TIMEOUT_S):
            await peer.setLocalDescription(await peer.createAnswer())
    except TimeoutError as error:
        raise SourceTimeout("No network address for the media could be found in time.") from error
    except (ValueError, InvalidStateError, InvalidAccessError) as error:
        raise OfferInvalid(f"The offer cannot be answered: {error}.") from error
    return str(peer.localDescription.sdp)


def _first_video(peer: RTCPeerConnection) -> RTCRtpTransceiver:
    for transceiver in peer.getTransceivers():
        if transceiver.kind == "video" and transceiver.receiver.track is not None:
            return transceiver
    raise OfferInvalid("The offer sends no video.")


def _codec_name(answer: str) -> str:
    """The codec that the publisher will use: the first of the video section that carries media."""
    sections = SessionDescription.parse(answer).media
    video = next(media for media in sections if media.kind == "video" and media.direction != "inactive")
    return video.rtp.codecs[0].name.lower()


def _ssrc(offer: str) -> int | None:
    """The first one of the first video section that sends; retransmissions come second."""
    for section in re.split(r"^(?=m=)", offer, flags=re.MULTILINE):
        if section.startswith("m=video") and (found := re.search(r"^a=ssrc:([0-9]{1,10}) ", section, re.MULTILINE)):
            return int(found[1])
    return None
