"""Programs that some tests need, of the operating system or of PyPI: without them a test skips, and in CI it fails."""

import os
import shutil
import sys
from pathlib import Path

import pytest


def need(present: bool, what: str, packages: str) -> None:
    """Skip the running test unless `present`; with GOREWATCH_CI=1 fail it. `packages` are Debian's."""
    _need(present, f"needs {what}: apt-get install {packages}")


def _need(present: bool, message: str) -> None:
    if present:
        return
    if os.environ.get("GOREWATCH_CI") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def find_program(name: str) -> str | None:
    """The program's path, looked for in the system folders too."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def need_program(name: str, packages: str) -> str:
    """The program's path as `find_program` finds it; skips or fails when it is not there."""
    path = find_program(name)
    need(path is not None, name, packages)
    assert path is not None
    return path


def need_wheel(name: str, package: str) -> str:
    """The path of a program that a package of PyPI's puts beside the interpreter; skips or fails when it is missing."""
    beside = Path(sys.executable).with_name(name)
    path = str(beside) if beside.exists() else shutil.which(name)
    _need(path is not None, f"needs {name}: pip install {package}")
    assert path is not None
    return path
