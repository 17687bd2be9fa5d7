"""Incidents go to the passages that raised them; the others are false and have a still to blame."""

import math

from web.bench.alerts.attribution import attribute, blamed
from web.bench.alerts.replay import Span

from .making import CALM, MEAT, WOUND, recording, timeline

SCORES = {CALM: 0.1, MEAT: 0.7, WOUND: 0.9}
MADE = timeline((CALM, 10.0), (WOUND, 3.0), (MEAT, 4.0), (CALM, 10.0), (WOUND, 0.5), (CALM, 10.0))
RECORDED = recording(MADE, SCORES)


def delays(*spans: Span) -> list[float | None]:
    return [seen.delay_s for seen in attribute(RECORDED, spans, 3.0).passages]


def test_an_incident_within_a_passage_has_found_it() -> None:
    assert delays(Span(10.75, 15.0)) == [0.75, None]


def test_one_that_starts_up_to_a_second_after_the_end_has_found_it_too() -> None:
    assert delays(Span(28.5, 30.0)) == [None, 1.5]
    verdict = attribute(RECORDED, [Span(28.75, 30.0)], 3.0)
    assert [seen.delay_s for seen in verdict.passages] == [None, None]
    assert [alarm.position_s for alarm in verdict.false] == [28.75]


def test_one_right_before_a_passage_is_false() -> None:
    verdict = attribute(RECORDED, [Span(9.75, 11.0)], 3.0)
    assert len(verdict.false) == 1
    assert [seen.covered for seen in verdict.passages] == [True, False]


def test_a_passage_that_an_open_incident_hides_is_missed_and_covered() -> None:
    verdict = attribute(RECORDED, [Span(15.0, math.inf)], 3.0)
    assert [(seen.delay_s, seen.covered) for seen in verdict.passages] == [(None, False), (None, True)]


def test_a_second_incident_in_one_passage_is_a_repeat() -> None:
    verdict = attribute(RECORDED, [Span(10.25, 11.0), Span(12.5, 14.0)], 3.0)
    assert (verdict.repeats, len(verdict.false)) == (1, 0)
    assert verdict.passages[0].delay_s == 0.25


def test_the_still_with_the_highest_score_of_the_window_is_to_blame() -> None:
    assert blamed(RECORDED, 15.0, 3.0) == WOUND, "smoothing still remembers it"
    assert blamed(RECORDED, 16.5, 3.0) == MEAT
    assert blamed(RECORDED, 17.5, 3.0) == MEAT, "not what came on a moment ago"
    assert [alarm.still for alarm in attribute(RECORDED, [Span(16.5, 20.0)], 3.0).false] == [MEAT]
