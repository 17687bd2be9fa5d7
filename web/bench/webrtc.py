"""What a 720p30 WebRTC publisher costs its receiver at one sample a second: ours by `auto`, and a plain one.

The publisher is another process, whose CPU is not counted; it sends a key frame every ten seconds, and at the next full
second where it is asked for one. The plain receiver is aiortc's with a `recv()` loop, which decodes every frame.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from stream.messages import Receive
from stream.webrtc import receive

from .clip import FPS, Encoding, write_clip
from .ingest_ways import Way
from .measure import say

LIMIT = 0.45
_WRITTEN_S = 10
_CONNECT_TIMEOUT_S = 30.0
_FIRST_S = 20.0
_BITRATE = 2_000_000
_TOO_SLOW = "no frame came in time; run it again on a machine that is idle"
_OPTIONS = (("preset", "veryfast"), ("profile", "baseline"), ("x264-params", "scenecut=0:bframes=0"))


@dataclass(frozen=True, slots=True)
class Pace:
    """How long each receiver settles before it is measured, for how long, and how often in turn."""

    settle_s: float
    measured_s: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Receiving:
    """CPU in percent of a core, and frames that were decoded a second."""

    cpu_percent: float
    decoded_per_s: float


def compared(folder: Path, pace: Pace) -> dict[str, object]:
    """The keys of the JSON line that are about WebRTC; null with the reason where the machine was too slow for it."""
    say(f"webrtc: writing {_WRITTEN_S} s, twice …")
    rare, often = write_both(folder)
    plains, ours = list[Receiving](), list[Receiving]()
    try:
        for number in range(pace.rounds):
            say(f"webrtc: round {number + 1} of {pace.rounds} …")
            plains.append(asyncio.run(received_plainly(rare, often, pace)))
            ours.append(asyncio.run(received_by_us(rare, often, pace)))
    except TimeoutError:
        return {"webrtc_vs_plain": None, "webrtc_vs_plain_limit": LIMIT, "webrtc_vs_plain_reason": _TOO_SLOW}
    return figures(ours, plains)


def figures(ours: list[Receiving], plains: list[Receiving]) -> dict[str, object]:
    """The ratio is the median over the rounds."""
    ratios = [one.cpu_percent / other.cpu_percent for one, other in zip(ours, plains, strict=True)]
    return {
        "webrtc_vs_plain": round(statistics.median(ratios), 3),
        "webrtc_vs_plain_limit": LIMIT,
        "webrtc": {"ours": _summed_up(ours), "plain": _summed_up(plains)},
    }


def write_both(folder: Path, *, height_px: int = 720) -> tuple[Path, Path]:
    """The same pictures with one key frame and with one a second."""
    rare, often = (
        write_clip(folder / f"webrtc-{gop_s}.ts", _WRITTEN_S, _encoding(gop_s, height_px)) for gop_s in (_WRITTEN_S, 1)
    )
    return rare, often


def _encoding(gop_s: int, height_px: int) -> Encoding:
    return Encoding(
        width_px=height_px * 16 // 9,
        height_px=height_px,
        gop_frames=gop_s * FPS,
        bitrate=_BITRATE,
        options=_OPTIONS,
    )


def _summed_up(receivings: list[Receiving]) -> dict[str, float]:
    return {
        "cpu_percent": round(statistics.median(one.cpu_percent for one in receivings), 1),
        "decoded_per_s": round(statistics.median(one.decoded_per_s for one in receivings), 1),
    }


async def received_by_us(rare: Path, often: Path, pace: Pace) -> Receiving:
    """A worker's path from the offer to the ring, by `auto`."""
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    sampled = asyncio.Event()
    way = Way("auto", sampled=lambda _: sampled.set(), answered=answered.set_result)
    async with _publisher(rare, often) as (offer, answer):
        order = Receive(0, offer, way.options)
        receiving = asyncio.create_task(receive(order, way.emitter, way.sink, asyncio.Queue()))
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                answer(await answered)
            return await _measured(pace, sampled, lambda: way.sink.counters.frames)
        finally:
            receiving.cancel()
            await asyncio.wait({receiving})


async def received_plainly(rare: Path, often: Path, pace: Pace) -> Receiving:
    """aiortc's receiver and a loop that takes every frame."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    frames, received = 0, asyncio.Event()
    loops = list[asyncio.Task[None]]()

    async def read(track: MediaStreamTrack) -> None:
        nonlocal frames
        try:
            while True:
                await track.recv()
                frames += 1
                received.set()
        except MediaStreamError:
            return

    peer.on("track", lambda track: loops.append(asyncio.create_task(read(track))))
    async with _publisher(rare, often) as (offer, answer):
        try:
            await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
            await peer.setLocalDescription(await peer.createAnswer())
            answer(peer.localDescription.sdp)
            return await _measured(pace, received, lambda: frames)
        finally:
            for loop in loops:
                loop.cancel()
            await peer.close()


async def _measured(pace: Pace, first: asyncio.Event, frames: Callable[[], int]) -> Receiving:
    async with asyncio.timeout(_FIRST_S):
        await first.wait()
    await asyncio.sleep(pace.settle_s)
    started_s, cpu_s, before = time.monotonic(), time.process_time(), frames()
    await asyncio.sleep(pace.measured_s)
    lasted_s = time.monotonic() - started_s
    return Receiving(100.0 * (time.process_time() - cpu_s) / lasted_s, (frames() - before) / lasted_s)


@asynccontextmanager
async def _publisher(rare: Path, often: Path) -> AsyncIterator[tuple[str, Callable[[str], None]]]:
    """A publisher's offer, and what takes its answer; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "web.bench.webrtc_publisher", str(rare), str(often)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdin is not None, "it was asked for"
    assert process.stdout is not None, "it was asked for"
    stdin = process.stdin
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            offer: str = json.loads(await process.stdout.readline())
        yield offer, lambda sdp: stdin.write(json.dumps(sdp).encode() + b"\n")
    finally:
        stdin.close()
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
