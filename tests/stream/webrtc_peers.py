"""WebRTC publishers of the tests, made with aiortc, and a network between them and us that misbehaves."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer

from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.pooled import PooledSource

CANDIDATE_LINES = re.compile(r"^a=(candidate:.*|end-of-candidates)\r\n", re.MULTILINE)
_CANDIDATE_TARGET = re.compile(r"^(a=candidate:\S+ \S+ udp \S+) (\S+) ([0-9]+) typ host", re.MULTILINE)


def without_candidates(sdp: str) -> str:
    """What trickles before its first candidate is known."""
    return CANDIDATE_LINES.sub("", sdp)


def a_peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


@asynccontextmanager
async def publishing(
    pool: WorkerPool,
    clip: Path,
    options: SourceOptions,
    *,
    decode: bool = True,
    offered: Callable[[str], str] = lambda sdp: sdp,
    answered: Callable[[str], str] = lambda sdp: sdp,
) -> AsyncIterator[tuple[PooledSource, RTCPeerConnection]]:
    """A clip, published over and over: encoded anew, or with its own packets if `decode` is false.

    `offered` and `answered` change the descriptions on their way.
    """
    peer = a_peer()
    player = MediaPlayer(str(clip), loop=True, decode=decode)
    assert player.video is not None
    transceiver = peer.addTransceiver(player.video, direction="sendonly")
    if not decode:
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
    source: PooledSource | None = None
    try:
        await peer.setLocalDescription(await peer.createOffer())
        source, answer = await pool.receive(offered(peer.localDescription.sdp), options)
        await peer.setRemoteDescription(RTCSessionDescription(sdp=answered(answer), type="answer"))
        yield source, peer
    finally:
        player.video.stop()
        await peer.close()
        if source is not None:
            await source.aclose()


class BadNetwork:
    """A UDP relay in front of a receiver that loses, reorders and delays what passes, both ways, by a fixed seed."""

    def __init__(self, *, loss: float = 0.0, reordered: float = 0.0, jitter_s: float = 0.0) -> None:
        self._loss = loss
        self._reordered = reordered
        self._jitter_s = jitter_s
        self._random = random.Random(4)
        self._inside: asyncio.DatagramTransport | None = None
        self._outside: asyncio.DatagramTransport | None = None
        self._publisher: tuple[str, int] | None = None
        self._receiver: tuple[str, int] | None = None
        self.lost = 0
        self.passed = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._outside, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._from_publisher), local_addr=("0.0.0.0", 0)
        )
        self._inside, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._from_receiver), local_addr=("0.0.0.0", 0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for transport in (self._inside, self._outside):
            assert transport is not None
            transport.close()

    def cut(self) -> None:
        """From now on nothing passes."""
        self._loss = 1.0

    def in_front(self, answer: str) -> str:
        """The answer with one candidate: this relay, at the address of the receiver's first."""
        found = _CANDIDATE_TARGET.search(answer)
        assert found is not None
        assert self._outside is not None
        self._receiver = (found[2], int(found[3]))
        port = self._outside.get_extra_info("sockname")[1]
        line = f"{found[1]} {found[2]} {port} typ host\r\n"
        start = found.start()
        return CANDIDATE_LINES.sub("", answer[:start]) + line + CANDIDATE_LINES.sub("", answer[start:])

    def _from_publisher(self, data: bytes, address: tuple[str, int]) -> None:
        self._publisher = address
        self._pass(data, self._inside, self._receiver)

    def _from_receiver(self, data: bytes, _: tuple[str, int]) -> None:
        self._pass(data, self._outside, self._publisher)

    def _pass(self, data: bytes, way: asyncio.DatagramTransport | None, to: tuple[str, int] | None) -> None:
        if way is None or to is None or self._random.random() < self._loss:
            self.lost += 1
            return
        self.passed += 1
        delay_s = self._random.uniform(0.0, self._jitter_s)
        if self._random.random() < self._reordered:
            delay_s += 0.03

        def send() -> None:
            if not way.is_closing():
                way.sendto(data, to)

        asyncio.get_running_loop().call_later(delay_s, send)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._hear(data, addr)
