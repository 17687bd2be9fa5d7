"""Pictures of every format and mode become one upright RGB frame; damaged ones an error."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stream.errors import DecodeFailed, NotMedia
from stream.still import looks_like_still, read_still

_FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "JPEG2000"]


def _save(path: Path, image: Image.Image, kind: str, **more: object) -> Path:
    image.save(path, kind, **more)
    return path


def _centre(path: Path) -> list[int]:
    frame, _ = read_still(path)
    pixels = frame.to_ndarray(format="rgb24")
    return [int(value) for value in pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]]


@pytest.mark.parametrize("kind", _FORMATS)
def test_formats_are_told_by_their_bytes(tmp_path: Path, kind: str) -> None:
    path = _save(tmp_path / "picture.dat", Image.new("RGB", (64, 32), (200, 40, 40)), kind)
    assert looks_like_still(path)
    frame, info = read_still(path)
    assert (frame.width, frame.height, info.codec) == (64, 32, kind.lower())
    assert np.allclose(_centre(path), (200, 40, 40), atol=6)


def test_what_is_no_picture_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"<html>")
    assert not looks_like_still(path)
    with pytest.raises(NotMedia):
        read_still(path)


def test_the_alpha_channel_is_dropped_so_hidden_colours_count(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.png", Image.new("RGBA", (16, 16), (180, 0, 0, 0)), "PNG")
    assert _centre(path) == [180, 0, 0]


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA"])
def test_other_modes(tmp_path: Path, mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    path = _save(tmp_path / "m", Image.new("RGB", (16, 16), (255, 255, 255)).convert(mode), kind)
    assert np.allclose(_centre(path), (255, 255, 255), atol=3)


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    grey = np.full((16, 16), 32_768, np.uint16)
    path = _save(tmp_path / "deep.png", Image.fromarray(grey), "PNG")
    assert _centre(path) == [128, 128, 128]


def test_a_turned_picture_is_set_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = _save(tmp_path / "turned.jpg", Image.new("RGB", (64, 32)), "JPEG", exif=exif)
    frame, _ = read_still(path)
    assert (frame.width, frame.height) == (32, 64)


def test_a_cut_picture_is_damaged(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8))
    path = _save(tmp_path / "cut.jpg", noise, "JPEG")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DecodeFailed):
        read_still(path)


def test_too_small_and_too_large(tmp_path: Path) -> None:
    with pytest.raises(NotMedia, match="7 × 64"):
        read_still(_save(tmp_path / "thin.png", Image.new("RGB", (7, 64)), "PNG"))
    with pytest.raises(NotMedia, match="9000 × 9000"):
        read_still(_save(tmp_path / "huge.png", Image.new("1", (9000, 9000)), "PNG"))
