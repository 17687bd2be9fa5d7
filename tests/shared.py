"""What is made once for all processes that run tests, by whichever of them needs it first."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def folder_of_all(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder of this run of the tests, the same one in every process that takes part in it."""
    base = factory.getbasetemp()
    # Each process of pytest-xdist has a folder of its own in that of the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    return folder


def made_once(path: Path, make: Callable[[Path], object]) -> Path:
    """`path`, a file or a folder: made under another name of the same ending if it is not there yet."""
    with _alone(path.with_name(f"{path.name}.lock")):
        if not path.exists():
            part = path.parent / "unfinished" / path.name
            part.parent.mkdir(exist_ok=True)
            make(part)
            part.rename(path)
    return path


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No two processes are in here with the same path."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
