"""Adaptive sampling through a real worker: of a still picture that changes once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from stream.address import parse
from stream.pool import WorkerPool
from stream.sample import Sample
from tests.media import picture
from tests.stream.reading import a_pool, read, trusted

SECONDS, CUT_S = 8, 5
RATE = 30


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with a_pool() as pool:
        yield pool


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """Red for five seconds, then white; grain, and nothing that moves."""
    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = RATE
        for number in range(SECONDS * RATE):
            pixels = picture(320, 240, second=0 if number < CUT_S * RATE else 6)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


async def test_a_still_picture_is_sampled_seldom_and_a_cut_closely(pool: WorkerPool, still: Path) -> None:
    options = replace(trusted(fps=2.0), paced=True, adaptive=True)
    reading = await read(pool, str(still), options)
    shown = list(zip(reading.positions, reading.seconds, strict=True))
    red = [round(position, 2) for position, second in shown if second == 0]
    white = [position for position, second in shown if second == 6]
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
