"""What a workflow decides, by hand."""

import pytest

from inference.taxonomy import Taxonomy, taxonomy
from web.workflows import KEYS, Rule, Workflow, decide, summary_json, workflow_from, workflow_text

_ID = "wfl_0123456789abcdefghijk"
_GORE = Rule(key="gore.prob", over=0.5, text="Too graphic", id="graphic")
_SKULL = Rule(key="gore.classes.skull", over=0.25, text="No skulls")
_DRAWN = Rule(key="gore.type.animated", over=0.9, text="No drawings")
_WORKFLOW = Workflow(id=_ID, name="uploads", reject=(_GORE, _SKULL, _DRAWN))


def gore(prob: float, *, skull: float = 0.0) -> Taxonomy:
    return taxonomy(prob, {"skull": skull})


def test_accepted_where_nothing_is_over_its_number() -> None:
    assert summary_json(decide(_WORKFLOW, [gore(0.5, skull=0.25)])) == {
        "action": "accept",
        "reject_prob": 0.5,
        "reject_reason": [],
    }


def test_rejected_for_each_rule_in_the_order_of_the_rules() -> None:
    assert summary_json(decide(_WORKFLOW, [gore(0.8, skull=0.3)])) == {
        "action": "reject",
        "reject_prob": 0.8,
        "reject_reason": [
            {"id": "graphic", "text": "Too graphic"},
            {"id": "gore.classes.skull", "text": "No skulls"},
        ],
    }


def test_one_frame_rejects_a_video() -> None:
    decision = decide(_WORKFLOW, [gore(0.1), gore(0.4, skull=0.4), gore(0.2)])
    assert (decision.reject_prob, decision.reasons) == (0.4, (_SKULL,))


def test_rules_are_about_the_thirteen_keys_and_prob() -> None:
    assert len(KEYS) == 14
    for key in KEYS:
        assert 0.0 <= Rule(key=key, over=0.0, text="x").value(gore(0.5)) <= 0.5


@pytest.mark.parametrize(
    ("change", "said"),
    [({"key": "nudity.raw"}, "key"), ({"over": 1.0}, "over"), ({"over": float("nan")}, "over"), ({"text": ""}, "text")],
)
def test_what_is_no_rule(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Rule(**{"key": "gore.prob", "over": 0.5, "text": "x", **change})  # type: ignore[arg-type]


def test_what_is_no_workflow() -> None:
    with pytest.raises(ValueError, match="wfl_"):
        Workflow(id="wfl_", reject=(_GORE,))
    with pytest.raises(ValueError, match="rule"):
        Workflow(id=_ID, reject=())


def test_a_workflow_comes_back_from_its_text() -> None:
    assert workflow_from(workflow_text(_WORKFLOW)) == _WORKFLOW
