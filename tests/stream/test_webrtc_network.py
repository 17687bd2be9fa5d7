"""WebRTC over networks as they are: trickled candidates, confined ports, loss, reordering, jitter, silence."""

import asyncio
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from aiortc import RTCSessionDescription

from stream.errors import OfferInvalid, PortsTaken
from stream.ice import IceOptions
from stream.pool import WorkerPool
from stream.sample import Sample, State
from tests.media import Clips
from tests.stream.reading import SIDE_PX, drain, trusted
from tests.stream.webrtc_peers import CANDIDATE_LINES, BadNetwork, a_peer, publishing, without_candidates


@contextmanager
def hold_udp(ports: Iterable[int]) -> Iterator[None]:
    """Nobody else can bind these on any address."""
    with ExitStack() as stack:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in ports:
                holder = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                if family == socket.AF_INET6:
                    holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                holder.bind((address, port))
        yield


async def test_a_publisher_whose_candidates_all_come_later_gets_through(pool: WorkerPool, clips: Clips) -> None:
    # Nor does the publisher learn where the receiver is: only what is trickled can bring them together.
    options = trusted(fps=4.0, deadline_s=10.0)
    bare = without_candidates
    async with publishing(pool, clips.ts, options, offered=bare, answered=bare) as (source, peer):
        for line in re.findall(CANDIDATE_LINES, peer.localDescription.sdp):
            source.trickle(f"a=mid:0\r\na={line}\r\n")
        reading = await drain(source, samples=3)
    assert len(reading.positions) == 3


async def test_candidates_are_inside_the_range_of_ports_and_a_full_range_says_so(clips: Clips) -> None:
    ports = (41_000, 41_001)
    ice = IceOptions(ports=ports)
    async with WorkerPool(1, width_px=SIDE_PX, height_px=SIDE_PX, ice=ice) as pool:
        async with publishing(pool, clips.ts, trusted(deadline_s=10.0)) as (source, peer):
            assert len((await drain(source, samples=2)).positions) == 2
            answer = peer.remoteDescription.sdp
        used = {int(port) for port in re.findall(r"^a=candidate:\S+ \S+ udp \S+ \S+ ([0-9]+) ", answer, re.MULTILINE)}
        assert used
        assert all(ports[0] <= port <= ports[1] for port in used)
        peer = a_peer()
        peer.addTransceiver("video", direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        await peer.close()
        with hold_udp(range(ports[0], ports[1] + 1)), pytest.raises(PortsTaken):
            await pool.receive(peer.localDescription.sdp, trusted())
        source, _ = await pool.receive(peer.localDescription.sdp, trusted())
        await source.aclose()


@pytest.mark.parametrize(
    "network",
    [BadNetwork(loss=0.05), BadNetwork(reordered=0.3), BadNetwork(jitter_s=0.5)],
    ids=["loss", "reordering", "jitter"],
)
async def test_a_bad_network_costs_frames_and_no_more(pool: WorkerPool, clips: Clips, network: BadNetwork) -> None:
    options = trusted(fps=2.0, deadline_s=20.0)
    async with (
        network,
        publishing(pool, clips.long, options, offered=without_candidates, answered=network.in_front) as (source, _),
    ):
        reading = await drain(source, samples=8, colours=False)
    assert network.passed > 100
    assert reading.code is None
    assert reading.positions == sorted(set(reading.positions))
    assert len(reading.positions) == 8


async def test_a_publisher_that_vanishes_is_noticed_in_time_and_one_that_sends_is_not_vacant(
    pool: WorkerPool, clips: Clips
) -> None:
    network = BadNetwork()
    options = replace(trusted(fps=2.0, deadline_s=10.0), read_timeout_s=4.0)
    async with (
        network,
        publishing(pool, clips.ts, options, offered=without_candidates, answered=network.in_front) as (source, _),
    ):
        async for item in source:
            if isinstance(item, Sample):
                source.release(item)
                assert not source.vacant
                # The cable is pulled: neither side hears of the other any more.
                network.cut()
            elif item.state.final:
                assert (item.state, item.failure and item.failure.code) == (State.FAILED, "timeout")
        assert source.vacant


async def test_an_offer_with_500_media_lines_is_refused(pool: WorkerPool) -> None:
    peer = a_peer()
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    head, _, section = peer.localDescription.sdp.partition("m=video")
    with pytest.raises(OfferInvalid, match="media lines"):
        await pool.receive(head + f"m=video{section}" * 500, trusted())
    assert [fact.sources for fact in pool.workers] == [0]
    # It did not hold the worker up: the next one is answered.
    source, answer = await pool.receive(peer.localDescription.sdp, trusted())
    await peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    await asyncio.gather(source.aclose(), peer.close())
