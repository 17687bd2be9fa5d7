"""What the training shows: the right shares of the right pictures, the same again from the same seed."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.training import stains
from inference.training.data import Picture, one_pass, read_pictures, source_folds
from inference.training.views import (
    LAID_OVER,
    Kind,
    Probe,
    View,
    extra_views,
    on_skin,
    plain_views,
    probe_views,
    training_views,
)
from tests.inference.training.folders import CATEGORIES, OF_EACH, write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


def test_the_table_is_read(folder: Path) -> None:
    pictures = read_pictures(folder)
    assert len(pictures) == len(CATEGORIES) * OF_EACH
    source = "blood_pattern_white/0"
    assert pictures[0] == Picture(
        "blood_pattern_white-0.png", True, "blood_pattern_white", source, "CC0-1.0", "train", source, "x"
    )


def test_a_pass_shows_each_category_at_its_share_and_no_validation(folder: Path) -> None:
    shown = one_pass(read_pictures(folder), np.random.default_rng(0))
    assert {picture.split for picture in shown} == {"train"}
    counts = Counter(picture.category for picture in shown)
    assert counts["food_meat"] == 6  # shown once each
    assert counts["wound_burn"] == 70
    assert counts["ordinary_imagenet"] == 600


def test_folds_hold_every_source_once_and_keep_a_category_apart(folder: Path) -> None:
    folds = source_folds(read_pictures(folder), 2)
    assert sorted(source for fold in folds for source in fold) == sorted(
        f"{category}/{number}" for category in CATEGORIES for number in range(2)
    )
    for fold in folds:
        assert {source.partition("/")[0] for source in fold} == set(CATEGORIES)


def test_the_same_seed_gives_the_same_views(folder: Path) -> None:
    pictures = read_pictures(folder)
    first, again, other = (training_views(pictures, number, seed=7) for number in (0, 0, 1))
    assert first == again
    assert first != other
    # Two views of one picture differ, and no two are drawn alike.
    assert len({(view.kind, view.seed) for view in first}) == len(first)


def test_a_pass_holds_its_pictures_and_every_other_kind(folder: Path) -> None:
    pictures = read_pictures(folder)
    counts = Counter(view.kind for view in training_views(pictures, 0, seed=7))
    shown = len(one_pass(pictures, np.random.default_rng(0)))
    assert counts[Kind.VARIED] == shown
    assert set(counts) == set(Kind) - {Kind.PLAIN}
    assert sum(counts[kind] for kind in LAID_OVER) > 0.3 * shown
    # What looks like gore and is none comes as often.
    assert sum(counts[kind] for kind in set(counts) - set(LAID_OVER) - {Kind.VARIED}) > 0.3 * shown


def test_things_are_laid_over_ordinary_pictures_of_the_split_alone(folder: Path) -> None:
    pictures = read_pictures(folder)
    views = extra_views(pictures, "val", 200, (1,))
    assert {part.split for view in views for part in view.parts} == {"val"}
    for view in views:
        assert view.picture is None or not view.picture.gore
        assert (view.picture is None) == (view.kind is Kind.ABSTRACT)
        assert view.stain is None or (view.kind in (Kind.BLOOD, Kind.PAINT) and view.stain.gore)
        if view.kind is Kind.SAUCE:
            assert view.picture is not None
            assert view.picture.category == "food_meat"
    of_blood = [view for view in views if view.kind is Kind.BLOOD]
    assert any(view.stain is not None for view in of_blood)
    assert any(view.stain is None for view in of_blood)
    assert any(view.picture is not None and on_skin(view.picture) for view in of_blood)


def test_without_food_or_people_there_is_something_to_lay_over_all_the_same(folder: Path) -> None:
    pictures = [picture for picture in read_pictures(folder) if picture.category == "wound_burn"]
    views = extra_views(pictures, "train", 100, (1,))
    assert views
    assert {view.parts for view in views} == {()}


def test_a_view_names_every_picture_in_it(folder: Path) -> None:
    views = training_views(read_pictures(folder), 0, seed=7)
    beside = next(view for view in views if view.other is not None)
    assert beside.parts == (beside.picture, beside.other)
    stained = next(view for view in views if view.stain is not None)
    assert stained.parts == (stained.picture, stained.stain)
    assert View(Kind.ABSTRACT, (1,)).parts == ()


PROBES = {
    "blood over 1 to 5 %": (Kind.BLOOD, 0.01, 0.05),
    "blood over 5 to 25 %": (Kind.BLOOD, 0.05, 0.25),
    "bloody faces": (Kind.BLOOD, 0.03, 0.25),
    "paint over 1 to 5 %": (Kind.PAINT, 0.01, 0.05),
    "paint over 5 to 25 %": (Kind.PAINT, 0.05, 0.25),
    "painted faces": (Kind.PAINT, 0.03, 0.25),
}


def test_probes_ask_for_so_much_of_validation_pictures_that_show_no_gore(folder: Path) -> None:
    asked = probe_views(read_pictures(folder), 30, seed=7)
    assert list(asked) == list(PROBES)
    for name, (kind, low, high) in PROBES.items():
        assert len(asked[name]) == 30
        for view in asked[name]:
            assert isinstance(view, Probe)
            assert view.kind is kind
            assert low <= view.share <= high
            (part,) = view.parts
            assert part.split == "val"
            assert not part.gore
            assert (part.category == "people_faces") == ("faces" in name)
    # Small shares come as often as large ones.
    shares = [view.share for view in asked["blood over 5 to 25 %"] if isinstance(view, Probe)]
    assert min(shares) < 0.08 < 0.16 < max(shares)


def test_probes_are_the_same_again_and_no_two_alike(folder: Path) -> None:
    pictures = read_pictures(folder)
    first, again, other = (probe_views(pictures, 5, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    views = [view for group in first.values() for view in group]
    assert len({view.seed for view in views}) == len(views)
    # Others than those of the training, and of what is laid over validation pictures.
    shown = [*training_views(pictures, 0, seed=7), *extra_views(pictures, "val", 100, (7, 10_000))]
    assert not {view.seed for view in views} & {view.seed for view in shown}


def test_without_faces_their_probes_are_empty(folder: Path) -> None:
    pictures = [picture for picture in read_pictures(folder) if picture.category != "people_faces"]
    asked = probe_views(pictures, 3, seed=7)
    assert {name: len(views) for name, views in asked.items()} == {name: 0 if "faces" in name else 3 for name in PROBES}


def test_plain_views_show_each_picture_in_order(folder: Path) -> None:
    pictures = read_pictures(folder)
    views = plain_views(pictures)
    assert [view.picture for view in views] == pictures
    assert {view.kind for view in views} == {Kind.PLAIN}


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
