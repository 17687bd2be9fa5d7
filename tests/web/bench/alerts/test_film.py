"""The films: their length, their cuts, and that they move."""

import itertools
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from web.bench.alerts.film import HEIGHT_PX, WIDTH_PX, canvas, write_film
from web.bench.alerts.plan import Timeline
from web.commands.common import CommandError

from .making import CALM, WOUND, timeline

MADE = timeline((CALM, 2.0), (WOUND, 0.5), (CALM, 1.5))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stills")
    for name, tint in (("calm", (60, 160, 60)), ("wound", (170, 30, 30))):
        texture = np.random.default_rng(1).integers(60, 255, (12, 16, 1), np.uint8)
        pixels = (texture * (np.array(tint) / 255.0)).astype(np.uint8)
        Image.fromarray(pixels).resize((320, 240)).save(folder / f"{name}.png")
    return folder


def frames(path: Path) -> list[tuple[float, npt.NDArray[np.int16]]]:
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0.0), frame.to_ndarray(format="rgb24").astype(np.int16))
            for frame in container.decode(video=0)
        ]


def test_it_lasts_as_planned_and_cuts_where_planned(folder: Path, tmp_path: Path) -> None:
    shown = frames(write_film(tmp_path / "film.mp4", MADE, folder))
    assert [position_s for position_s, _ in shown] == pytest.approx(np.arange(48) / 12, abs=1e-3)
    assert shown[0][1].shape == (HEIGHT_PX, WIDTH_PX, 3)
    red = [position_s for position_s, pixels in shown if pixels[..., 0].mean() > pixels[..., 1].mean()]
    assert [min(red), max(red)] == pytest.approx([2.0, 2.5 - 1 / 12], abs=1e-3)


def test_it_moves_within_a_shot(folder: Path, tmp_path: Path) -> None:
    made = timeline((CALM, 6.0), fps=2, style="held")
    shown = [pixels for _, pixels in frames(write_film(tmp_path / "film.mp4", made, folder))]
    assert min(float(np.abs(after - before).mean()) for before, after in itertools.pairwise(shown)) > 0.3


def test_a_damaged_still_is_named(tmp_path: Path) -> None:
    (tmp_path / "calm.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    with pytest.raises(CommandError, match=r"calm\.png is no picture that can be read"):
        write_film(tmp_path / "film.mp4", timeline((CALM, 1.0)), tmp_path)


def test_stills_of_any_size_are_taken() -> None:
    rng = np.random.default_rng(1)
    for width, height in rng.integers(8, 400, (200, 2)).tolist():
        assert canvas(Image.new("RGB", (width, height)), rng).size == (448, 252)


def test_a_seed_gives_the_same_film(folder: Path, tmp_path: Path) -> None:
    once, again = (write_film(tmp_path / name, MADE, folder).read_bytes() for name in ("a.mp4", "b.mp4"))
    other = Timeline(MADE.number, MADE.style, MADE.fps, MADE.shots, seed=99)
    assert once == again
    assert write_film(tmp_path / "c.mp4", other, folder).read_bytes() != once


@pytest.mark.parametrize(
    ("size", "whole"),
    [((320, 180), False), ((320, 240), False), ((240, 320), True), ((1, 300), True), ((300, 2), True)],
)
def test_a_still_fills_the_frame_or_is_shown_whole(size: tuple[int, int], whole: bool) -> None:
    white = Image.new("RGB", size, (255, 255, 255))
    grounds = [np.asarray(canvas(white, np.random.default_rng(seed))) for seed in range(8)]
    assert {ground.shape for ground in grounds} == {(252, 448, 3)}
    barred = [ground for ground in grounds if ground.min() == 0]
    assert bool(barred) == whole
    for ground in barred:
        bright = np.argwhere(ground[..., 0] > 200)
        assert len(bright) > 0
        assert np.ptp(bright, axis=0).max() in (251, 447), "it touches two edges"
