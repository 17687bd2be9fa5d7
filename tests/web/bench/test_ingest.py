"""The ways that `bench ingest` compares read the same clip, and its JSON line has the headline keys."""

from pathlib import Path

import pytest

from web.bench.clip import Encoding, repeat, write_clip
from web.bench.ingest import _GOP_1, _GOP_2, _WITH_B, Clip, Found, figures
from web.bench.ingest_ways import bare, opencv, ours


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ingest")
    options = (("preset", "ultrafast"), ("x264-params", "scenecut=0"))
    encoding = Encoding(width_px=320, height_px=180, bitrate=300_000, options=options)
    return repeat(write_clip(folder / "clip.mkv", 4, encoding), 2)


def test_ours_takes_a_sample_a_second_whatever_it_decodes(clip: Path) -> None:
    assert ours(clip, "all").samples == ours(clip, "auto").samples == 8
    assert ours(clip, "keyframes").samples == 4


def test_the_bare_loops_decode_what_they_say(clip: Path) -> None:
    assert bare(clip, "all").samples == 240
    assert bare(clip, "partial").samples == 4 * 31
    assert bare(clip, "keyframes").samples == 4


def test_opencv_takes_a_sample_a_second_where_it_is_installed(clip: Path) -> None:
    theirs = opencv()
    if theirs is None:
        pytest.skip("OpenCV is not installed: the benchmark reports null and says so")
    assert theirs(clip, 30).samples == 8


def found(clip: Clip, vs_bare: float) -> Found:
    return Found(
        clip=clip,
        cpu_s={"all": 0.1, "auto": 0.04, "keyframes": 0.01},
        vs_bare={"all": 1.0, "auto": vs_bare, "keyframes": 1.1},
        auto_vs_best=1.05,
        vs_opencv=None,
    )


def test_the_figures_are_those_of_the_clips_that_they_name() -> None:
    told = figures({clip: found(clip, ratio) for clip, ratio in ((_GOP_1, 1.0), (_GOP_2, 1.02), (_WITH_B, 1.12))})
    assert told["streams_per_core"] == {"all": 10.0, "partial": 25.0, "nonref": 25.0, "keyframes": 100.0}
    assert told["vs_libav"] == 1.12
    assert told["vs_opencv"] is None
    assert "pip install" in str(told["vs_opencv_reason"])
    assert told["webrtc_vs_plain"] is None
