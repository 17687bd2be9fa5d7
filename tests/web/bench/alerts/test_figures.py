"""Counts, shares and rates of a policy, and the grid of policies."""

import itertools
from dataclasses import replace

import pytest

from inference.policy import Policy
from web.bench.alerts.figures import Figures, curve_policies, ending_policies, replayed
from web.bench.alerts.replay import Recording

from .making import CALM, MEAT, WOUND, recording, timeline

SCORES = {CALM: 0.05, MEAT: 0.95, WOUND: 0.95}
PASSAGES = timeline((CALM, 12.0), (WOUND, 0.5), (CALM, 12.0), (WOUND, 3.0), (CALM, 12.0))
EDITED = timeline((CALM, 600.0), (MEAT, 6.0), (CALM, 594.0), style="edited", fps=2)
HELD = timeline((CALM, 900.0), (MEAT, 0.5), (CALM, 899.5), style="held", fps=4)


def recordings() -> list[Recording]:
    return [recording(EDITED, SCORES, fps=2.0), recording(HELD, SCORES), recording(PASSAGES, SCORES)]


def figures(policy: Policy) -> Figures:
    return replayed(recordings(), [policy])[0]


def test_passages_by_length() -> None:
    default = figures(Policy())
    assert default.lengths_s == (0.5, 3.0)
    assert default.of_length(0.5).share == 0.0
    assert default.of_length(0.5).delay_s(0.5) is None
    found = default.of_length(3.0)
    assert (found.passages, found.share, found.delay_s(0.5)) == (1, 1.0, 0.5)
    assert default.by_category(2.0)["wound"].passages == 1
    with pytest.raises(ValueError, match="no such passage"):
        default.of_length(5.0)


def test_false_incidents_by_style_and_kind() -> None:
    quiet = figures(Policy()).quiet()
    assert quiet.hours == pytest.approx(50 / 60)
    assert [alarm.still for alarm in quiet.false] == [MEAT]
    assert quiet.per_hour == pytest.approx(1.2)
    assert dict(quiet.shown_s) == {CALM: pytest.approx(2993.5), MEAT: 6.5}
    assert figures(Policy()).quiet("edited").per_hour == pytest.approx(3.0)
    assert figures(Policy()).quiet("held").per_hour == 0.0
    assert quiet.of(hard=True).per_hour == pytest.approx(1 / (6.5 / 3600))
    assert quiet.of(hard=False).false == ()


def test_a_higher_rate_counts_only_what_was_recorded_at_it() -> None:
    assert figures(Policy(fps=4.0)).quiet().hours == pytest.approx(0.5)
    assert figures(Policy(fps=4.0)).of_length(3.0).share == 1.0


def test_false_incidents_between_passages_are_counted_apart() -> None:
    made = timeline((CALM, 12.0), (MEAT, 5.0), (CALM, 12.0), (WOUND, 3.0), (CALM, 12.0))
    only = replayed([recording(made, SCORES)], [Policy()])[0]
    assert [alarm.still for alarm in only.false_between] == [MEAT]
    assert only.quiet().false == ()


def test_policies_are_answered_in_the_order_of_the_question() -> None:
    policies = [Policy(window=4.0), Policy(fps=1.0), Policy(), Policy(window=4.0, threshold=0.6)]
    assert [one.policy for one in replayed(recordings(), policies)] == policies


def test_a_higher_threshold_never_finds_more() -> None:
    policies = [Policy(threshold=threshold, release=0.1) for threshold in (0.2, 0.5, 0.8)]
    found = [len(one.quiet().false) for one in replayed(recordings(), policies)]
    assert all(after <= before for before, after in itertools.pairwise(found))


def test_the_grids_hold_the_default() -> None:
    default = replace(Policy(), window=2.5, threshold=0.55, release=0.44)
    assert default in curve_policies(default)
    assert Policy() in ending_policies(Policy())
    assert len(set(curve_policies(default))) == len(curve_policies(default))
