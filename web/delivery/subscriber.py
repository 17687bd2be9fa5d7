"""One reader of the hub's events: first of the past that it asked for, then of what happens live."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .cloudevents import GAP, encode_filter, encode_gap, format_id
from .filters import Filter
from .frames import Parcel
from .history import Entry
from .past import Past, PastUnreadable
from .waiting import Waiting

GOING_AWAY = 1001
NO_LONGER_LET_IN = 1008
TRY_AGAIN_LATER = 1013
TOO_SLOW = 4008
_TAKE = 64
"""Events of the queue at once."""
_MOST_NOTES = 16


@dataclass(frozen=True, slots=True)
class Ending:
    """How a subscriber's connection is to be closed."""

    code: int
    reason: str


class Outlet(Protocol):
    """A connection that live events can be written to at once. Nothing here may wait."""

    def write(self, parcel: Parcel) -> bool:
        """Send the events, or false if that cannot be done without waiting."""
        ...

    def attend(self) -> None:
        """From now on events must be had by `Subscriber.take`, until `Subscriber.resume` says otherwise."""
        ...

    def leave(self) -> None:
        """`Subscriber.ending` is set: stop waiting, and close."""
        ...


@dataclass(slots=True)
class Tally:
    """What became of the events handed to subscribers, and of these."""

    sent: int = 0
    """Put on the wire, each once for each subscriber."""
    merged: int = 0
    replayed: int = 0
    cut: int = 0
    """Subscribers closed for being too slow."""


class Subscriber:
    """Without an outlet, or while that has to wait, events are had by `take`."""

    __slots__ = (
        "_cursor",
        "_direct",
        "_finishing",
        "_notes",
        "_outlet",
        "_past",
        "_started",
        "_tally",
        "_unix",
        "_waiter",
        "_waiting",
        "ending",
        "sent",
        "wanted",
    )

    def __init__(
        self,
        past: Past,
        wanted: Filter,
        *,
        since: int | None,
        queue_limit: int,
        tally: Tally,
        unix: Callable[[], float],
        outlet: Outlet | None,
    ) -> None:
        self.wanted = wanted
        self.sent = past.last if since is None else since
        """The number of the last event sent, at first of the one before its first; whoever takes events keeps it."""
        self.ending: Ending | None = None
        self._past = past
        self._cursor = since
        """While it is given the past: everything up to it was taken. What happens meanwhile will be past by then."""
        self._started = False
        self._waiting = Waiting(queue_limit)
        self._notes: deque[Entry] = deque()
        self._tally = tally
        self._unix = unix
        self._outlet = outlet
        self._direct = outlet is not None and since is None
        self._finishing: Ending | None = None
        self._waiter: asyncio.Future[None] | None = None
        if outlet is not None and since is not None:
            outlet.attend()

    def offer(self, parcel: Parcel) -> bool:
        """Take live events that it wants; true if they are sent. It ends where there is no room left for them."""
        if self._direct and self._outlet is not None:
            if self._outlet.write(parcel):
                self.sent = parcel.last
                return True
            self._attend(self._outlet)
        if self._cursor is None and self.ending is None and self._finishing is None:
            self._queue(parcel)
        return False

    async def take(self) -> list[Entry]:
        """The next events to send, at least one; empty when the subscription is over and `ending` is set.

        Nothing is lost when it is cancelled.
        """
        while self.ending is None:
            if batch := self._said() or await self._replay() or self._waiting.take(_TAKE):
                return batch
            if self._finishing is not None:
                self._end(self._finishing)
            else:
                await self._wait()
        return []

    def resume(self) -> bool:
        """Go back to the outlet if nothing is left to be taken; true if so."""
        if self._cursor is not None and self._past.recent(self._cursor) == []:
            self._cursor = None
        left = self._cursor is not None or self._notes or self._waiting or self._finishing or self.ending
        self._direct = self._outlet is not None and not left
        return self._direct

    def change(self, wanted: Filter) -> None:
        """Want other events from now on, and be told so after all that were wanted before."""
        self.wanted = wanted
        number = self._past.last if self._cursor is None else self._cursor
        data = encode_filter(number=number, streams=wanted.streams, kinds=wanted.kinds, unix_s=self._unix())
        note = Entry(number, "control.filter", "", data)
        if self._direct and self._outlet is not None:
            if self._outlet.write(Parcel([note])):
                return
            self._attend(self._outlet)
        self._notes.append(note)
        if len(self._notes) > _MOST_NOTES:
            self.cut(NO_LONGER_LET_IN, "Too many filters wait to be answered.")
        self._notify()

    def finish(self, code: int) -> None:
        """Close it with `code` once what it is owed has been sent."""
        ending = Ending(code, "")
        if self._direct:
            self._end(ending)
        else:
            self._finishing = ending
            self._notify()

    def cut(self, code: int, reason: str | None = None) -> None:
        """Close it with `code` now, for a reason or with the last id sent; what was not sent is dropped."""
        if self.ending is None:
            last = format_id(self.sent)
            self._tally.cut += code == TOO_SLOW
            self._waiting.clear()
            self._end(Ending(code, last if reason is None else reason))

    def _queue(self, parcel: Parcel) -> None:
        merged = self._waiting.merged
        for entry in parcel.entries:
            if not self._waiting.put(entry):
                self.cut(TOO_SLOW)
                return
        self._tally.merged += self._waiting.merged - merged
        self._notify()

    def _attend(self, outlet: Outlet) -> None:
        self._direct = False
        outlet.attend()

    def _said(self) -> list[Entry]:
        """The next of what only this one is told, after the events that waited before it."""
        if not self._notes:
            return []
        note = self._notes.popleft()
        return [*self._waiting.upto(note.number), note]

    async def _replay(self) -> list[Entry]:
        """Events of the past from the cursor on, read as they are sent, so that a long replay takes no memory."""
        while self._cursor is not None and self.ending is None:
            recent = self._past.recent(self._cursor)
            if recent is None:
                batch = await self._older(self._cursor)
            else:
                self._past.done(self)
                self._cursor = recent[-1].number if recent else None
                batch = [entry for entry in recent if self.wanted.wants(entry)]
            self._started = True
            if batch:
                self._tally.replayed += len(batch)
                return batch
            # Nobody else may wait for a search through all that this one does not want.
            await asyncio.sleep(0)
        return []

    async def _older(self, cursor: int) -> list[Entry]:
        if self._started and not self._past.kept:
            self.cut(TOO_SLOW)
            return []
        try:
            stretch = await self._past.older(cursor, self)
        except PastUnreadable:
            self.cut(TRY_AGAIN_LATER)
            return []
        batch = [entry for entry in stretch.entries if self.wanted.wants(entry)]
        if stretch.first is not None:
            data = encode_gap(first=stretch.first, since=cursor, unix_s=self._unix())
            batch.insert(0, Entry(stretch.first - 1, GAP, "", data))
            self.sent = stretch.first - 1
        self._cursor = stretch.upto
        return batch

    async def _wait(self) -> None:
        if self.ending is not None or self._notes:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _notify(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def leave(self) -> None:
        """It takes no more, however it ended. Idempotent."""
        self._past.done(self)

    def _end(self, ending: Ending) -> None:
        self.ending, self._direct = ending, False
        self._notify()
        if self._outlet is not None:
            self._outlet.leave()
