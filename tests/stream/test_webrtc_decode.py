"""What of a publisher's video is decoded, with a real publisher; and the private names that this rests on."""

import asyncio
import inspect
import queue
import threading
from dataclasses import replace
from pathlib import Path
from typing import Literal

import av
import pytest
from aioice.ice import Connection
from aiortc import RTCRtpReceiver, rtcrtpreceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcicetransport import RTCIceGatherer
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack

from stream.asking import Asking
from stream.errors import DecodeFailed
from stream.pool import WorkerPool
from stream.webrtc_decode import Decoding, is_key
from tests.media import Clips, write_video
from tests.stream.reading import drain, trusted
from tests.stream.webrtc_peers import publishing

_H264 = RTCRtpCodecParameters(mimeType="video/H264", clockRate=90_000, payloadType=99)


async def test_the_private_names_of_aiortc_and_aioice_are_there() -> None:
    assert list(inspect.signature(rtcrtpreceiver.decoder_worker).parameters) == [
        "loop",
        "input_q",
        "output_q",
        "decode_error",
    ]
    source = inspect.getsource(RTCRtpReceiver.receive)
    assert "target=decoder_worker" in source
    assert "self._track._queue" in source
    assert isinstance(RemoteStreamTrack("video")._queue, asyncio.Queue)
    assert list(inspect.signature(RTCRtpReceiver._send_rtcp_pli).parameters) == ["self", "media_ssrc"]
    connection = RTCIceGatherer([])._connection
    assert isinstance(connection, Connection)
    connection._local_username, connection._local_password = "changed", "changed-too"
    assert (connection.local_username, connection.local_password) == ("changed", "changed-too")
    assert connection._check_list == []
    assert connection._remote_candidates == []
    assert connection._remote_candidates_end is False
    assert inspect.iscoroutinefunction(Connection.check_start)


async def test_a_publisher_that_answers_has_its_key_frames_decoded_alone(pool: WorkerPool, clips: Clips) -> None:
    async with publishing(pool, clips.long, trusted(fps=2.0, deadline_s=10.0)) as (source, _):
        reading = await drain(source, samples=16)
    # All of the first second or so; about one frame a sample from then on, of the 240 that came.
    assert reading.counters.frames < 120
    gaps = [later - earlier for earlier, later in zip(reading.positions, reading.positions[1:], strict=False)]
    assert max(gaps) < 1.6
    assert len(set(reading.seconds)) > 4


async def test_a_publisher_that_takes_no_notice_is_sampled_all_the_same(pool: WorkerPool, clips: Clips) -> None:
    # Packets of a file go out as they are: nobody there could make a key frame.
    async with publishing(pool, clips.long, trusted(fps=2.0, deadline_s=10.0), decode=False) as (source, _):
        reading = await drain(source, samples=10)
    gaps = [later - earlier for earlier, later in zip(reading.positions, reading.positions[1:], strict=False)]
    assert gaps == pytest.approx([0.5] * 9, abs=0.1)


@pytest.mark.parametrize(("decode", "least", "most"), [("all", 110, 400), ("keyframes", 3, 8)])
async def test_the_operator_may_choose(
    pool: WorkerPool, clips: Clips, decode: Literal["all", "keyframes"], least: int, most: int
) -> None:
    options = replace(trusted(fps=1.0, deadline_s=10.0), decode=decode)
    async with publishing(pool, clips.long, options, decode=False) as (source, _):
        reading = await drain(source, samples=5)
    assert least <= reading.counters.frames <= most


def _frames(path: Path) -> list[JitterFrame]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return [JitterFrame(bytes(packet), packet.pts or 0) for packet in packets]


async def _decoded(decoding: Decoding, work: "queue.Queue[tuple[RTCRtpCodecParameters, JitterFrame] | None]") -> int:
    """How many pictures come of it, with aiortc's part played by a thread of ours."""
    error = threading.Event()
    running = asyncio.create_task(asyncio.to_thread(decoding.run, work, error))
    count = 0
    while await decoding.next() is not None:
        count += 1
    await running
    return count


@pytest.mark.parametrize(("codec", "kind", "name"), [("libx264", "h264", "a.ts"), ("libvpx", "vp8", "a.webm")])
async def test_key_frames_are_told_from_others(tmp_path: Path, codec: str, kind: str, name: str) -> None:
    clip = write_video(tmp_path / name, width=160, height=90, seconds=2, codec=codec)
    keys = [is_key(f"video/{kind}", frame.data) for frame in _frames(clip)]
    assert keys == [number % 30 == 0 for number in range(60)]
    assert not any(is_key(kind, data) for kind in ("video/h264", "video/vp8") for data in (b"", b"\x01", b"\x01\0\0\1"))


async def test_frames_that_pile_up_are_given_up_to_the_next_key_frame(clips: Clips) -> None:
    asked: list[bool] = []
    decoding = Decoding(Asking("all", fps=1.0), ask=lambda: asked.append(True))
    work: queue.Queue[tuple[RTCRtpCodecParameters, JitterFrame] | None] = queue.Queue()
    for frame in _frames(clips.ts):
        work.put((_H264, frame))
    work.put(None)
    assert await _decoded(decoding, work) <= 95
    assert asked


async def test_damage_is_counted_and_what_a_codec_throws_ends_the_source(clips: Clips) -> None:
    decoding = Decoding(Asking("all", fps=1.0), ask=lambda: None)
    work: queue.Queue[tuple[RTCRtpCodecParameters, JitterFrame] | None] = queue.Queue()
    first = _frames(clips.ts)[0]
    work.put((_H264, first))
    work.put((_H264, JitterFrame(b"\0\0\0\1\x65" + b"\xff" * 50, 3000)))
    work.put(None)
    assert await _decoded(decoding, work) >= 1
    assert decoding.errors >= 1
    failing = Decoding(Asking("all", fps=1.0), ask=lambda: None)
    work.put((RTCRtpCodecParameters(mimeType="video/AV1", clockRate=90_000, payloadType=1), first))
    with pytest.raises(DecodeFailed):
        await _decoded(failing, work)
