"""The ways that `bench ingest` compares read the same clip, and its JSON line has the headline keys."""

from pathlib import Path

import av
import pytest

from web.bench.clip import Encoding, repeat, write_clip
from web.bench.ingest import _GOP_1, _GOP_2, _WITH_B, Clip, Found, figures, measure
from web.bench.ingest_ways import Meter, bare, opencv, ours

_OPTIONS = (("preset", "ultrafast"), ("x264-params", "scenecut=0"))
_B_OPTIONS = (("preset", "ultrafast"), ("x264-params", "scenecut=0:bframes=3:b-adapt=0:b-pyramid=none"))
_SMALL = Encoding(width_px=320, height_px=180, bitrate=300_000, options=_OPTIONS)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repeat(write_clip(tmp_path_factory.mktemp("ingest") / "clip.mkv", 4, _SMALL), 2)


def test_ours_takes_a_sample_a_second_whatever_it_decodes(clip: Path) -> None:
    assert ours(clip, "all").samples == ours(clip, "auto").samples == 8
    assert ours(clip, "keyframes").samples == 4


def test_the_bare_loops_decode_what_they_say(clip: Path) -> None:
    assert bare(clip, "all").samples == 240
    assert bare(clip, "partial").samples == bare(clip, "partial", scaled=True).samples == 4 * 31
    assert bare(clip, "keyframes").samples == 4


def test_what_comes_before_the_second_gop_is_not_measured() -> None:
    meter = Meter(2.0)
    meter.at(1.967)
    with pytest.raises(AssertionError, match="longer"):
        meter.cpu_s()
    meter.at(2.0)
    before_s = meter.cpu_s()
    meter.at(3.0)
    assert meter.cpu_s() >= before_s


def test_a_repeated_clip_keeps_its_key_frames_where_frames_are_reordered(tmp_path: Path) -> None:
    encoding = Encoding(width_px=320, height_px=180, bitrate=300_000, gop_frames=60, options=_B_OPTIONS)
    path = repeat(write_clip(tmp_path / "b.mkv", 2, encoding), 3)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 60, 120]
    assert len(packets) == bare(path, "all").samples == 180
    assert bare(path, "nonref").samples < 90
    assert ours(path, "auto").samples == 6


def test_opencv_takes_a_sample_a_second_where_it_is_installed(clip: Path) -> None:
    theirs = opencv()
    if theirs is None:
        pytest.skip("OpenCV is not installed: the benchmark reports null and says so")
    assert theirs(clip, 30).samples == 8


def test_a_clip_is_measured_by_every_way(clip: Path) -> None:
    one = measure(_GOP_2, clip, 0.0, length_s=8.0)
    assert set(one.cpu_s) >= {"all", "auto", "keyframes", "bare all", "bare partial", "bare keyframes", "fixed partial"}
    assert set(one.vs_bare) == {"all", "auto", "keyframes"}
    assert one.auto_vs_best > 0.0


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
    assert told["auto_vs_best"] == 1.05
    limits = {"vs_libav": 1.15, "auto_vs_best": 1.1, "vs_opencv": 5.0, "vs_opencv_by": {"1 s": 5.0, "2 s": 1.8}}
    for name, limit in limits.items():
        assert told[f"{name}_limit"] == limit
    assert told["streams_per_core_limit"] == {"partial": 22.0, "keyframes": 100.0}
