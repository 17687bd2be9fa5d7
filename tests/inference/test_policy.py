from collections.abc import Callable

import pytest

from inference.judge import Judge, Scored
from inference.policy import Policy, PolicyInvalid
from inference.summary import MediaRef

policy: Callable[..., Policy] = Policy


def test_the_defaults_are_those_of_the_contract() -> None:
    made = Policy()
    assert (made.fps, made.adaptive, made.max_fps) == (2.0, True, 8.0)
    assert (made.window, made.threshold, made.release, made.cooldown) == (3.0, 0.5, 0.4, 2.0)
    assert (made.event_interval, made.stall_after, made.reconnect_for) == (1.0, 5.0, 60.0)
    assert (made.decode, made.keep, made.callback_url) == ("auto", "incidents", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fps", 0.0),
        ("fps", 30.1),
        ("fps", -1.0),
        ("max_fps", 0.0),
        ("window", 0.0),
        ("threshold", 0.0),
        ("threshold", 1.01),
        ("cooldown", -0.1),
        ("event_interval", 0.0),
        ("stall_after", 0.0),
        ("reconnect_for", -1.0),
        ("window", float("nan")),
        ("fps", float("inf")),
        ("fps", 1e-320),
        ("max_fps", 1e-320),
        ("window", 1e-320),
        ("event_interval", 1e-320),
        ("stall_after", 0.05),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(PolicyInvalid, match=f"^{name} must be") as caught:
        policy(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fps", 30.0),
        ("fps", 0.001),
        ("window", 0.001),
        ("event_interval", 0.01),
        ("stall_after", 0.1),
        ("threshold", 1.0),
        ("cooldown", 0.0),
        ("reconnect_for", 0.0),
    ],
)
def test_the_edges_of_the_ranges_are_allowed(name: str, value: float) -> None:
    assert getattr(policy(**{name: value}), name) == value


def test_release_may_equal_the_threshold_but_not_exceed_it() -> None:
    assert Policy(threshold=0.3, release=0.3).release == 0.3
    with pytest.raises(PolicyInvalid) as caught:
        Policy(threshold=0.3)
    assert caught.value.field == "release"


def test_a_message_names_both_ends_of_the_range() -> None:
    with pytest.raises(PolicyInvalid, match=r"^fps must be at least 0\.001 and at most 30$"):
        Policy(fps=0.0)


def test_a_judge_can_be_made_of_the_least_values() -> None:
    least = Policy(fps=0.001, max_fps=0.001, window=0.001, event_interval=0.01, stall_after=0.1)
    judge = Judge(least, MediaRef("req_1", "med_1", "clip"), lambda: "inc_1")
    told = judge.feed(Scored(position_s=0.0, captured_s=0.0, epoch=0, raw=0.1))
    told += judge.feed(Scored(position_s=1000.0, captured_s=0.0, epoch=0, raw=0.1))
    assert len(told) == 2
