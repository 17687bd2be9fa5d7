"""What a request to `/v1/events` asks for, and its subscription for as long as its caller is let in."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from ..access.caller import Caller
from ..delivery.filters import Filter
from ..delivery.hub import Hub
from ..delivery.subscriber import NO_LONGER_LET_IN, Outlet, Subscriber


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which events, and after which id those of the past."""

    caller: Caller
    wanted: Filter
    since: int | None


class Admission(Protocol):
    """`web.access.access.Access`, or what stands for it."""

    def still(self, caller: Caller) -> bool: ...
    def watching(self, look: Callable[[], None]) -> AbstractContextManager[None]: ...


class Feeding(Protocol):
    """What a connection needs of the service's parts."""

    @property
    def hub(self) -> Hub: ...
    @property
    def access(self) -> Admission: ...


@contextmanager
def subscribed(parts: Feeding, asked: Asked, outlet: Outlet) -> Iterator[Subscriber]:
    """A subscription while the block lasts; it is cut when the caller's key is revoked or its token ends."""
    subscriber = parts.hub.subscribe(asked.wanted, since=asked.since, outlet=outlet)

    def look() -> None:
        if not parts.access.still(asked.caller):
            subscriber.cut(NO_LONGER_LET_IN, "the credentials are no longer valid")

    try:
        with parts.access.watching(look):
            yield subscriber
    finally:
        parts.hub.unsubscribe(subscriber)
