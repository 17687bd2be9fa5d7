"""What the documents say is there. `python -m tests.test_docs` writes docs/cli.md anew."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from web.cli import cli

_ROOT = Path(__file__).parents[1]
_CLI = _ROOT / "docs" / "cli.md"
_PEOPLE_READ = sorted([*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md"), *(_ROOT / "deploy").rglob("*.md")])
_INTRODUCTION = """\
# The command line

Written by `make docs` from the commands' own help.

Results go to standard output, errors to standard error as one line that says what to do; `--debug` adds the
traceback. Exit code 2 means that a command could not do what was asked. Settings come from a TOML file, overridden by
`GOREWATCH_…` variables, overridden by flags: see [settings.md](settings.md).
"""


def _commands(command: click.Command, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Path and help of a command and of all below it."""
    name = command.name if parent is not None else "gorewatch"
    context = click.Context(command, parent, info_name=name, terminal_width=100, **command.context_settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _commands(found, context)


def _cli_document() -> str:
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _commands(cli)]
    return "\n".join([_INTRODUCTION, *sections])


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (_ROOT / "Makefile").read_text(), re.MULTILINE))


def _typed(program: str, text: str) -> set[str]:
    """First arguments of a program in the code of a document."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    code = "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", text)])
    return set(re.findall(rf"^\s*(?:\$ )?{program} ([a-z]+)", code, re.MULTILINE))


def test_the_command_lines_document_is_up_to_date() -> None:
    assert _CLI.read_text() == _cli_document(), "run `make docs`"


def test_the_readme_gives_the_two_commands() -> None:
    readme = (_ROOT / "README.md").read_text()
    assert re.search(r"^\s*make demo\b", readme, re.MULTILINE)
    assert re.search(r"^\s*make test\b", readme, re.MULTILINE)


@pytest.mark.parametrize("document", _PEOPLE_READ, ids=lambda path: str(path.relative_to(_ROOT)))
def test_what_a_document_tells_to_type_and_links_to_is_there(document: Path) -> None:
    text = document.read_text()
    commands = {path.split()[1] for path, _ in _commands(cli) if " " in path}
    assert _typed("make", text) <= _make_targets()
    assert _typed("gorewatch", text) <= commands
    for target in re.findall(r"\]\(([^)\s#]+)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_make_target_explains_itself() -> None:
    lines = (_ROOT / "Makefile").read_text().splitlines()
    phony = {line.split(":")[1].strip() for line in lines if line.startswith(".PHONY:")}
    explained = {line.split(":")[0] for line in lines if re.match(r"[a-z]+:.*##", line)}
    assert phony == explained


def test_constraints_name_no_place_and_pin_everything_exactly() -> None:
    lines = [line for line in (_ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    assert {"onnxruntime", "onnxruntime-gpu", "av", "aiortc"} <= {line.split("==")[0] for line in lines}
    assert "torch" not in {line.split("==")[0] for line in lines}


if __name__ == "__main__":
    _CLI.write_text(_cli_document())
