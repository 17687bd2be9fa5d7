"""What a tail is measured by: calibration of every output, shares of kinds, tables by class."""

from tests.inference.training.needs import need_training

need_training()

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from inference.calibrate import Platt
from inference.training.features import Shown
from inference.training.picture import Picture
from inference.training.targets import CELLS, CLASSES, class_targets
from inference.training.train import Logits, Predicted
from inference.training.validate import class_table, curves, report, shares, shares_table

Numbers = npt.NDArray[np.float32] | npt.NDArray[np.bool_] | npt.NDArray[np.float64]
COUNT = 60


def picture(at: int, category: str, *, gore: bool) -> Picture:
    return Picture(f"{category}-{at}.png", gore, category, f"{category}/{at % 2}", "MIT", "val")


def validation() -> list[Picture]:
    return [
        *(picture(at, "blood_stain", gore=True) for at in range(COUNT)),
        *(picture(at, "animals", gore=False) for at in range(COUNT)),
    ]


def laid(pictures: Sequence[Picture]) -> Shown:
    """Blood over the first half of ordinary pictures, in the upper rows of the map."""
    count = len(pictures)
    gore = np.array([2 * at < count for at in range(count)])
    classes = np.zeros((count, len(CLASSES)), np.float32)
    classes[:, CLASSES.index("blood")] = gore
    regions = np.zeros((count, CELLS, CELLS), np.float32)
    regions[gore, :3] = 1.0
    regions[:, 3] = np.nan
    return Shown(np.zeros((count, 1, CELLS, CELLS), np.float16), gore, classes, regions)


def logits(targets: Logits, rng: np.random.Generator) -> Logits:
    """Log-odds twice as sure as they may be, the right way round for most."""
    found: Logits = np.float32(4.0) * (np.nan_to_num(targets, nan=0.5) - np.float32(0.5))
    return found + rng.normal(0.0, 2.0, targets.shape).astype(np.float32)


def predicted(gore: Numbers, classes: Numbers, regions: Numbers, rng: np.random.Generator) -> Predicted:
    return Predicted(*(logits(np.asarray(each, np.float32), rng) for each in (gore, classes, regions)))


def test_every_output_is_calibrated_and_none_is_turned_round() -> None:
    rng = np.random.default_rng(1)
    pictures = validation()
    ordinary = [each for each in pictures if not each.gore]
    shown = laid(ordinary)
    stated = np.stack([class_targets(each.category, gore=each.gore) for each in pictures])
    gore = np.array([each.gore for each in pictures])
    plain = predicted(gore, stated, np.full((len(pictures), CELLS, CELLS), np.nan), rng)
    drawn_on = predicted(shown.gore, shown.classes, shown.map, rng)
    found = curves(pictures, plain, shown, drawn_on)

    prob = found.gore.probability(plain.gore)
    assert prob.dtype == np.float32
    assert prob[gore].mean() > 0.6 > 0.4 > prob[~gore].mean()
    assert len(found.classes) == len(CLASSES)
    assert all(curve.scale > 0.0 for curve in (*found.classes, found.map))
    blood = found.classes[CLASSES.index("blood")].probability(drawn_on.classes[:, CLASSES.index("blood")])
    assert blood.mean() == pytest.approx(0.5, abs=0.15)
    # Of the cells that are known 3 in 6 rows of one half show blood.
    assert found.map.probability(drawn_on.map[:, [0, 1, 2, 4, 5, 6]]).mean() == pytest.approx(0.25, abs=0.05)


def test_a_class_or_a_map_that_would_turn_its_sign_keeps_it() -> None:
    rng = np.random.default_rng(2)
    pictures = validation()
    shown = laid([each for each in pictures if not each.gore])
    stated = np.stack([class_targets(each.category, gore=each.gore) for each in pictures])
    gore = np.array([each.gore for each in pictures])
    plain = predicted(gore, stated, np.full((len(pictures), CELLS, CELLS), np.nan), rng)
    right = predicted(shown.gore, shown.classes, shown.map, rng)
    wrong = Predicted(right.gore, -right.classes, -right.map)
    flipped = Predicted(plain.gore, -plain.classes, plain.map)
    found = curves(pictures, flipped, shown, wrong)
    assert found.classes[CLASSES.index("blood")] == Platt()
    assert found.map == Platt()


def test_kinds_that_make_gore_count_where_it_is_seen_and_others_where_there_is_none() -> None:
    names = ["blood"] * 4 + ["paint"] * 4
    gore = np.array([True, True, True, False] + [False] * 4)
    prob = np.array([0.9, 0.5, 0.2, 0.9, 0.9, 0.1, 0.1, 0.1], np.float32)
    found = shares(names, gore, prob)
    assert list(found) == ["blood", "paint"]
    assert found["blood"].called == pytest.approx(2 / 3)
    assert found["blood"].views == 3
    assert (found["paint"].called, found["paint"].views) == (0.25, 4)
    for each in found.values():
        assert 0.0 <= each.low < each.called < each.high <= 1.0
    table = shares_table("kind", found).splitlines()
    assert table[0] == "| kind | views | called gore |"
    assert table[3].startswith("| paint | 4 | 0.250 (")


@pytest.mark.parametrize("seen", [1, 2])
def test_recall_stays_recall_where_half_or_less_could_be_seen(seen: int) -> None:
    gore = np.arange(4) < seen
    found = shares(["blood"] * 4, gore, np.where(gore, 0.9, 0.1).astype(np.float32))
    assert (found["blood"].called, found["blood"].views) == (1.0, seen)


def test_classes_are_told_by_category_gore_first() -> None:
    pictures = [
        picture(0, "animals", gore=False),
        picture(1, "wound_burn", gore=True),
        picture(2, "animals", gore=False),
    ]
    prob = np.array([[0.1] * 5, [0.9, 0.8, 0.0, 0.0, 0.25], [0.3] * 5], np.float32)
    lines = class_table(pictures, prob).splitlines()
    assert lines[0] == "| category | blood | wound | organ | skull | drawn |"
    assert lines[2] == "| wound_burn | 0.90 | 0.80 | 0.00 | 0.00 | 0.25 |"
    assert lines[3] == "| animals | 0.20 | 0.20 | 0.20 | 0.20 | 0.20 |"


def test_a_report_names_repositories_as_sources_and_counts_both_kinds() -> None:
    pictures = validation()
    prob = np.array([0.9 if each.gore else 0.1 for each in pictures], np.float32)
    found = report("net", pictures, prob, "2026.1.1")
    assert (found.n_gore, found.n_other) == (COUNT, COUNT)
    assert found.figures.recall.value == 1.0
    assert {group.name for group in found.sources} == {each.source for each in pictures}
