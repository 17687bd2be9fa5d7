"""The folder for files on their way to a worker, and the removal of those whose service was killed.

A service holds a lock on its folder, which the system lets go of however the service ends: whoever gets the lock of a
folder may remove it. The operator places the folders with TMPDIR.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "gorewatch-service-"
_log = logging.getLogger("gorewatch.service")


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder of this service's own, removed at the end. Raises OSError where none can be made."""
    path, held = _made()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def sweep() -> None:
    """Remove the folders of this user's services that no longer run, and no others. Blocks for moments."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            held = _opened(path)
            try:
                if os.fstat(held).st_uid == os.geteuid():
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(held)


def _made() -> tuple[Path, int]:
    """A new folder, and the descriptor that holds its lock."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        if (held := _locked(path)) is not None:
            return path, held


def _locked(path: Path) -> int | None:
    """None for a folder that a sweep found first: it is gone, or going."""
    try:
        held = _opened(path)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    except OSError as error:
        # A sweep cannot lock it either, and leaves it.
        _log.debug("folders cannot be locked in %s: %s", path.parent, error)
    if path.exists():
        return held
    os.close(held)
    return None


def _opened(path: Path) -> int:
    """Not inherited: a worker that outlives its service does not keep the folder."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
