"""Days, the names of their partitions, and which of these are missing, over or spared."""

import pytest

from stream.ids import make_id
from web.store.days import AHEAD, REST, UNDATED, day_at, day_named, first_day, missing, name_of, over, spared

DAY_S = 86_400.0
NOV_29 = 20_786


def test_a_day_is_one_of_utc() -> None:
    assert day_at(NOV_29 * DAY_S) == day_at((NOV_29 + 1) * DAY_S - 0.001) == NOV_29
    assert name_of(NOV_29) == "scores_20261129"


@pytest.mark.parametrize("unix_s", [-1e18, -1.0, 0.0, 1.0])
def test_a_clock_that_was_never_set_has_a_day_of_its_own(unix_s: float) -> None:
    assert day_at(unix_s) == 1 != UNDATED


def test_a_clock_may_be_ahead_of_all_names() -> None:
    assert name_of(day_at(1e300)) == "scores_99991231"


def test_a_media_begins_on_the_day_of_its_id() -> None:
    assert first_day(make_id("med", int(NOV_29 * DAY_S * 1000) - 1, bytes(11))) == NOV_29 - 1
    assert first_day(make_id("med", 0, bytes(11))) == 1
    assert first_day("med_a") == UNDATED


@pytest.mark.parametrize("day", [1, 59, 11_016, NOV_29, 2_932_896])
def test_a_name_tells_its_day(day: int) -> None:
    assert day_named(name_of(day)) == day


@pytest.mark.parametrize(
    "name",
    [REST, "scores_undated", "scores", "scores_20261131", "scores_2026111", "scores_20261129_1", "songs_20261129"],
)
def test_other_names_tell_none(name: str) -> None:
    assert day_named(name) is None


def test_today_and_the_days_after_it_want_partitions() -> None:
    assert missing((), today=NOV_29) == tuple(range(NOV_29, NOV_29 + AHEAD + 1))
    assert missing({NOV_29 - 1, NOV_29, NOV_29 + 2}, today=NOV_29) == (NOV_29 + 1, NOV_29 + 3)
    assert missing(range(NOV_29 + 9), today=NOV_29) == ()
    assert missing((), today=day_at(1e300)) == (day_at(1e300),)


def test_a_day_is_over_when_its_last_moment_is_too_old() -> None:
    there = (NOV_29 - 9, NOV_29 - 30, NOV_29 - 31, NOV_29, NOV_29 + AHEAD)
    assert over(there, before_s=(NOV_29 - 30) * DAY_S, today=NOV_29) == (NOV_29 - 31,)
    assert over(there, before_s=(NOV_29 - 29) * DAY_S - 1.0, today=NOV_29) == (NOV_29 - 31,)
    assert over(there, before_s=(NOV_29 - 29) * DAY_S, today=NOV_29) == (NOV_29 - 31, NOV_29 - 30)


def test_days_far_ahead_are_those_of_a_wrong_clock() -> None:
    there = (NOV_29, NOV_29 + AHEAD, NOV_29 + AHEAD + 1, NOV_29 + 4000)
    assert over(there, before_s=0.0, today=NOV_29) == (NOV_29 + AHEAD + 1, NOV_29 + 4000)


def test_the_day_that_is_becoming_too_old_is_spared_and_the_one_before_it() -> None:
    before_s = NOV_29 * DAY_S + 1.0
    assert spared(range(NOV_29 - 5, NOV_29 + 5), before_s=before_s) == (NOV_29 - 1, NOV_29)
    assert spared((NOV_29 - 2, NOV_29), before_s=before_s) == (NOV_29,)
    assert spared((), before_s=before_s) == ()
