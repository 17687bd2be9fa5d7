"""One service a data folder: what a second one finds there it would take for its own, and clear away."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .settings import ConfigError

_NAME = "service.lock"
"""The file stays: were it removed, two services could hold two files of this name."""
_MODE = 0o600
_log = logging.getLogger("gorewatch.service")


@contextmanager
def sole_in(folder: Path) -> Iterator[None]:
    """Keep other services out of the folder. Raises `ConfigError` where one is there, or nothing can be written."""
    path = folder.absolute() / _NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited: a worker that outlives its service does not keep the next one out.
        held = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _MODE)
    except OSError as error:
        raise ConfigError(
            f"The folder {folder} cannot be written to ({error.strerror or error}); set GOREWATCH_DATA_DIR."
        ) from error
    try:
        _lock(held, folder)
        yield
    finally:
        os.close(held)


def _lock(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(
            f"Another gorewatch service has its files in the folder {folder}; end that one, or give this one a folder "
            "of its own with GOREWATCH_DATA_DIR."
        ) from error
    except OSError as error:
        _log.warning("files cannot be locked in %s, so that nothing keeps others out: %s", folder, error)
