"""Files that commands write: checked before the work begins, and put in place whole."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from .common import CommandError

_MODE = 0o666
"""Less what the process is set to withhold."""


def check_target(path: Path, *, option: str, others: Iterable[str | Path]) -> None:
    """Raise `CommandError` for what cannot be written, or is one of `others`, which it would take the place of."""
    try:
        if path.is_dir():
            raise CommandError(f"{option}: {path} is a folder: give the name of a file in it.")
        if path.exists() and not path.is_file():
            raise CommandError(f"{option}: {path} is no ordinary file: give another name.")
        if not path.resolve().parent.is_dir():
            raise CommandError(f"{option}: the folder of {path} is not there: make it first.")
        if not os.access(path.resolve().parent, os.W_OK):
            raise CommandError(f"{option}: the folder of {path} cannot be written to: give a file somewhere else.")
        if any(_same(path, Path(other)) for other in others):
            raise CommandError(f"{option}: {path} is given twice: give another name, so that nothing is lost.")
    except (OSError, ValueError, RuntimeError) as error:
        # Too long, in a folder that may not be entered, a loop of links.
        raise CommandError(f"{option}: {str(path)[:100]} cannot be the name of a file: give another one.") from error


def write_whole(path: Path, body: bytes, *, option: str) -> None:
    """Write it beside its place and put it there, where nobody finds half of it. Links are followed, modes are kept.

    Raises `CommandError`, after which what was there is still there.
    """
    target = path.resolve()
    part = target.with_name(f".gorewatch-{secrets.token_hex(8)}")
    try:
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
                file.write(body)
            if target.exists():
                part.chmod(target.stat().st_mode & 0o777)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"{option}: {path} cannot be written: {reason}. Give a file somewhere else.") from error


def _same(path: Path, other: Path) -> bool:
    try:
        return path.resolve() == other.resolve()
    except (OSError, ValueError, RuntimeError):
        # An address, say, or what is no name of a file.
        return False
