"""A WebRTC publisher that encodes nothing: `python -m web.bench.webrtc_publisher RARE.ts OFTEN.ts`.

Both are the same 720p pictures as H.264, with key frames rarely and every second. It sends the first, as an encoder
does that nobody asks, over and over; asked for a key frame it goes on with the second where that has its next one,
until the first begins anew. Its offer is a line of JSON on its output, the answer one on its input; it ends when that
closes.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

from .clip import FPS

_CLOCK_RATE = 90_000
_CODECS = ("video/H264", "video/rtx")


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded frame, and whether it can be decoded without those before it."""

    data: bytes
    key: bool


def read_pictures(path: Path) -> list[Picture]:
    """All frames of a clip, in the order of decoding."""
    with av.open(str(path)) as container:
        return [Picture(bytes(packet), packet.is_keyframe) for packet in container.demux(video=0) if packet.size]


class Choice:
    """Which of two encodings of the same pictures is sent. Pure."""

    def __init__(self, rare: list[Picture], often: list[Picture]) -> None:
        """Raises ValueError unless both have as many pictures and begin with a key frame."""
        if len(rare) != len(often) or not rare or not (rare[0].key and often[0].key):
            raise ValueError("both must have as many pictures, and begin with a key frame")
        self._rare, self._often = rare, often
        self._sent = rare
        self._asked = False
        self._number = 0

    def ask(self) -> None:
        """The receiver wants a key frame."""
        self._asked = True

    def next(self) -> Picture:
        place = self._number % len(self._rare)
        self._number += 1
        if self._asked and self._often[place].key:
            self._sent, self._asked = self._often, False
        elif place == 0:
            self._sent = self._rare
        return self._sent[place]


class _Track(MediaStreamTrack):
    kind = "video"

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self._choice = choice
        self._number = 0
        self._began_s: float | None = None

    async def recv(self) -> "Packet[Stream]":
        now_s = asyncio.get_running_loop().time()
        if self._began_s is None:
            self._began_s = now_s
        await asyncio.sleep(max(0.0, self._began_s + self._number / FPS - now_s))
        packet: Packet[Stream] = Packet(self._choice.next().data)
        packet.pts, packet.time_base = self._number * _CLOCK_RATE // FPS, Fraction(1, _CLOCK_RATE)
        self._number += 1
        return packet


async def publish(choice: Choice) -> None:
    """Offer on standard output, take the answer from standard input, and send until that is closed."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = peer.addTransceiver(_Track(choice), direction="sendonly")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([one for one in codecs if one.mimeType in _CODECS])
    # Of packets aiortc has no encoder that it could tell; the name is private, and aiortc pinned to a minor version.
    transceiver.sender._send_keyframe = choice.ask  # type: ignore[method-assign]
    try:
        await peer.setLocalDescription(await peer.createOffer())
        print(json.dumps(peer.localDescription.sdp), flush=True)
        answer = json.loads(await asyncio.to_thread(sys.stdin.readline))
        await peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await peer.close()


if __name__ == "__main__":
    asyncio.run(publish(Choice(*(read_pictures(Path(name)) for name in sys.argv[1:3]))))
