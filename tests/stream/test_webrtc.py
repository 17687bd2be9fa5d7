"""WebRTC with a real aiortc publisher: offers answered or refused, frames sampled, departures noticed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer

from stream.errors import CodecUnsupported, OfferInvalid
from stream.pool import WorkerPool
from stream.pooled import PooledSource
from stream.sample import Sample, State
from tests.media import Clips, second_of
from tests.stream.reading import a_pool, drain, trusted


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with a_pool() as pool:
        yield pool


@asynccontextmanager
async def publishing(
    pool: WorkerPool, clip: Path, *, deadline_s: float = 10.0, fps: float = 4.0
) -> AsyncIterator[tuple[PooledSource, RTCPeerConnection]]:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    player = MediaPlayer(str(clip), loop=True)
    assert player.video is not None
    peer.addTrack(player.video)
    source: PooledSource | None = None
    try:
        await peer.setLocalDescription(await peer.createOffer())
        source, answer = await pool.receive(peer.localDescription.sdp, trusted(fps=fps, deadline_s=deadline_s))
        await peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        yield source, peer
    finally:
        player.video.stop()
        await peer.close()
        if source is not None:
            await source.aclose()


async def test_a_publisher_is_sampled_until_it_leaves(pool: WorkerPool, clips: Clips) -> None:
    async with publishing(pool, clips.ts) as (source, peer):
        seen: list[tuple[float, int]] = []
        states: list[State] = []
        async for item in source:
            if isinstance(item, Sample):
                seen.append((item.position_s, second_of(item.pixels)))
                source.release(item)
                if len(seen) == 5:
                    await peer.close()
            else:
                states.append(item.state)
                if item.info is not None:
                    assert (item.info.codec, item.info.live) == ("vp8", True)
                    assert item.info.width > 0
    assert states == [State.CONNECTING, State.LIVE, State.ENDED]
    positions = [position for position, _ in seen]
    assert positions == sorted(set(positions))
    assert {second for _, second in seen} <= set(range(6))


async def test_a_publisher_can_be_ended_from_here(pool: WorkerPool, clips: Clips) -> None:
    async with publishing(pool, clips.ts) as (source, _):
        reading = await drain(source, samples=2)
        assert len(reading.positions) == 2
        assert [fact.sources for fact in pool.workers] == [0]


async def test_a_publisher_that_falls_silent_fails(pool: WorkerPool, clips: Clips) -> None:
    async with publishing(pool, clips.ts, deadline_s=4.0) as (source, peer):
        async for item in source:
            if isinstance(item, Sample):
                source.release(item)
                # The connection stays; only the pictures stop.
                peer.getSenders()[0].replaceTrack(None)
            elif item.state.final:
                assert (item.state, item.failure and item.failure.code) == (State.FAILED, "timeout")


async def test_a_publisher_that_never_connects_fails(pool: WorkerPool) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    source, _ = await pool.receive(peer.localDescription.sdp, trusted(deadline_s=4.0))
    reading = await drain(source)
    await peer.close()
    assert reading.code in ("timeout", "connection_lost")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "v=0\r\n",
        '{"type": "offer"}',
        "\x00\xff" * 50,
        "m=video 9 X 96\r\n",
        "m=video x y z\r\n",
        "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:x\r\n",
    ],
    ids=range(8),
)
async def test_a_body_that_is_no_offer_is_refused(pool: WorkerPool, body: str) -> None:
    with pytest.raises(OfferInvalid):
        await pool.receive(body, trusted())
    assert [fact.sources for fact in pool.workers] == [0]


async def test_an_offer_of_sound_alone_is_refused(pool: WorkerPool) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("audio", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    with pytest.raises(OfferInvalid):
        await pool.receive(peer.localDescription.sdp, trusted())
    await peer.close()


async def test_an_offer_of_codecs_that_are_not_decoded_is_refused(pool: WorkerPool) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    strange = peer.localDescription.sdp.replace("VP8/90000", "VP9/90000").replace("H264/90000", "AV1/90000")
    with pytest.raises(CodecUnsupported):
        await pool.receive(strange, trusted())
    await peer.close()


async def test_sound_beside_the_picture_is_declined(pool: WorkerPool) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("audio", direction="sendonly")
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    source, answer = await pool.receive(peer.localDescription.sdp, trusted())
    audio = answer[answer.index("m=audio") : answer.index("m=video")]
    assert "a=inactive" in audio
    await asyncio.gather(source.aclose(), peer.close())
