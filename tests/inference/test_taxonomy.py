"""The keys of gore-2.0 follow from the detector's outputs by a rule, and by nothing else."""

import math
import random

import numpy as np
import pytest

from inference.taxonomy import FULL_SHARE, RULE, UNKNOWN_EXTENT, Taxonomy, rule_markdown, share_over, taxonomy

CLASSES = ["very_bloody", "slightly_bloody", "body_organ", "serious_injury", "superficial_injury", "corpse", "skull"]
CLASSES += ["unconscious", "body_waste", "other"]
TYPES = ["animated", "fake", "real"]
OURS = ("blood", "wound", "organ", "skull", "drawn")
ENDS = (0.0, 1.0, 0.5, 1e-9, 1.0 - 1e-9, 0.00005)


def some(rng: random.Random) -> float:
    return rng.choice(ENDS) if rng.random() < 0.3 else rng.random()


def cases(count: int = 3000) -> list[tuple[float, dict[str, float], float | None]]:
    rng = random.Random(20)
    return [
        (some(rng), {name: some(rng) for name in OURS}, None if rng.random() < 0.2 else some(rng)) for _ in range(count)
    ]


def values(found: Taxonomy) -> dict[str, float]:
    return found.classes | found.type


def test_all_13_keys_are_always_there_in_the_order_of_the_api() -> None:
    for found in (taxonomy(0.3), taxonomy(1.0, dict.fromkeys(OURS, 1.0), 1.0), taxonomy(0.0, {}, 0.0)):
        assert list(found.classes) == CLASSES
        assert list(found.type) == TYPES


def test_every_value_is_a_probability_of_4_decimals_and_none_is_over_prob() -> None:
    for prob, classes, share in cases():
        found = taxonomy(prob, classes, share)
        assert found.prob == round(prob, 4)
        for value in values(found).values():
            assert 0.0 <= value <= found.prob
            assert value == round(value, 4)
            assert math.copysign(1.0, value) == 1.0


def test_it_is_the_rule_that_is_printed() -> None:
    # The formulas of the model card, computed.
    for prob, classes, share in cases(500):
        extent = UNKNOWN_EXTENT if share is None else min(share / FULL_SHARE, 1.0)
        found = values(taxonomy(prob, classes, share))
        for key, formula, _ in RULE:
            computed = eval(formula.replace("×", "*").replace("−", "-"), {"p": prob, "extent": extent} | classes)  # noqa: S307
            assert found[key] == pytest.approx(computed, abs=0.5001e-4), (key, prob, classes, share)


def test_much_and_little_share_what_is_seen_and_the_types_share_prob() -> None:
    for prob, classes, share in cases():
        found = taxonomy(prob, classes, share)
        blood = found.classes["very_bloody"] + found.classes["slightly_bloody"]
        wound = found.classes["serious_injury"] + found.classes["superficial_injury"]
        assert blood == pytest.approx(min(prob, classes["blood"]), abs=1.1e-4)
        assert wound == pytest.approx(min(prob, classes["wound"]), abs=1.1e-4)
        assert sum(found.type.values()) == pytest.approx(prob, abs=1.1e-4)


def test_prob_is_accounted_for_by_its_likeliest_class_and_other() -> None:
    for prob, classes, share in cases():
        likeliest = min(prob, max(classes[name] for name in ("blood", "wound", "organ", "skull")))
        assert taxonomy(prob, classes, share).classes["other"] == pytest.approx(prob - likeliest, abs=1e-4)


@pytest.mark.parametrize("key", ["corpse", "unconscious", "body_waste", "fake"])
def test_what_is_not_told_apart_is_never_claimed(key: str) -> None:
    assert all(values(taxonomy(prob, classes, share))[key] == 0.0 for prob, classes, share in cases(300))


def test_more_of_something_never_lowers_its_own_keys() -> None:
    rng = random.Random(3)
    own = {"blood": "very_bloody", "wound": "serious_injury", "organ": "body_organ", "skull": "skull"}
    for prob, classes, share in cases(500):
        name, key = rng.choice(list(own.items()))
        more = classes | {name: min(1.0, classes[name] + rng.random() * 0.5)}
        assert taxonomy(prob, more, share).classes[key] >= taxonomy(prob, classes, share).classes[key]
        if share is not None:
            wider = taxonomy(prob, classes, min(1.0, share + 0.1)).classes
            assert wider["very_bloody"] >= taxonomy(prob, classes, share).classes["very_bloody"]
            assert wider["slightly_bloody"] <= taxonomy(prob, classes, share).classes["slightly_bloody"]


def test_a_pool_of_blood_is_very_bloody_and_a_drop_is_slightly() -> None:
    blood = {"blood": 0.95, "wound": 0.05, "organ": 0.01, "skull": 0.0, "drawn": 0.02}
    pool, drop = taxonomy(0.97, blood, 0.6), taxonomy(0.97, blood, 0.02)
    assert (pool.classes["very_bloody"], pool.classes["slightly_bloody"]) == (0.95, 0.0)
    assert drop.classes["slightly_bloody"] > 0.8
    assert drop.classes["very_bloody"] < 0.1
    assert pool.type["real"] > 0.9


def test_a_detector_without_classes_says_other_and_real() -> None:
    found = taxonomy(0.83333)
    assert found.prob == 0.8333
    assert {key: value for key, value in values(found).items() if value} == {"other": 0.8333, "real": 0.8333}
    assert taxonomy(0.83333, {}, 1.0) == found


def test_a_class_that_the_detector_lacks_counts_as_nothing() -> None:
    assert taxonomy(0.9, {"skull": 0.8}).classes == dict.fromkeys(CLASSES, 0.0) | {"skull": 0.8, "other": 0.1}


@pytest.mark.parametrize("bad", [-0.001, 1.001, math.nan, math.inf])
def test_what_is_no_probability_is_an_error(bad: float) -> None:
    with pytest.raises(ValueError, match=r"prob must be in \[0, 1\]"):
        taxonomy(bad)
    with pytest.raises(ValueError, match=r"blood must be in \[0, 1\]"):
        taxonomy(0.5, {"blood": bad})
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\]"):
        taxonomy(0.5, {}, bad)


def test_the_share_of_a_map_counts_its_cells_over_one_half() -> None:
    cells = np.zeros((7, 7), np.float32)
    assert share_over(cells) == 0.0
    cells[0, :3] = 0.9
    cells[1, 0] = 0.5
    assert share_over(cells) == pytest.approx(3 / 49)


def test_the_rule_reads_as_a_table() -> None:
    lines = rule_markdown().splitlines()
    assert lines[0] == "| key | from | meaning |"
    assert [line.split("`")[1] for line in lines[2:15]] == [f"classes.{key}" for key in CLASSES] + [
        f"type.{key}" for key in TYPES
    ]
    assert "| `classes.very_bloody` | min(p, blood) × extent | blood over much of the picture |" in lines
