"""What one service has and the others beside it have not, and how a web node asks for it. Pure."""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

PATH = "/nodes/has"
"""Where a service tells whether it has something."""


class Kind(StrEnum):
    """Of what is on one service alone."""

    STREAM = "stream"
    """One that it watches, or that ended lately; by its id."""
    NAME = "name"
    """A stream that has not ended; by its name."""
    MEDIA = "media"
    """That of such a stream; by its id."""
    INCIDENT = "incident"
    """One whose picture lies there, or that is still to be stored; by its id."""
    JOB = "job"
    """One that goes on; by its id."""
    UPLOAD = "upload"
    """A file that was sent there to a one-time address; by the id of its media."""
    SESSION = "session"
    """A publisher's; NAME/SESSION."""
    HOST = "host"
    """A host of its cluster; by its id."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One such thing."""

    kind: Kind
    id: str

    @property
    def lasting(self) -> bool:
        """It is where it is: a name that is free may be taken elsewhere."""
        return self.kind is not Kind.NAME


class Known:
    """Which service has what, as far as it was found out lately: a bounded number, of more those not asked for."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Subject, str] = OrderedDict()

    def get(self, subject: Subject) -> str | None:
        url = self._found.get(subject)
        if url is not None:
            self._found.move_to_end(subject)
        return url

    def put(self, subject: Subject, url: str) -> None:
        self._found[subject] = url
        self._found.move_to_end(subject)
        if len(self._found) > self._most:
            self._found.popitem(last=False)

    def forget(self, subject: Subject) -> None:
        self._found.pop(subject, None)
