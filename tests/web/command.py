"""`gorewatch` as a process of its own: on pipes, and on a terminal."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping

from tests.servers.forked import run
from tests.servers.service import clean_environment

COMMAND = (sys.executable, "-m", "web")
_TIMEOUT_S = 90.0


def gorewatch(*arguments: object, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return run(*map(str, arguments), env=environment(env), timeout_s=_TIMEOUT_S)


def gorewatch_on_a_terminal(*arguments: object, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a command to its end on a terminal of 120 columns; exit code and everything that appeared there."""
    ours, theirs = pty.openpty()
    variables = environment({"COLUMNS": "120", "TERM": "xterm-256color"} | dict(env or {}))
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs, env=variables
    )
    os.close(theirs)
    try:
        shown = read_all(ours)
        return process.wait(_TIMEOUT_S), shown
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What commands of the tests run in."""
    return clean_environment() | {"GOREWATCH_PROVIDER": "cpu", "PYTHONUNBUFFERED": "1"} | dict(env or {})


def read_all(terminal: int) -> str:
    """What is written to the terminal until its last writer has closed it."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has the other end open
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode(errors="replace")


def assert_one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """The error of a command that failed as it should: exit code 2 and one line on standard error, returned."""
    assert done.returncode == 2, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("gorewatch: ")
    assert "Traceback" not in lines[0]
    return lines[0]
