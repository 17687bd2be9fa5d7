"""How checks of single images and short videos went, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from stream.errors import InternalFault, Overloaded, SourceError, WorkerLost, WorkerReplaced


class CheckKind(StrEnum):
    """What was looked at."""

    IMAGE = "image"
    VIDEO = "video"


class CheckOutcome(StrEnum):
    """What came of it."""

    SCORED = "scored"
    MEDIA_ERROR = "media_error"
    """It could not be fetched or read, or breaks a limit."""
    OVERLOADED = "overloaded"
    """There was no room for it, or no time."""
    SERVICE_ERROR = "service_error"
    """A decoder process or the detector failed on it."""
    ABANDONED = "abandoned"
    """Who asked has gone."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check that is over."""

    kind: CheckKind
    outcome: CheckOutcome
    took_s: float
    """Its wait included."""


def outcome_of(error: BaseException) -> CheckOutcome:
    """What an exception that ended a check stands for."""
    match error:
        case Overloaded():
            return CheckOutcome.OVERLOADED
        case InternalFault() | WorkerLost() | WorkerReplaced():
            return CheckOutcome.SERVICE_ERROR
        case SourceError():
            return CheckOutcome.MEDIA_ERROR
        case Exception():
            return CheckOutcome.SERVICE_ERROR
    return CheckOutcome.ABANDONED
