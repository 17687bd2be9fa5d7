"""What happened before: the newest events from the ring, older ones from the journal, in chunks."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .history import Entry, History
from .journal import Journal
from .stretch import InHand, Shelf, Stretch
from .unkept import Unkept

_RING_CHUNK = 256
_JOURNAL_CHUNK = 500
_LEAST_CHUNK = 32
_MOST_IN_HAND = 64_000
"""Events that readers of the journal may have together; beyond that each gets few at once."""
_SHELVED = 16
_REPORT_EVERY_S = 10.0
_MOST_READING = 3
"""Replays that read the journal at once: of the four connections that the store has, one is left to who writes."""
_log = logging.getLogger("gorewatch.events")


class PastUnreadable(Exception):
    """The journal did not answer, or with an error. Asking again later may help."""


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
        self._shelf = Shelf(_SHELVED)
        self._in_hand = InHand()
        self._failures = 0
        self._report_s = -math.inf

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

    async def older(self, number: int, reader: object) -> Stretch:
        """The next events after a number that the ring does not reach back to. Raises `PastUnreadable`.

        Whoever asks for what was not read just now has to wait for its turn, the first come first; a cancellation gives
        it up. While those who take their time have much in hand, everybody gets few at once, until they are `done`.
        """
        if self._journal is None:
            first = self._ring.first
            return Stretch((), first - 1, first)
        self.done(reader)
        try:
            stretch = self._shelf.find(number) or await self._read(self._journal, number)
        except Exception as error:
            self._report(str(error) or "it takes too long")
            raise PastUnreadable from error
        self._in_hand.give(reader, stretch)
        return stretch

    def done(self, reader: object) -> None:
        """It has sent, or thrown away, what it got of the journal. Idempotent."""
        self._in_hand.take(reader)

    async def _read(self, journal: Journal, number: int) -> Stretch:
        async with self._turn():
            if (stretch := self._shelf.find(number)) is None:
                async with asyncio.timeout(self._timeout_s):
                    stretch = await self._journaled(journal, number)
                self._shelf.put(number, stretch)
        return stretch

    def _report(self, why: str) -> None:
        """Now and then: thousands may fail alike."""
        self._failures += 1
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._report_s:
            _log.error("older events cannot be read for %d subscribers: %s", self._failures, why)
            self._failures, self._report_s = 0, now_s + _REPORT_EVERY_S

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with asyncio.timeout(self._turn_s):
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    async def _journaled(self, journal: Journal, number: int) -> Stretch:
        base, most = number, _JOURNAL_CHUNK if self._in_hand.total < _MOST_IN_HAND else _LEAST_CHUNK
        while True:
            # First what is not in the journal: it may be there a moment later, but then the journal is asked later too.
            upto = self._ring.floor
            unkept = self._unkept.between(base, upto, most)
            found = await journal.after(base, most)
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
