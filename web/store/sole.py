"""One service a store: a lock beside its file, which the system lets go of however its holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .address import is_file
from .errors import StoreError
from .sqlite import FILE_MODE, cannot_be_written, path_of

_SUFFIX = ".lock"
"""The file stays: were it removed, two services could hold two files of this name."""


@contextmanager
def sole_service(url: str) -> Iterator[None]:
    """Be the only service on the store at `url`, if it is a file. Commands that open it beside one do not ask for this.

    Raises `StoreError` when another service is, and where no lock can be had.
    """
    if not is_file(url):
        yield
        return
    path = path_of(url).resolve()
    held = _opened(path)
    try:
        _lock(held, path)
        yield
    finally:
        os.close(held)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited: a worker that outlives its service does not keep the next one out.
        return os.open(path.with_name(path.name + _SUFFIX), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise cannot_be_written(path, error) from error


def _lock(held: int, path: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(
            f"Another gorewatch service runs on the store {path}; end that one, or give this one a store of its own "
            "with GOREWATCH_DATA_DIR or GOREWATCH_STORE."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The store {path} lies where files cannot be locked ({error.strerror or error}); "
            "move it to a disk of this machine with GOREWATCH_STORE."
        ) from error
