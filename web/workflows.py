"""Workflows: rules of the operator's over what gore-2.0 answers, and what is to be done with a media by them. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Final

from inference.taxonomy import Taxonomy, taxonomy

_ID: Final = re.compile(r"wfl_[0-9A-Za-z]{21}")
_PROB: Final = "gore.prob"
_EXAMPLE: Final = taxonomy(0.0)
KEYS: Final = (
    _PROB,
    *(f"gore.classes.{name}" for name in _EXAMPLE.classes),
    *(f"gore.type.{name}" for name in _EXAMPLE.type),
)
"""The keys of an answer that a rule may be about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A media is rejected where a key of its answer is over a number. Raises ValueError for what is no such rule."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    key: str
    over: float
    text: str
    id: str = ""
    """What `reject_reason` calls it: its key, if that is empty."""

    def __post_init__(self) -> None:
        if self.key not in KEYS:
            raise ValueError(f"must have a key that is one of {', '.join(KEYS)}")
        if not 0.0 <= self.over < 1.0:
            raise ValueError("must be over a number of at least 0 and less than 1")
        if not self.text.strip():
            raise ValueError("must have a text for those whose media is rejected")

    def value(self, gore: Taxonomy) -> float:
        """What it looks at."""
        if self.key == _PROB:
            return gore.prob
        _, table, name = self.key.split(".")
        return (gore.classes if table == "classes" else gore.type)[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Rules under one id. Raises ValueError for an id that is none, and where there is no rule."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    id: str
    name: str = ""
    """For people who read the configuration."""
    reject: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise ValueError("must have an id that is wfl_ and 21 of 0-9 A-Z a-z")
        if not self.reject:
            raise ValueError("must have a rule, in [[workflows.reject]]")

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a media."""

    reject_prob: float
    """The highest value that a rule looks at."""
    reasons: tuple[Rule, ...]
    """The rules that reject it; accepted if there is none."""


def decide(workflow: Workflow, gores: Sequence[Taxonomy]) -> Decision:
    """By the highest value of each key in all frames, of which there is one at least."""
    highest = {rule: max(rule.value(gore) for gore in gores) for rule in workflow.reject}
    return Decision(max(highest.values()), tuple(rule for rule, value in highest.items() if value > rule.over))


def summary_json(decision: Decision) -> dict[str, object]:
    """The value of `summary` in an answer."""
    return {
        "action": "reject" if decision.reasons else "accept",
        "reject_prob": decision.reject_prob,
        "reject_reason": [{"id": rule.id or rule.key, "text": rule.text} for rule in decision.reasons],
    }


def workflow_text(workflow: Workflow) -> str:
    """To be kept with a job, which is judged by the rules of its start."""
    return json.dumps(asdict(workflow), separators=(",", ":"))


def workflow_from(text: str) -> Workflow:
    """What `workflow_text` gave."""
    given = json.loads(text)
    return Workflow(id=given["id"], name=given["name"], reject=tuple(Rule(**rule) for rule in given["reject"]))
