"""One service a data folder: what a second one finds there it would take for its own, and clear away."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .file_lock import NotLockable, Taken, locked
from .settings import ConfigError

_NAME = "service.lock"
_log = logging.getLogger("gorewatch.service")


@contextmanager
def sole_in(folder: Path) -> Iterator[None]:
    """Keep other services out of the folder. Raises `ConfigError` where one is there, or nothing can be written."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder.absolute() / _NAME))
        except Taken as error:
            raise ConfigError(
                f"Another gorewatch service has its files in the folder {folder}; end that one, or give this one a "
                "folder of its own with GOREWATCH_DATA_DIR."
            ) from error
        except NotLockable as error:
            _log.warning("files cannot be locked in %s, so that nothing keeps others out: %s", folder, error)
        except OSError as error:
            raise ConfigError(
                f"The folder {folder} cannot be written to ({error.strerror or error}); set GOREWATCH_DATA_DIR."
            ) from error
        yield
