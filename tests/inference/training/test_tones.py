"""Pictures are sorted by how light the skin in them looks, and the detector's errors are told by those groups."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.training.picture import Picture
from inference.training.stains import Rgb
from inference.training.tones import TONES, by_tone, lab, likely_skin, tone

SKINS = [(240, 205, 180), (215, 189, 150), (198, 158, 128), (180, 140, 105), (150, 112, 80), (96, 65, 52)]
"""One of each group, light to dark."""


def _plain(colour: tuple[int, int, int]) -> Rgb:
    return np.full((40, 60, 3), colour, np.uint8)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_is_the_published_one(colour: tuple[int, int, int], expected: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(lab(np.array(colour, np.uint8)), expected, atol=0.02)


def test_groups_follow_the_skin_from_light_to_dark() -> None:
    assert [tone(_plain(colour)) for colour in SKINS] == list(TONES)


@pytest.mark.parametrize("colour", [*SKINS, (58, 49, 42), (41, 36, 32)])
def test_skin_is_skin_in_the_shade_too(colour: tuple[int, int, int]) -> None:
    shaded = (np.array(colour) * 0.7).astype(np.uint8)
    assert likely_skin(lab(np.array([colour, shaded], np.uint8))).all()


@pytest.mark.parametrize("colour", [(128, 128, 128), (0, 0, 0), (255, 255, 255), (150, 10, 10), (60, 90, 200)])
def test_what_is_not_skin_has_no_tone(colour: tuple[int, int, int]) -> None:
    assert tone(_plain(colour)) is None


def test_one_pixel_has_a_tone_or_none() -> None:
    assert tone(np.full((1, 1, 3), 128, np.uint8)) is None


def _saved(folder: Path, name: str, colour: tuple[int, int, int], category: str, *, gore: bool = False) -> Picture:
    Image.fromarray(_plain(colour)).save(folder / name)
    return Picture(name, gore, category, "source", "MIT", "val")


def test_errors_are_told_by_tone(tmp_path: Path) -> None:
    pictures = [
        _saved(tmp_path, "a.png", SKINS[0], "people_faces"),
        _saved(tmp_path, "b.png", SKINS[5], "skin_hands"),
        _saved(tmp_path, "c.png", SKINS[5], "skin_acne"),
        _saved(tmp_path, "d.png", (128, 128, 128), "skin_tattoo"),
        _saved(tmp_path, "e.png", SKINS[5], "food_meat"),
        _saved(tmp_path, "f.png", SKINS[1], "wound_burn", gore=True),
    ]
    told = by_tone(tmp_path, pictures, np.array([0.1, 0.9, 0.2, 0.1, 0.9, 0.7]))
    false_positives, recall = told.split("\n\n")
    assert "| very light | 1 | 0.000 (0.000 to 0.793) |" in false_positives
    assert "| dark | 2 | 0.500 (0.095 to 0.905) |" in false_positives
    assert "| no skin found | 1 | 0.000 (0.000 to 0.793) |" in false_positives
    assert "| tan | 0 | – |" in false_positives
    assert "| light | 1 | 1.000 (0.207 to 1.000) |" in recall


def test_a_probability_is_wanted_for_each_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 probabilities for 1 pictures"):
        by_tone(tmp_path, [_saved(tmp_path, "a.png", SKINS[0], "people_faces")], np.zeros(0))
