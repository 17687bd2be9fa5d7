"""The plan: what is seen when, how much of it, and how often one still."""

import itertools
from collections import Counter

import numpy as np
import pytest

from web.bench.alerts.plan import (
    LENGTHS_S,
    PASSAGE_FPS,
    Mix,
    Timeline,
    dealt_by_category,
    ordinary_timelines,
    passage_timelines,
)

from .making import CALM, MEAT, WOUND, stills, timeline


def mix(seed: int = 3, hard_share: float = 0.25) -> Mix:
    return Mix([*stills(60, "scene"), *stills(20, "meat", hard=True)], hard_share, np.random.default_rng(seed))


def ordinary(hours: float) -> list[Timeline]:
    return ordinary_timelines(hours, mix(), np.random.default_rng(4))


def passages(each: int = 10) -> list[Timeline]:
    gore = [*stills(9, "wound", gore=True), *stills(4, "stain", gore=True)]
    return passage_timelines(gore, each, mix(), np.random.default_rng(5), first_number=7)


@pytest.mark.parametrize("planned", [*ordinary(1.0), *passages()], ids=lambda one: f"{one.number}-{one.style}")
def test_shots_leave_no_hole_and_are_whole_frames(planned: Timeline) -> None:
    assert planned.shots[0].start_s == 0.0
    for before, after in itertools.pairwise(planned.shots):
        assert before.end_s == after.start_s
    for shot in planned.shots:
        frames = shot.length_s * planned.fps
        assert frames >= 1
        assert frames == pytest.approx(round(frames), abs=1e-3)


def test_ordinary_timelines_last_as_long_as_was_asked_for() -> None:
    planned = ordinary(2.6)
    assert sum(one.duration_s for one in planned) == pytest.approx(2.6 * 3600.0)
    assert {one.style for one in planned} == {"edited", "held"}
    assert {one.fps for one in planned} == {2, 4}
    assert not any(one.passages for one in planned)


def test_a_held_shot_is_longer_than_an_edited_one() -> None:
    lengths_s = {style: [shot.length_s for one in ordinary(2.0) if one.style == style for shot in one.shots[:-1]]
                 for style in ("edited", "held")}  # fmt: skip
    assert max(lengths_s["edited"]) <= 9.0
    assert min(lengths_s["held"]) >= 15.0


def test_hard_negatives_have_their_share_and_no_still_is_favoured() -> None:
    dealt = mix()
    seen = Counter(dealt.next() for _ in range(2000))
    assert sum(count for still, count in seen.items() if still.hard) / 2000 == pytest.approx(0.25, abs=0.03)
    for hard in (True, False):
        counts = [count for still, count in seen.items() if still.hard == hard]
        assert max(counts) - min(counts) <= 1


def test_a_mix_of_one_kind_deals_what_it_has() -> None:
    rng = np.random.default_rng(1)
    assert Mix([MEAT], 0.0, rng).next() == MEAT
    assert Mix([CALM], 1.0, rng).next() == CALM
    with pytest.raises(ValueError, match="no ordinary still"):
        Mix([], 0.5, rng)


def test_every_length_gets_its_passages_far_enough_apart() -> None:
    planned = passages(each=10)
    lengths = Counter(shot.length_s for one in planned for shot in one.passages)
    assert lengths == dict.fromkeys(LENGTHS_S, 10)
    assert [one.number for one in planned] == list(range(7, 7 + len(planned)))
    for one in planned:
        bounds_s = [(shot.start_s, shot.end_s) for shot in one.passages]
        assert bounds_s[0][0] >= 10.0
        assert one.duration_s - bounds_s[-1][1] >= 10.0
        assert all(after[0] - before[1] >= 10.0 - 1e-9 for before, after in itertools.pairwise(bounds_s))


def test_passages_begin_anywhere_between_two_samples() -> None:
    phases = {round(shot.start_s * PASSAGE_FPS) % PASSAGE_FPS for one in passages(40) for shot in one.passages}
    assert len(phases) == PASSAGE_FPS


def test_small_categories_are_not_drowned() -> None:
    gore = [*stills(100, "ulcer", gore=True), *stills(4, "stain", gore=True)]
    dealt = Counter(still.category for still in dealt_by_category(gore, 120, np.random.default_rng(1)))
    assert dealt == {"ulcer": 100, "stain": 20}
    of_ulcers = [still for still in dealt_by_category(gore, 120, np.random.default_rng(1)) if still.category == "ulcer"]
    assert len(set(of_ulcers)) == 100, "none twice before all were seen once"


def test_nothing_to_deal_is_an_error() -> None:
    with pytest.raises(ValueError, match="no still of gore"):
        dealt_by_category([], 3, np.random.default_rng(1))


def test_a_seed_gives_the_same_plan() -> None:
    assert passages() == passages()
    assert ordinary(0.5) == ordinary(0.5)


def test_which_still_is_seen() -> None:
    made = timeline((CALM, 2.0), (WOUND, 1.0), (MEAT, 2.0))
    assert [made.at(at).still for at in (0.0, 1.9, 2.0, 2.9, 3.0, 4.9)] == [CALM, CALM, WOUND, WOUND, MEAT, MEAT]
    assert made.at(2.0 - 1e-4).still == WOUND, "a stamp rounded to a millisecond"
