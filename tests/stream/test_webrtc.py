"""WebRTC with a real aiortc publisher: offers answered or refused, frames sampled, departures noticed."""

import asyncio

import pytest

from stream.errors import CodecUnsupported, OfferInvalid
from stream.pool import WorkerPool
from stream.sample import Sample, State
from tests.media import Clips, second_of
from tests.stream.reading import drain, trusted
from tests.stream.webrtc_peers import a_peer, publishing

OPTIONS = trusted(fps=4.0, deadline_s=10.0)


async def test_a_publisher_is_sampled_until_it_leaves(pool: WorkerPool, clips: Clips) -> None:
    async with publishing(pool, clips.ts, OPTIONS) as (source, peer):
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
    async with publishing(pool, clips.ts, OPTIONS) as (source, _):
        reading = await drain(source, samples=2)
        assert len(reading.positions) == 2
        assert [fact.sources for fact in pool.workers] == [0]


async def test_a_publisher_that_falls_silent_fails(pool: WorkerPool, clips: Clips) -> None:
    async with publishing(pool, clips.ts, trusted(fps=4.0, deadline_s=4.0)) as (source, peer):
        async for item in source:
            if isinstance(item, Sample):
                source.release(item)
                # The connection stays; only the pictures stop.
                peer.getSenders()[0].replaceTrack(None)
            elif item.state.final:
                assert (item.state, item.failure and item.failure.code) == (State.FAILED, "timeout")


async def test_a_publisher_that_never_connects_fails(pool: WorkerPool) -> None:
    peer = a_peer()
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
    peer = a_peer()
    peer.addTransceiver("audio", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    with pytest.raises(OfferInvalid):
        await pool.receive(peer.localDescription.sdp, trusted())
    await peer.close()


async def test_an_offer_of_codecs_that_are_not_decoded_is_refused(pool: WorkerPool) -> None:
    peer = a_peer()
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    strange = peer.localDescription.sdp.replace("VP8/90000", "VP9/90000").replace("H264/90000", "AV1/90000")
    with pytest.raises(CodecUnsupported):
        await pool.receive(strange, trusted())
    await peer.close()


async def test_sound_beside_the_picture_is_declined(pool: WorkerPool) -> None:
    peer = a_peer()
    peer.addTransceiver("audio", direction="sendonly")
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    source, answer = await pool.receive(peer.localDescription.sdp, trusted())
    audio = answer[answer.index("m=audio") : answer.index("m=video")]
    assert "a=inactive" in audio
    await asyncio.gather(source.aclose(), peer.close())
