"""Adaptive sampling through a real worker: of a still picture that changes once."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from stream.address import parse
from stream.pool import WorkerPool
from stream.sample import Sample
from tests.media import picture, second_of
from tests.stream.reading import read, trusted
from tests.stream.webrtc_peers import publishing

SECONDS, CUT_S = 8, 5
RATE = 30
RED, WHITE = 0, 6


def write_still(path: Path, *, seconds: int, cut_s: int) -> Path:
    """Red up to the cut, then white; grain, and nothing that moves."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = RATE
        for number in range(seconds * RATE):
            pixels = picture(320, 240, second=RED if number < cut_s * RATE else WHITE)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """Five seconds of red, three of white."""
    return write_still(tmp_path / "still.mp4", seconds=SECONDS, cut_s=CUT_S)


async def test_a_still_picture_is_sampled_seldom_and_a_cut_closely(pool: WorkerPool, still: Path) -> None:
    options = replace(trusted(fps=2.0), paced=True, adaptive=True)
    reading = await read(pool, str(still), options)
    shown = list(zip(reading.positions, reading.seconds, strict=True))
    red = [round(position, 2) for position, second in shown if second == RED]
    white = [position for position, second in shown if second == WHITE]
    assert red == [0.0, 2.0, 4.0, 4.5]
    assert white[0] == pytest.approx(CUT_S, abs=0.05)
    assert 7 <= len([position for position in white if position < CUT_S + 1]) <= 9
    assert len([position for position in white if position >= CUT_S + 1.1]) <= 2
    assert reading.numbers == list(range(len(shown)))


async def test_a_stored_file_is_never_sampled_adaptively(pool: WorkerPool, still: Path) -> None:
    reading = await read(pool, str(still), replace(trusted(fps=2.0), adaptive=True))
    assert reading.positions == [number / 2 for number in range(2 * SECONDS)]


async def test_a_source_that_is_told_to_hurry_does(pool: WorkerPool, still: Path) -> None:
    source = await pool.pull(parse(str(still)), replace(trusted(fps=2.0), paced=True, adaptive=True))
    positions: list[float] = []
    async for item in source:
        if isinstance(item, Sample):
            positions.append(item.position_s)
            source.release(item)
            if len(positions) == 1:
                source.hurry(1.0)
            if item.position_s > 1.5:
                break
    await source.aclose()
    assert len([position for position in positions if position < 1.5]) >= 6


async def test_after_a_cut_everything_of_a_publisher_is_decoded_for_a_second(pool: WorkerPool, tmp_path: Path) -> None:
    clip = write_still(tmp_path / "still.mp4", seconds=20, cut_s=12)
    options = replace(trusted(fps=1.0, deadline_s=10.0), adaptive=True)
    seen: list[tuple[float, int]] = []
    async with publishing(pool, clip, options) as (source, _):
        async for item in source:
            if isinstance(item, Sample):
                seen.append((item.position_s, second_of(item.pixels)))
                source.release(item)
                white = [position for position, second in seen if second == WHITE]
                if white and white[-1] > white[0] + 2.0:
                    break
        decoded = source.counters().frames
    # Key frames alone would give two.
    assert 6 <= len([position for position in white if position < white[0] + 1.1]) <= 10
    # Until its key frames were known to come, for four seconds or so, and after the cut everything; else hardly any.
    assert decoded < 0.6 * seen[-1][0] * RATE
