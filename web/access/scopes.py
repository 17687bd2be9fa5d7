"""What a key may be for. Pure."""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """One thing that a key allows."""

    CHECK = "check"
    """The Sightengine-compatible half, `/1.0`, and the callbacks of its jobs."""
    STREAMS = "streams"
    """Streams, media and incidents under `/v1`."""
    PUBLISH = "publish"
    """`/whip`."""
    EVENTS = "events"
    """The event socket."""
    CLEAR = "clear"
    """Pictures as they are; without it they are pixelated."""
    ADMIN = "admin"
    """Everything, of every key."""


USUAL = (Scope.CHECK, Scope.STREAMS, Scope.PUBLISH, Scope.EVENTS)
"""What a key is for unless it is said."""


def ordered(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Without repeats, in the order of the list above."""
    wanted = frozenset(scopes)
    return tuple(scope for scope in Scope if scope in wanted)
