"""Names of streams: which can be taken, by whom, and how many at once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from stream.address import Address

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Named = tuple[str | None, str]
"""Owner and name."""


class NotAccepted(Exception):
    """No stream can be added; `str()` says why."""


class NameTaken(NotAccepted):
    """Another stream of that name has not ended."""


class TooManyStreams(NotAccepted):
    """As many run as are allowed."""


class TooManyPublishers(NotAccepted):
    """As many publish as are allowed."""


class ShuttingDown(NotAccepted):
    """The service is stopping."""


class Names:
    """Those of the streams that have not ended: unique among the streams of one owner."""

    def __init__(self, *, most: int) -> None:
        self.closed = False
        """No more are taken."""
        self._most = most
        self._names: set[Named] = set()

    @contextmanager
    def taken(self, named: Named) -> Iterator[None]:
        """Take the name for a stream that is started meanwhile, and give it back if it is not.

        Raises `NotAccepted` when no stream of that name can start.
        """
        self._admit(named)
        self._names.add(named)
        try:
            yield
        except BaseException:
            self._names.discard(named)
            raise

    def has(self, name: str) -> bool:
        """Whether anybody's stream has it."""
        return any(taken == name for _, taken in self._names)

    def give_back(self, named: Named) -> None:
        """Its stream has ended."""
        self._names.discard(named)

    def free(self, address: Address, owner: str | None) -> str:
        """A name for a stream that was given none, like its address's and not taken."""
        base = default_name(address)
        number = 1
        while (owner, (name := base if number == 1 else f"{base[:58]}-{number}")) in self._names:
            number += 1
        return name

    def _admit(self, named: Named) -> None:
        if self.closed:
            raise ShuttingDown("The service is stopping.")
        if named in self._names:
            raise NameTaken(f"A stream named {named[1]} is running; end it first or choose another name.")
        if len(self._names) >= self._most:
            raise TooManyStreams(f"{self._most} streams are running, which is the limit (limits.max_streams).")


def default_name(address: Address) -> str:
    """A name for a stream that was given none: the last part of its path, or its host."""
    path = PurePosixPath(address.url if address.is_file else urlsplit(address.url).path)
    words = path.stem or address.host or "stream"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", words).strip("-._")[:64] or "stream"
