"""Publishes over a network that loses, reorders or delays: `python -m tests.servers.bad_publisher CLIP WHIP-URL`.

With `--loss 0.05`, `--reordered 0.3` (shares of the packets) and `--jitter 0.5` (seconds); until it is interrupted.
"""

import argparse
import asyncio
import signal
import sys

from aiohttp import ClientSession
from aiortc import RTCSessionDescription
from aiortc.contrib.media import MediaPlayer

from tests.stream.webrtc_peers import BadNetwork, a_peer, without_candidates


async def publish(clip: str, url: str, network: BadNetwork) -> None:
    peer, player = a_peer(), MediaPlayer(clip, loop=True)
    assert player.video is not None
    peer.addTransceiver(player.video, direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    async with network, ClientSession() as session:
        offer = without_candidates(peer.localDescription.sdp)
        async with session.post(url, data=offer, headers={"Content-Type": "application/sdp"}) as answer:
            answer.raise_for_status()
            sdp = network.in_front(await answer.text())
        await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
        over = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        await over.wait()
        sys.stdout.write(f"{network.passed} packets passed, {network.lost} were lost\n")
        player.video.stop()
        await peer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("clip")
    parser.add_argument("url")
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--reordered", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    given = parser.parse_args()
    network = BadNetwork(loss=given.loss, reordered=given.reordered, jitter_s=given.jitter)
    asyncio.run(publish(given.clip, given.url, network))
