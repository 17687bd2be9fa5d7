"""What is said of a picture: only what its category or what was laid over it tells for certain."""

import numpy as np
import pytest

from inference.training.stains import Mask
from inference.training.targets import CELLS, CLASSES, Targets, all_cells, cell_targets, class_targets, laid_over

SIDE = 224
CELL = SIDE // CELLS


def said(targets: Targets) -> dict[str, float]:
    """The classes that are known."""
    assert targets.shape == (len(CLASSES),)
    assert targets.dtype == np.float32
    return {name: float(value) for name, value in zip(CLASSES, targets, strict=True) if not np.isnan(value)}


def covering(*boxes: tuple[int, int, int, int]) -> Mask:
    """A mask of rectangles: top, bottom, left, right."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = 1.0
    return mask


@pytest.mark.parametrize("category", ["ordinary_coco", "food_meat", "", "a category to come"])
def test_an_ordinary_picture_shows_none_of_the_classes(category: str) -> None:
    assert said(class_targets(category, gore=False)) == dict.fromkeys(CLASSES, 0.0)


def test_what_is_drawn_is_told_where_it_is_known() -> None:
    assert said(class_targets("game_graphics", gore=False))["drawn"] == 1.0
    assert "drawn" not in said(class_targets("diagrams", gore=False))
    assert said(class_targets("drawn_gore", gore=True)) == {"drawn": 1.0}


def test_a_category_of_gore_tells_its_class_and_leaves_open_what_may_come_with_it() -> None:
    for category, name in [
        ("blood_film", "blood"),
        ("blood_stain", "blood"),
        ("wound_burn", "wound"),
        ("a category to come", "wound"),
        ("surgery_laparoscopic", "organ"),
        ("skull_render", "skull"),
    ]:
        assert said(class_targets(category, gore=True))[name] == 1.0
    assert not {"blood", "organ"} & set(said(class_targets("wound_burn", gore=True)))


@pytest.mark.parametrize("name", ["blood", "wound", "organ", "skull"])
def test_what_is_laid_over_a_picture_adds_its_class(name: str) -> None:
    below = class_targets("game_graphics", gore=False)
    found = said(laid_over(name, below))
    assert found.pop(name) == 1.0
    assert found.pop("drawn") == 1.0
    # Wounds and entrails may bleed.
    assert ("blood" in found) == (name == "skull")
    assert set(found.values()) <= {0.0}
    assert said(below)[name] == 0.0, "what was passed in changed"


def test_what_is_unknown_below_stays_unknown() -> None:
    assert "drawn" not in said(laid_over("blood", class_targets("diagrams", gore=False)))


def test_a_cell_that_is_covered_shows_it_and_the_others_do_not() -> None:
    cells = cell_targets(covering((2 * CELL, 3 * CELL, 5 * CELL, 6 * CELL)))
    assert cells.shape == (CELLS, CELLS)
    assert cells.dtype == np.float32
    assert cells[2, 5] == 1.0
    assert cells.sum() == 1.0


def test_a_cell_that_is_barely_touched_is_unknown() -> None:
    cells = cell_targets(covering((0, CELL, 0, CELL + 1)))
    assert cells[0, 0] == 1.0
    assert np.isnan(cells[0, 1])
    assert np.nansum(cells) == 1.0
    assert np.isnan(cells).sum() == 1


def test_a_stain_too_small_for_any_cell_is_in_the_one_with_most_of_it() -> None:
    cells = cell_targets(covering((CELL - 2, CELL, CELL, CELL + 6), (CELL, CELL + 1, CELL, CELL + 6)))
    assert cells[0, 1] == 1.0
    assert np.isnan(cells[1, 1])
    assert np.nansum(cells) == 1.0


def test_what_can_hardly_be_seen_through_does_not_count() -> None:
    mask = covering((0, CELL, 0, CELL))
    mask[CELL:] = 0.2
    assert cell_targets(mask).sum() == 1.0


@pytest.mark.parametrize(("height", "width"), [(224, 224), (61, 47), (7, 7)])
def test_a_mask_of_any_size_fills_the_map(height: int, width: int) -> None:
    assert (cell_targets(np.ones((height, width), np.float32)) == 1.0).all()
    left = np.zeros((height, width), np.float32)
    left[:, : width // CELLS] = 1.0
    assert (cell_targets(left)[:, 0] == 1.0).all()
    assert (cell_targets(left)[:, 2:] == 0.0).all()


def test_one_target_for_the_whole_map() -> None:
    assert np.array_equal(all_cells(0.0), np.zeros((CELLS, CELLS), np.float32))
    assert np.isnan(all_cells(np.nan)).all()
