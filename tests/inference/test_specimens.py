"""Pictures to compare variants over: drawn ones, and those of a folder with other things in it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.specimens import Unreadable, drawn, in_folder


def test_drawn_pictures_are_many_and_always_the_same() -> None:
    first = list(drawn(24, height_px=40, width_px=48))
    again = list(drawn(24, height_px=40, width_px=48))
    assert {(picture.shape, picture.dtype) for picture in first} == {((40, 48, 3), np.dtype(np.uint8))}
    np.testing.assert_array_equal(first, again)
    assert len({picture.tobytes() for picture in first}) == 24
    assert not np.array_equal(first[0], next(drawn(1, height_px=40, width_px=48, seed=1)))


def test_drawn_pictures_show_dark_and_light_red_and_grey() -> None:
    pictures = np.stack(list(drawn(64, height_px=32, width_px=32))).astype(np.float32)
    light = pictures.mean(axis=(1, 2, 3))
    redness = (pictures[..., 0] - pictures[..., 1:].mean(axis=3)).mean(axis=(1, 2))
    assert light.min() < 60.0 < 160.0 < light.max()
    assert redness.min() < 0.0 < 20.0 < redness.max()


def test_a_folder_is_read_to_its_depths_in_order(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    Image.new("RGB", (64, 48), (10, 20, 30)).save(tmp_path / "b" / "c" / "deep.png")
    Image.new("L", (20, 30), 200).save(tmp_path / "a.jpg", quality=95)
    Image.new("RGB", (9, 9)).save(tmp_path / ".hidden" / "x.png")
    (tmp_path / "README.md").write_text("no picture")
    grey, deep = list(in_folder(tmp_path, height_px=8, width_px=16))
    assert isinstance(grey, np.ndarray)
    assert isinstance(deep, np.ndarray)
    assert grey.shape == deep.shape == (8, 16, 3)
    assert grey.mean() == pytest.approx(200.0, abs=2.0)
    np.testing.assert_allclose(deep[4, 4], (10, 20, 30), atol=2)


def test_what_is_no_picture_although_it_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    (tmp_path / "text.png").write_text("no picture")
    Image.new("RGB", (1, 1)).save(tmp_path / "tiny.bmp")
    (tmp_path / "gone.webp").symlink_to(tmp_path / "nowhere")
    found = list(in_folder(tmp_path, height_px=8, width_px=8))
    assert [one.file for one in found if isinstance(one, Unreadable)] == [
        "broken.jpg",
        "gone.webp",
        "text.png",
        "tiny.bmp",
    ]
    assert all(one.reason and "\n" not in one.reason for one in found if isinstance(one, Unreadable))


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert list(in_folder(tmp_path, height_px=8, width_px=8)) == []
