"""What docs/threats.md says is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_TEXT = (_ROOT / "docs" / "threats.md").read_text()
_ROWS = [line for line in _TEXT.splitlines() if line.startswith("| ") and not line.startswith("| with what")]
_TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")
_MODULE = re.compile(r"`((?:stream|inference|web)/[a-z0-9_/.]+)`")


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((_ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.split("|")[1].strip())
def test_what_stands_against_a_threat_is_there(row: str) -> None:
    _, _, _, modules, held, _ = row.split("|")
    assert _MODULE.findall(modules), "it names no module"
    assert _TEST.findall(held), "it names no test"
    for module in _MODULE.findall(modules):
        assert (_ROOT / module).is_file(), module
    for path, name in _TEST.findall(held):
        assert name in functions(path), f"{path}::{name}"


def test_each_part_says_what_does_not_stand_against_it() -> None:
    parts = _TEXT.split("\n## ")[1:]
    assert len(parts) == 9
    assert all("What does not:" in part for part in parts)
