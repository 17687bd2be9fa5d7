"""Policies from what was given and the defaults."""

import pytest

from inference.policy import Policy
from web.policies import PolicyRefused, merge_policy

DEFAULTS = Policy(fps=5.0, threshold=0.7)


def test_what_is_given_replaces_the_defaults() -> None:
    merged = merge_policy({"threshold": 0.8, "window": 2}, DEFAULTS, strict=True)
    assert merged == Policy(fps=5.0, threshold=0.8, window=2.0)
    assert merge_policy({}, DEFAULTS, strict=True) == DEFAULTS


def test_release_is_checked_against_the_threshold_it_will_have() -> None:
    with pytest.raises(PolicyRefused) as refused:
        merge_policy({"threshold": 0.3}, DEFAULTS, strict=True)
    assert refused.value.errors[0].field == "policy.release"


def test_text_is_a_number_only_where_it_is_not_strict() -> None:
    assert merge_policy({"fps": "3"}, DEFAULTS, strict=False).fps == 3.0
    with pytest.raises(PolicyRefused):
        merge_policy({"fps": "3"}, DEFAULTS, strict=True)
