"""Copies are found whatever was done to them on the way; pictures that are merely alike are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from inference.training.near import connected, fingerprints, near_pairs
from inference.training.picture import DataError


def _pairs(folder: Path, pictures: list[Image.Image]) -> list[tuple[int, int]]:
    files = [folder / f"{number}.jpg" for number in range(len(pictures))]
    for file, picture in zip(files, pictures, strict=True):
        picture.convert("RGB").save(file, quality=90)
    return near_pairs(fingerprints(files))


def _drawn(seed: int) -> Image.Image:
    """A picture with things of many sizes in it, 320 × 240."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (320, 240), tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        left, top = rng.integers(0, (300, 220)).tolist()
        width, height = rng.integers(8, 120, 2).tolist()
        draw.ellipse((left, top, left + width, top + height), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return picture


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda picture: picture.resize((150, 112)), id="smaller"),
        pytest.param(lambda picture: picture.resize((224, 224)), id="squashed"),
        pytest.param(lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), id="mirrored"),
        pytest.param(lambda picture: picture.transpose(Image.Transpose.ROTATE_90), id="turned"),
        pytest.param(lambda picture: picture.transpose(Image.Transpose.TRANSVERSE), id="turned and mirrored"),
        pytest.param(lambda picture: ImageEnhance.Brightness(picture).enhance(0.8), id="darker"),
        pytest.param(lambda picture: picture.convert("L"), id="without colour"),
        pytest.param(lambda picture: picture.crop((2, 2, 318, 238)), id="trimmed"),
    ],
)
def test_a_copy_is_found_among_other_pictures(tmp_path: Path, change: Callable[[Image.Image], Image.Image]) -> None:
    pictures = [_drawn(seed) for seed in range(12)]
    assert _pairs(tmp_path, [*pictures, change(pictures[5])]) == [(5, 12)]


def test_small_things_on_white_are_not_one_picture(tmp_path: Path) -> None:
    pictures = []
    for number in range(12):
        picture = Image.new("RGB", (160, 160), "white")
        draw = ImageDraw.Draw(picture)
        shape = draw.ellipse if number % 2 else draw.rectangle
        left, top = 20 + 30 * (number % 4), 20 + 40 * (number // 4)
        shape((left, top, left + 20, top + 16), fill="darkred")
        draw.line((left, top, left + 6 * number, top + 30), fill="black", width=3)
        pictures.append(picture)
    # Turned and mirrored ways count, too: these lie where no turn lays one over the other.
    found = _pairs(tmp_path, pictures)
    assert len(found) <= 1


def test_plain_pictures_are_never_copies(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    flat = [Image.new("RGB", (96, 96), (level, level, level)) for level in (0, 90, 90, 255)]
    noise = [Image.fromarray(rng.integers(120, 136, (96, 96, 3), np.uint8)) for _ in range(6)]
    assert _pairs(tmp_path, flat + noise) == []


def test_alike_radiographs_of_several_patients_are_kept_apart(tmp_path: Path) -> None:
    """Two bright lungs on dark: the coarse shape is one, the patients are not."""
    pictures = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        picture = Image.new("L", (256, 256), 30)
        draw = ImageDraw.Draw(picture)
        for left in (40, 140):
            at = left + int(rng.integers(-8, 9))
            draw.ellipse((at, 40, at + int(rng.integers(55, 80)), 200 + int(rng.integers(-20, 21))), fill=170)
        for rib in range(6):
            top = 50 + 24 * rib + int(rng.integers(-8, 9))
            draw.line((40, top, 216, top + int(rng.integers(-14, 15))), fill=int(rng.integers(90, 240)), width=5)
        pictures.append(picture)
    assert _pairs(tmp_path, [*pictures, pictures[2]]) == [(2, 8)]


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    with pytest.raises(DataError, match=r"broken\.jpg cannot be read as a picture"):
        fingerprints([tmp_path / "broken.jpg"])


def test_links_join_whatever_their_order() -> None:
    assert connected(7, [(5, 2), (2, 0), (6, 4)]) == [0, 1, 0, 3, 4, 0, 4]
    assert connected(0, []) == []
