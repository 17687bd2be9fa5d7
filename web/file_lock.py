"""A file that one process has at a time, by a lock that goes with its holder, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MODE = 0o600


class Taken(Exception):
    """Another process has it."""


class NotLockable(Exception):
    """It lies where files cannot be locked; `str()` says why."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While the block lasts. The file, and its folder, are made if there is none, and stay.

    Were it removed, two processes could hold two files of this name. Raises OSError where it cannot be written, `Taken`
    and `NotLockable`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not inherited: a worker that outlives its service does not keep the next one out.
    held = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _MODE)
    try:
        _lock(held)
        yield
    finally:
        os.close(held)


def _lock(held: int) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Taken from error
    except OSError as error:
        raise NotLockable(error.strerror or str(error)) from error
