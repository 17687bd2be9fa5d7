"""Which metrics there are: what docs/operations.md lists, which a test holds against what a service tells."""

import re
from collections.abc import Mapping
from functools import cache

from tests.deploy.tools import ROOT

OPERATIONS = ROOT / "docs" / "operations.md"
_RECORDED = re.compile(r"gorewatch:[a-z0-9_:]+")
_OURS = re.compile(r"(?<![A-Za-z0-9_:$])(gorewatch_[a-z_]+)(\{[^}]*\})?")
_LABEL = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
_ADDED = frozenset({"job", "instance", "le"})
"""By Prometheus, or of every histogram."""


@cache
def documented() -> Mapping[str, frozenset[str]]:
    """Labels by name."""
    listed = re.findall(r"`(gorewatch_[a-z_]+)(?:\{([a-z, ]+)\})?`", OPERATIONS.read_text())
    return {name: frozenset(filter(None, re.split(r",\s*", labels))) for name, labels in listed}


def used(expression: str) -> set[str]:
    """The metrics of ours in an expression. Fails for one that there is not, and for a label that it does not have."""
    found = set()
    for name, selector in _OURS.findall(expression):
        known = next((one for one in (name, re.sub(r"_(bucket|sum|count)$", "", name)) if one in documented()), None)
        assert known is not None, f"{name} is not in docs/operations.md"
        assert set(_LABEL.findall(selector)) <= documented()[known] | _ADDED, f"{name}{selector}"
        found.add(known)
    return found


def recorded(expression: str) -> set[str]:
    """The results of recording rules in an expression."""
    return set(_RECORDED.findall(expression))
