"""Decoding on a GPU: where there is none, the CPU does it and the log says so."""

from pathlib import Path

import pytest

from stream.options import Decoder, SourceOptions
from stream.pool import WorkerPool
from stream.setup import WorkerLimits
from tests.media import Clips
from tests.stream.reading import SIDE_PX, read

_HAS_GPU = Path("/dev/nvidiactl").exists()


def options(decoder: Decoder) -> SourceOptions:
    return SourceOptions(fps=1.0, trusted=True, decoder=decoder)


def a_free_pool() -> WorkerPool:
    return WorkerPool(1, width_px=SIDE_PX, height_px=SIDE_PX, limits=WorkerLimits(address_space=False))


@pytest.mark.skipif(_HAS_GPU, reason="there is a GPU")
@pytest.mark.parametrize(("decoder", "warns"), [("nvdec", 1), ("auto", 0), ("cpu", 0)])
async def test_without_a_gpu_the_cpu_decodes(
    decoder: Decoder, warns: int, clips: Clips, capfd: pytest.CaptureFixture[str]
) -> None:
    async with a_free_pool() as pool:
        for _ in range(2):
            reading = await read(pool, str(clips.ts), options(decoder))
            assert reading.failure is None
            assert reading.info is not None
            assert reading.info.decoder == "cpu"
            assert reading.seconds == [0, 1, 2, 3, 4, 5]
    assert capfd.readouterr().err.count("NVDEC was asked for and cannot be had") == warns


@pytest.mark.skipif(not _HAS_GPU, reason="needs an NVIDIA GPU with its driver")
async def test_with_a_gpu_it_decodes_the_same_pictures(clips: Clips) -> None:
    async with a_free_pool() as pool:
        reading = await read(pool, str(clips.ts), options("nvdec"))
    assert reading.info is not None
    assert reading.info.decoder == "nvdec"
    assert reading.seconds == [0, 1, 2, 3, 4, 5]
