"""When a delivery is tried again: the schedule, what a receiver asks for, and the end of it."""

import math

import pytest

from web.delivery.backoff import RETRY_AFTER_S, asked_wait_s, next_attempt_s, too_old_s
from web.delivery.delivery import Style

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize("style", Style)
def test_waits_follow_the_schedule_and_then_it_is_given_up(style: Style) -> None:
    waits_s = RETRY_AFTER_S[style]
    given = [next_attempt_s(style, attempts, now_s=NOW_S, chance=0.0) for attempts in range(1, len(waits_s) + 2)]
    assert given == [*(NOW_S + wait_s for wait_s in waits_s), None]
    assert list(waits_s) == sorted(waits_s)


def test_events_are_tried_for_more_than_a_day() -> None:
    assert 86_400.0 < NOW_S - too_old_s(Style.STANDARD, now_s=NOW_S) < 2 * 86_400.0


def test_chance_makes_a_wait_longer_by_a_tenth_at_most() -> None:
    assert next_attempt_s(Style.STANDARD, 2, now_s=NOW_S, chance=0.5) == NOW_S + 31.5


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [("60", 60.0), ("1", 5.0), ("999999", 43_200.0), ("9" * 400, 43_200.0), (None, 5.0), ("soon", 5.0)],
)
def test_a_receiver_may_ask_for_a_longer_wait_within_bounds(asked: str | None, wait_s: float) -> None:
    assert next_attempt_s(Style.STANDARD, 1, now_s=NOW_S, retry_after=asked, chance=0.0) == NOW_S + wait_s


def test_a_job_waits_an_hour_at_most() -> None:
    assert next_attempt_s(Style.SIGHTENGINE, 1, now_s=NOW_S, retry_after="86400", chance=0.0) == NOW_S + 3600.0


@pytest.mark.parametrize(
    ("text", "asked_s"),
    [
        (None, 0.0),
        ("", 0.0),
        (" 30 ", 30.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("٣٠", 0.0),
        ("9" * 30, math.inf),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        ("Tue, 99 Nov 2023 22:00:00 GMT", 0.0),
        ("Tue, 14 Nov 99999999999999 22:00:00 GMT", 0.0),
    ],
)
def test_what_is_asked_for_is_seconds_or_a_date(text: str | None, asked_s: float) -> None:
    assert asked_wait_s(text, now_s=NOW_S) == asked_s
