"""What happened before: the newest events from the ring, older ones from the journal, in chunks."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .history import Entry, History
from .journal import Journal
from .unkept import Unkept

_RING_CHUNK = 256
_JOURNAL_CHUNK = 500
_MOST_READING = 3
"""Replays that read the journal at once: of the four connections that the store has, one is left to who writes."""
_log = logging.getLogger("gorewatch.events")


class PastUnreadable(Exception):
    """The journal did not answer, or with an error. Asking again later may help."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the past: what is kept of the events up to `upto`."""

    entries: Sequence[Entry]
    upto: int
    first: int | None = None
    """If events are gone: the first number from which on none are."""


class Past:
    """What was handed out. `ring` has the newest of it, `unkept` what may be missing in the journal.

    `timeout_s` is how long one reading of the journal may take, `turn_s` how long it may have to wait for others.
    """

    def __init__(
        self, ring: History, unkept: Unkept, journal: Journal | None, *, timeout_s: float, turn_s: float
    ) -> None:
        self._ring = ring
        self._unkept = unkept
        self._journal = journal
        self._timeout_s = timeout_s
        self._turn_s = turn_s
        self._turns = asyncio.Semaphore(_MOST_READING)

    @property
    def last(self) -> int:
        """The number of the newest event that was handed out."""
        return self._ring.last

    @property
    def kept(self) -> bool:
        """Whether there is anything but the ring."""
        return self._journal is not None

    def recent(self, number: int) -> list[Entry] | None:
        """The next events after that number, none if it is the last; None if the ring does not reach back to it."""
        return None if number < self._ring.floor else self._ring.after(number, _RING_CHUNK)

    async def older(self, number: int) -> Stretch:
        """The next events after a number that the ring does not reach back to. Raises `PastUnreadable`.

        Whoever asks has to wait for its turn, the first come first; a cancellation gives it up.
        """
        if self._journal is None:
            first = self._ring.first
            return Stretch((), first - 1, first)
        try:
            async with self._turn(), asyncio.timeout(self._timeout_s):
                return await self._journaled(self._journal, number)
        except Exception as error:
            _log.error("older events cannot be read for a subscriber: %s", str(error) or "it takes too long")
            raise PastUnreadable from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with asyncio.timeout(self._turn_s):
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    async def _journaled(self, journal: Journal, number: int) -> Stretch:
        base = number
        while True:
            # First what is not in the journal: it may be there a moment later, but then the journal is asked later too.
            upto = self._ring.floor
            unkept = self._unkept.between(base, upto, _JOURNAL_CHUNK)
            found = await journal.after(base, _JOURNAL_CHUNK)
            if (floor := max(await journal.floor(), self._unkept.lost)) <= base:
                break
            base = floor
        # What was written and not handed out yet comes live.
        entries = [entry for entry in found if entry.number <= self._ring.last] or unkept
        upto = entries[-1].number if entries else max(upto, base)
        if base == number:
            return Stretch(entries, upto)
        first = entries[0].number if entries else upto + 1
        return Stretch(entries, upto, first)
