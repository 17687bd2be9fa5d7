"""What the hub asks of the place where events are kept, so that it can be anything: a store, or nothing at all."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from inference.events import Event

from .history import Entry


@dataclass(frozen=True, slots=True)
class Published:
    """One numbered and encoded event with what it was made from."""

    entry: Entry
    media_id: str
    event: Event
    unix_s: float
    """When it was numbered, for people: Unix seconds."""


class Journal(Protocol):
    """Keeps events in the order of their numbers. Each call raises `StoreError` when it cannot be done now."""

    async def write(self, batch: Sequence[Published]) -> None:
        """Keep them all, with what follows from them (incidents, summaries), or none.

        Writing one again changes nothing. Raises `Refused` when it can never be done.
        """
        ...

    async def keep_alone(self, refused: Published) -> bool:
        """Keep one that `write` refused, without what cannot be kept of it.

        False if that is the event itself: then a `gap` event is kept in its place.
        """
        ...

    async def after(self, number: int, limit: int) -> list[Entry]:
        """Up to `limit` of the events kept after that number, oldest first."""
        ...

    async def floor(self) -> int:
        """The number up to which events may be missing."""
        ...

    async def bounds(self) -> tuple[int, int]:
        """The floor, and a number that no event has ever gone beyond. To be asked before the first number is given."""
        ...


class EventLog(Journal, Protocol):
    """A journal that numbers events itself, and that others write to as well: what it tells is what subscribers get."""

    @property
    def ok(self) -> bool:
        """It answers, as far as is known."""
        ...

    @property
    def written(self) -> int:
        """The greatest number that an event written from here was given."""
        ...

    def follow(self, number: int) -> AsyncIterator[Sequence[Entry]]:
        """All events after that number as they come, whoever wrote them, in the order of their numbers; for ever."""
        ...
