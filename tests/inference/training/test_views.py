"""What the training shows: the right shares, the right labels, the same again from the same seed."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.training import augment, stains
from inference.training.data import Picture, one_pass, read_pictures, source_folds
from inference.training.views import Kind, extra_views, plain_views, render, training_views

CATEGORIES = {
    "blood_pattern_white": True,
    "wound_burn": True,
    "ordinary_imagenet": False,
    "ordinary_coco": False,
    "food_meat": False,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A labelled folder of drawn pictures: eight of each category, from two sources, two of each for validation."""
    rng = np.random.default_rng(1)
    with (tmp_path / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "category", "source_repo", "source_path", "licence", "split"])
        for category, gore in CATEGORIES.items():
            for number in range(8):
                name = f"{category}-{number}.png"
                picture = augment.abstract(rng)
                if category == "blood_pattern_white":
                    white = np.full((96, 96, 3), 255, np.uint8)
                    picture = Image.fromarray(stains.lay_over(white, stains.drawn_stain(96, rng), (120, 5, 5), rng))
                picture.save(tmp_path / name)
                label = "positive" if gore else "negative"
                split = "val" if number > 5 else "train"
                rows.writerow([name, label, category, f"{category}/{number % 2}", "x", "CC0-1.0", split])
    return tmp_path


def test_the_table_is_read(folder: Path) -> None:
    pictures = read_pictures(folder)
    assert len(pictures) == 40
    source = "blood_pattern_white/0"
    assert pictures[0] == Picture(
        "blood_pattern_white-0.png", True, "blood_pattern_white", source, "CC0-1.0", "train", source, "x"
    )


def test_a_pass_shows_each_category_at_its_share_and_no_validation(folder: Path) -> None:
    shown = one_pass(read_pictures(folder), np.random.default_rng(0))
    assert {picture.split for picture in shown} == {"train"}
    counts = Counter(picture.category for picture in shown)
    assert counts["food_meat"] == 6  # shown once each
    assert counts["wound_burn"] == 60
    assert counts["ordinary_imagenet"] == 600


def test_folds_hold_every_source_once_and_keep_a_category_apart(folder: Path) -> None:
    folds = source_folds(read_pictures(folder), 2)
    assert sorted(source for fold in folds for source in fold) == sorted(
        f"{category}/{number}" for category in CATEGORIES for number in range(2)
    )
    for fold in folds:
        assert {source.partition("/")[0] for source in fold} == set(CATEGORIES)


def test_the_same_seed_gives_the_same_pictures(folder: Path) -> None:
    pictures = read_pictures(folder)
    first, again, other = (training_views(pictures, number, seed=7) for number in (0, 0, 1))
    assert first == again
    assert first != other
    assert (render(folder, first[3]) == render(folder, again[3])).all()


def test_every_kind_of_view_has_the_inputs_size(folder: Path) -> None:
    views = training_views(read_pictures(folder), 0, seed=7)
    for kind in (Kind.VARIED, Kind.BLOOD, Kind.PAINT, Kind.RED, Kind.ABSTRACT):
        pixels = render(folder, next(view for view in views if view.kind is kind))
        assert pixels.shape == (224, 224, 3)
        assert pixels.dtype == np.uint8


def test_only_blood_makes_an_ordinary_picture_gore(folder: Path) -> None:
    for view in extra_views(read_pictures(folder), "val", 200, (1,)):
        assert view.gore == (view.kind is Kind.BLOOD)
        assert view.picture is None or (view.picture.split == "val" and not view.picture.gore)


def test_a_view_names_every_source_in_it(folder: Path) -> None:
    views = training_views(read_pictures(folder), 0, seed=7)
    inset = next(view for view in views if view.ground is not None)
    assert inset.picture is not None
    assert inset.ground is not None
    assert inset.sources == {inset.picture.source, inset.ground.source}


def test_a_plain_view_is_the_picture_itself(folder: Path) -> None:
    pictures = read_pictures(folder)
    (view,) = plain_views(pictures[-1:])
    with Image.open(folder / pictures[-1].file) as stored:
        assert (render(folder, view) == np.asarray(stored.convert("RGB"))).all()


def test_a_stain_on_white_is_cut_out_and_another_ground_is_not() -> None:
    rng = np.random.default_rng(4)
    stain = stains.drawn_stain(96, rng)
    white = np.full((96, 96, 3), 255, np.uint8)
    cut = stains.cut_stain(Image.fromarray(stains.lay_over(white, stain, (120, 5, 5), rng)))
    assert cut is not None
    assert np.corrcoef(cut.ravel(), stain.ravel())[0, 1] > 0.9
    assert stains.cut_stain(Image.fromarray(white // 2)) is None
    assert stains.cut_stain(Image.fromarray(white)) is None


def test_blood_is_laid_only_where_the_stain_is() -> None:
    ground = np.full((64, 64, 3), 200, np.uint8)
    stain = np.zeros((64, 64), np.float32)
    stain[:32] = 1.0
    laid = stains.lay_over(ground, stain, (150, 8, 8), np.random.default_rng(0))
    assert (laid[32:] == ground[32:]).all()
    assert laid[:30, :, 0].mean() > 2 * laid[:30, :, 1].mean()
