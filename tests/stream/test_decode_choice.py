"""What is decoded of real media, and that the samples are the right ones all the same."""

import asyncio
import itertools
import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from stream.options import SourceOptions
from stream.pool import WorkerPool
from tests.media import Clips, picture
from tests.stream.reading import Reading, read, trusted
from tests.stream.scheduling import usual_scheduling

RATE = 30
SECONDS = 6

_KINDS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    "h264": ("libx264", "mp4", 60, {"preset": "ultrafast"}),
    "h264 with B-frames": ("libx264", "mp4", 60, {"preset": "veryfast", "bf": "3", "x264-params": "b-pyramid=2"}),
    "h264 in a transport stream": ("libx264", "ts", 45, {"preset": "veryfast", "bf": "2"}),
    "h264 with open GOPs": (
        "libx264",
        "ts",
        45,
        {"preset": "veryfast", "x264-params": "open-gop=1:scenecut=0:bframes=3"},
    ),
    "h264 refreshed bit by bit": ("libx264", "ts", 30, {"preset": "veryfast", "x264-params": "intra-refresh=1"}),
    "h264 with one key frame": ("libx264", "flv", 9999, {"preset": "ultrafast", "x264-params": "scenecut=0"}),
    "hevc": ("libx265", "mp4", 60, {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "hevc with open GOPs": (
        "libx265",
        "ts",
        45,
        {"preset": "ultrafast", "x265-params": "log-level=none:open-gop=1:bframes=2"},
    ),
    "vp8": ("libvpx", "webm", 60, {"deadline": "realtime", "cpu-used": "8"}),
    "vp9": ("libvpx-vp9", "webm", 60, {"deadline": "realtime", "cpu-used": "8"}),
    "av1": ("libsvtav1", "mp4", 60, {"preset": "12"}),
    "mjpeg": ("mjpeg", "avi", 1, {}),
    "mpeg2": ("mpeg2video", "ts", 15, {"bf": "2"}),
}


def write(path: Path, kind: str) -> Path:
    codec, ending, gop, options = _KINDS[kind]
    path = path / f"clip.{ending}"
    with usual_scheduling(), av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = 320, 240
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 600_000
        stream.codec_context.gop_size = gop
        stream.codec_context.thread_count = 1
        stream.options = dict(options)
        for number in range(SECONDS * RATE):
            frame = av.VideoFrame.from_ndarray(picture(320, 240, second=number // RATE, frame=number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a thread is scheduled")
def test_writing_a_clip_leaves_the_tests_scheduled_as_they_were(tmp_path: Path) -> None:
    before = os.sched_getscheduler(0)
    write(tmp_path, "av1")
    assert os.sched_getscheduler(0) == before


async def decoded(pool: WorkerPool, path: Path, options: SourceOptions) -> tuple[Reading, Reading]:
    """By `all`, and by `auto`."""
    return (
        await read(pool, str(path), replace(options, decode="all")),
        await read(pool, str(path), replace(options, decode="auto")),
    )


@pytest.mark.parametrize("kind", _KINDS)
async def test_a_stored_video_gives_the_same_samples_however_little_is_decoded(
    pool: WorkerPool, tmp_path: Path, kind: str
) -> None:
    whole, lean = await decoded(pool, write(tmp_path, kind), trusted(fps=1.0))
    assert whole.counters.frames == SECONDS * RATE
    assert whole.seconds == lean.seconds == list(range(SECONDS))
    # A leading picture of an open GOP gives way to the key frame that it comes before. Where what is called a key frame
    # is none, that is found out at the cost of two samples that are late, by less than a slot.
    most = {"h264 with open GOPs": 4 / RATE, "hevc with open GOPs": 4 / RATE, "h264 refreshed bit by bit": 0.99}
    assert lean.positions == pytest.approx(whole.positions, abs=most.get(kind, 1e-6))
    assert (lean.counters.decode_errors, lean.code) == (0, None)


@pytest.mark.parametrize("kind", ["h264", "h264 with B-frames", "vp9", "mjpeg"])
async def test_and_less_is_decoded(pool: WorkerPool, tmp_path: Path, kind: str) -> None:
    whole, lean = await decoded(pool, write(tmp_path, kind), trusted(fps=0.5))
    assert lean.positions == whole.positions
    assert lean.counters.frames <= SECONDS * RATE // 10


async def test_key_frames_alone(pool: WorkerPool, tmp_path: Path) -> None:
    options = replace(trusted(fps=2.0), decode="keyframes")
    for kind in ("h264", "h264 with B-frames"):
        path = write(tmp_path, kind)
        with av.open(str(path)) as container:
            stamps = [
                float((packet.pts or 0) * packet.time_base) for packet in container.demux(video=0) if packet.is_keyframe
            ]
        reading = await read(pool, str(path), options)
        assert reading.positions == pytest.approx([stamp - stamps[0] for stamp in stamps])
        assert reading.seconds == [int(position) for position in reading.positions]
        assert reading.counters.frames == len(stamps)


async def test_live_video_is_sampled_on_time_whatever_is_decoded(pool: WorkerPool, tmp_path: Path) -> None:
    """Stored files at their own speed, all at once: every second gives its sample, of its own picture."""
    live = replace(trusted(fps=1.0), paced=True)
    kinds = [kind for kind in _KINDS if "refreshed" not in kind]
    folders = [tmp_path / str(number) for number in range(len(kinds))]
    for folder in folders:
        folder.mkdir()
    paths = [write(folder, kind) for folder, kind in zip(folders, kinds, strict=True)]
    for kind, reading in zip(
        kinds, await asyncio.gather(*(read(pool, str(path), live) for path in paths)), strict=True
    ):
        assert [int(position + 0.001) for position in reading.positions] == list(range(SECONDS)), kind
        assert reading.seconds == [int(position + 0.001) for position in reading.positions], kind
        assert reading.counters.decode_errors == 0, kind


async def test_a_live_stream_with_rare_key_frames_is_seen_every_two_seconds_by_key_frames_alone(
    pool: WorkerPool, tmp_path: Path
) -> None:
    options = replace(trusted(fps=2.0), paced=True, decode="keyframes")
    reading = await read(pool, str(write(tmp_path, "h264 with one key frame")), options)
    gaps = [later - earlier for earlier, later in itertools.pairwise(reading.positions)]
    assert max(gaps) <= 2.0 + 1 / RATE
    assert reading.positions[-1] >= SECONDS - 2.0
    assert reading.counters.fallbacks >= 1


async def test_a_clip_that_is_looped_keeps_its_length(pool: WorkerPool, clips: Clips) -> None:
    """What is not decoded at its end is not lost from media time."""
    options = replace(trusted(fps=1.0), paced=True, loop=True)
    reading = await read(pool, str(clips.ts), options, samples=9)
    assert reading.positions == pytest.approx([float(number) for number in range(9)], abs=0.1)
    assert reading.epochs == [0] * 6 + [1] * 3
