"""The command line as a whole: help, errors, exit codes."""

import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from tests.web.command import assert_one_line, gorewatch
from web.cli import cli


def _all_commands(command: click.Command = cli, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    paths = [path] if path else []
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        paths += _all_commands(below, (*path, name))
    return paths


@pytest.mark.parametrize("path", _all_commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    done = gorewatch(*path, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: gorewatch {' '.join(path)}")
    _, found, after = done.stdout.partition("Example")
    assert found
    assert f"gorewatch {' '.join(path)}" in after
    assert done.stderr == ""


@pytest.mark.parametrize("path", [(), ("model",), ("keys",)])
def test_a_group_alone_shows_its_help(path: tuple[str, ...]) -> None:
    done = gorewatch(*path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{' '.join(('Usage: gorewatch', *path))} ")


def test_help_and_version_load_nothing_heavy() -> None:
    script = (
        "import sys; from web.cli import main\n"
        "try: main(['scan', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'av', 'numpy', 'onnxruntime', 'aiohttp', 'aiortc', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_comes_at_once() -> None:
    def cpu_s() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = cpu_s()
    gorewatch("--help")
    assert cpu_s() - before < 0.5


def test_the_version_is_the_packages() -> None:
    assert gorewatch("--version").stdout == f"gorewatch {version('gorewatch')}\n"


def test_the_installed_command_is_the_same() -> None:
    script = Path(sys.executable).with_name("gorewatch")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"gorewatch {version('gorewatch')}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serv"], "'gorewatch --help'"),
        (["scan"], "'gorewatch scan --help'"),
        (["scan", "--fast", "x"], "'gorewatch scan --help'"),
        (["serve", "--port", "many"], "'gorewatch serve --help'"),
        (["bench", "nothing"], "pipeline"),
        (["scan", "--fps", "0", "x.mp4"], "policy.fps must be at least 0.001"),
        (["scan", "--config", "/nowhere.toml", "x.mp4"], "/nowhere.toml cannot be read"),
        (["serve", "--source", "lobby"], "NAME=URL"),
        (["watch", "localhost:8080"], "http://127.0.0.1:8080"),
        (["publish", "/nowhere.mp4", "http://127.0.0.1:9/whip/x"], "/nowhere.mp4 cannot be read"),
        (["publish", __file__, "http://127.0.0.1:9/whip/x"], "give a video file"),
        (["publish", __file__, "127.0.0.1:9"], "no WHIP endpoint"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_error_is_one_line_that_says_what_to_do(arguments: list[str], told: str) -> None:
    assert told in assert_one_line(gorewatch(*arguments))


def test_debug_shows_the_traceback() -> None:
    done = gorewatch("scan", "--debug", "--config", "/nowhere.toml", "x.mp4")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("gorewatch: ")
