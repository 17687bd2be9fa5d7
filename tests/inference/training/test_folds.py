"""Every source is held out once, and what it shows can still be learnt elsewhere, where there is an elsewhere."""

import pytest

from inference.training.folds import family, leave_out, source_folds, unsupported
from inference.training.groups import grouped
from inference.training.picture import DataError, Picture

SHAPE = {
    "films": [("blood_film", True, 40), ("film_no_blood", False, 12)],
    "stains": [("blood_stain", True, 15)],
    "patterns": [("blood_pattern_white", True, 9)],
    "clinic": [("wound_ulcer", True, 150), ("skin_closeup", False, 20)],
    "accidents": [("wound_laceration", True, 30)],
    "mesh": [("skull_render", True, 30)],
    "bones": [("skull_render", True, 28)],
    "theatre": [("surgery_laparoscopic", True, 70)],
    "sprites": [("drawn_gore", True, 14), ("game_sprites", False, 20)],
    "tiles": [("blood_sprite", True, 22), ("game_sprites", False, 13)],
    "lungs": [("medical_nongore", False, 30)],
    "brains": [("medical_nongore", False, 9)],
    "photos": [("ordinary_imagenet", False, 200)],
    "scenes": [("ordinary_bsds", False, 60)],
    "acne": [("skin_acne", False, 16)],
    "meals": [("food_dishes", False, 60)],
    "meat": [("food_meat", False, 37)],
}


def _pictures() -> list[Picture]:
    return [
        Picture(f"{source}/{category}/{number}.jpg", gore, category, source, "MIT", "train", source)
        for source, parts in SHAPE.items()
        for category, gore, count in parts
        for number in range(count)
    ]


@pytest.mark.parametrize("folds", [2, 3, 4, 6, 8])
def test_every_source_is_held_out_once_and_its_family_stays(folds: int) -> None:
    pictures = _pictures()
    found = source_folds(pictures, folds)
    assert len(found) == folds
    assert sorted(source for fold in found for source in fold) == sorted(SHAPE)
    # Operations and people in films come from one source each: these alone cannot be learnt elsewhere.
    hardly = {name: left for fold in found for name, (_, left) in unsupported(pictures, fold).items()}
    assert set(hardly) <= {"surgery", "people"}


def test_no_fold_holds_most_of_the_gore_beside_the_largest_source() -> None:
    pictures = _pictures()
    gore = [sum(picture.gore for picture in pictures if picture.source in fold) for fold in source_folds(pictures, 6)]
    assert sorted(gore)[-2] < sum(gore) / 4


def test_two_sources_that_are_not_alike_are_two_folds() -> None:
    found = source_folds([picture for picture in _pictures() if picture.source in ("meat", "theatre")], 2)
    assert sorted(map(sorted, found)) == [["meat"], ["theatre"]]


def test_the_order_of_the_table_does_not_matter() -> None:
    pictures = _pictures()
    assert source_folds(pictures, 4) == source_folds(pictures[::-1], 4)


def test_more_folds_than_sources_hold_one_each() -> None:
    found = source_folds([picture for picture in _pictures() if picture.source in ("mesh", "bones")], 8)
    assert sorted(map(sorted, found)) == [["bones"], ["mesh"]]


def test_a_copy_in_another_source_is_not_shown_while_its_twin_is_held_out() -> None:
    pictures = _pictures()
    skull = next(at for at, picture in enumerate(pictures) if picture.source == "mesh")
    photo = next(at for at, picture in enumerate(pictures) if picture.source == "photos")
    pictures = grouped(pictures, [(skull, photo)])
    for fold in leave_out(pictures, 6):
        assert fold.shows(pictures[skull]) == fold.shows(pictures[photo]) == fold.sources.isdisjoint(("mesh", "photos"))
        assert not any(fold.shows(picture) for picture in pictures if fold.holds(picture))
        other = pictures[skull + 1]
        assert fold.shows(other) == ("mesh" not in fold.sources)


def test_an_unknown_category_is_its_own_family() -> None:
    assert family("wound_burn") == family("wound_ulcer")
    assert family("teapots") == "teapots"


@pytest.mark.parametrize("folds", [0, 1])
def test_one_fold_is_refused(folds: int) -> None:
    with pytest.raises(DataError, match="both must be 2 or more"):
        source_folds(_pictures(), folds)


def test_one_source_cannot_be_left_out() -> None:
    with pytest.raises(DataError, match="each of 1 sources"):
        source_folds([picture for picture in _pictures() if picture.source == "meat"], 4)
