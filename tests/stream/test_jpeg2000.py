"""JPEG 2000 is decoded to fewer pixels, whatever its size, and what only Pillow reads of it has a limit of its own."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stream import jpeg2000, still
from stream.errors import DecodeFailed, TooLarge
from stream.jpeg2000 import halvings
from stream.still import read_still


def _save(path: Path, image: Image.Image, **more: Any) -> Path:
    image.save(path, "JPEG2000", **more)
    return path


def _blots(width: int, height: int) -> Image.Image:
    rough = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", [(1600, 1200), (1601, 1203), (1013, 1501)])
@pytest.mark.parametrize("more", [{}, {"tile_size": (512, 512)}, {"irreversible": True}, {"no_jp2": True}])
def test_a_picture_of_any_size_is_reduced_and_looks_the_same(
    tmp_path: Path, size: tuple[int, int], more: dict[str, Any]
) -> None:
    picture = _blots(*size)
    frame, info = read_still(_save(tmp_path / "a.jp2", picture, **more), 250)
    assert (info.width, info.height, info.codec) == (*size, "jpeg2000")
    assert 250 <= min(frame.width, frame.height) < 500
    whole = picture.resize((frame.width, frame.height), Image.Resampling.BOX)
    difference = frame.to_ndarray(format="rgb24").astype(int) - np.asarray(whole).astype(int)
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("L", 128, (128, 128, 128)),
        ("LA", (128, 0), (128, 128, 128)),
        ("RGBA", (180, 20, 0, 0), (180, 20, 0)),
        ("I;16", 32_768, (128, 128, 128)),
    ],
)
def test_other_modes_are_what_they_are_unreduced(
    tmp_path: Path, mode: str, colour: Any, seen: tuple[int, int, int]
) -> None:
    path = _save(tmp_path / "a.jp2", Image.new(mode, (640, 480), colour))
    for least_px in (100, None):
        frame, _ = read_still(path, least_px)
        assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - seen).max() <= 2
    assert frame.width == 640


def test_halvings_end_where_the_file_or_the_size_does() -> None:
    data = io.BytesIO()
    _blots(640, 480).save(data, "JPEG2000", num_resolutions=3)
    assert halvings(data.getvalue(), side_px=480, least_px=1) == 2
    assert halvings(data.getvalue(), side_px=480, least_px=240) == 1
    assert halvings(data.getvalue(), side_px=480, least_px=241) == 0
    for cut in (b"", b"\xff\x4f\xff\x51", data.getvalue()[:100]):
        assert halvings(cut, side_px=480, least_px=1) == 0


def test_large_ones_that_cannot_be_reduced_do_not_stop_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are decoded by what lets other threads run, and what only Pillow reads has a limit."""
    monkeypatch.setattr(still, "_MOST_AT_A_HALT", 100)
    monkeypatch.setattr("PIL.Image.core.jpeg2k_decoder", None)
    path = _save(tmp_path / "a.jp2", Image.new("RGB", (640, 480), (200, 40, 40)), num_resolutions=1)
    frame, _ = read_still(path, 100)
    assert abs(frame.to_ndarray(format="rgb24").astype(int) - (200, 40, 40)).max() < 6
    with pytest.raises(TooLarge, match="CMYK"):
        read_still(_save(tmp_path / "b.jp2", Image.new("CMYK", (640, 480)), num_resolutions=1), 100)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_one_that_is_cut_short_is_damaged(tmp_path: Path, share: float) -> None:
    path = _save(tmp_path / "a.jp2", _blots(1600, 1200))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DecodeFailed):
        read_still(path, 250)
    with pytest.raises(DecodeFailed):
        jpeg2000.decode(path.read_bytes(), 1)
