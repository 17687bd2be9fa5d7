"""A tiny run of `bench api` against the real service has every key; its arithmetic, by hand."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from web.bench.api import Material, Plan, measured
from web.bench.api_figures import Measured, Round, figures
from web.bench.api_material import padded, picture
from web.bench.clip import Encoding, repeat, write_clip
from web.bench.serving import publishers, running_service
from web.cli import cli
from web.commands.common import CommandError

_SMALL = Encoding(
    width_px=320, height_px=180, bitrate=300_000, options=(("preset", "ultrafast"), ("x264-params", "scenecut=0"))
)
_TINY = Plan(
    streams=1,
    rounds=1,
    turn_s=0.2,
    clips=1,
    pairs=1,
    warm=2,
    requests=4,
    beside_s=0.2,
    settle_s=0.0,
    large_px=(1600, 1200),
)
_FOUND = Measured(
    rounds=[Round(ours_per_s=90.0, bare_per_s=100.0, sender_cpus=0.1)] * 3,
    clip_s=30.0,
    clips_s=[1.0, 1.5, 9.0],
    large_cpu_s=[0.4, 0.2],
    small_cpu_s=[0.1, 0.1],
    bare_large_vs_small=5.875,
    large_mb=4.7,
    upload_mb=12.0,
    upload_peak_mb=18.0,
    requests=1000,
    left_mb=0.5,
    streams=50,
    beside_s=[0.02] * 99 + [0.5],
    concurrency=32,
    image_kb=100.0,
)


def test_a_tiny_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_WORKERS", "1")
    clip = write_clip(tmp_path / "clip.mp4", 2, _SMALL)
    live = repeat(write_clip(tmp_path / "live.mkv", 2, _SMALL), 30, suffix=".ts")
    material = Material(picture(320, 240), clip.read_bytes(), 2.0)
    with publishers(live, gop_s=2) as published, running_service(tmp_path, max_streams=1) as service:
        found = asyncio.run(measured(_TINY, material, published, service))
        with pytest.raises(CommandError, match=r"refuses /1\.0/check\.json"):
            asyncio.run(measured(_TINY, replace(material, image=b"no picture"), published, service))
    headline = {"vs_bare", "realtime_factor", "p50_ms", "p99_ms", "jpeg_48mp_vs_2mp", "mb_left", "upload_peak"}
    assert headline <= set(figures(found))


def test_figures_stand_beside_their_limits() -> None:
    line = figures(_FOUND)
    assert (line["vs_bare"], line["vs_bare_limit"]) == (0.9, 0.8)
    assert (line["realtime_factor"], line["realtime_factor_limit"]) == (20.0, 20.0)
    assert (line["jpeg_48mp_vs_2mp"], line["upload_peak"], line["mb_left"]) == (3.0, 1.5, 0.5)
    assert (line["p50_ms"], line["p99_ms"]) == (20.0, 24.8)
    assert (line["held"], line["broken"]) == (True, [])


def test_limits_that_do_not_hold_are_named() -> None:
    slow = [Round(ours_per_s=70.0, bare_per_s=100.0, sender_cpus=0.1)]
    line = figures(replace(_FOUND, rounds=slow, left_mb=40.0, beside_s=[0.02] * 90 + [0.5] * 10))
    assert line["broken"] == ["vs_bare", "p99_vs_p50", "mb_left"]


def test_a_padded_picture_is_the_same_picture() -> None:
    plain = picture(640, 480)
    large = padded(plain, 1_000_000)
    assert 900_000 < len(large) <= 1_000_000
    with Image.open(io.BytesIO(plain)) as one, Image.open(io.BytesIO(large)) as other:
        assert one.size == other.size == (640, 480)
        assert one.tobytes() == other.tobytes()


def test_streams_are_of_this_benchmark_alone() -> None:
    with pytest.raises(Exception, match="bench api"):
        cli(["bench", "score", "--streams", "3"], standalone_mode=False)
