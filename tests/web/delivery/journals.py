"""A journal in memory that a test can slow down, break and prune, and an outlet that can be full."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from web.delivery.cloudevents import GAP, encode_gap
from web.delivery.frames import Parcel
from web.delivery.history import Entry
from web.delivery.journal import Published
from web.store.errors import Refused, StoreError


class MemoryJournal:
    """Keeps what it is given while `works`; while `hangs` no writing ends."""

    def __init__(self, *, top: int = 0, chunk: int = 1000) -> None:
        self.kept: dict[int, Published] = {}
        self._floor = 0
        self.works = True
        self.readable = True
        self.failed = 0
        self.write_turns = self.read_turns = 0
        """How long calls take to return after they were done, in turns of the loop."""
        self._top = top
        self._chunk = chunk
        self._going = asyncio.Event()
        self._going.set()
        self.refuses = frozenset[str]()
        """Media whose events cannot be kept with what follows from them."""
        self.refuses_whole = frozenset[str]()
        """Media whose events cannot be kept at all."""

    def hang(self) -> None:
        self._going.clear()

    def go_on(self) -> None:
        self._going.set()

    def prune(self, upto: int) -> None:
        """Forget the events up to that number."""
        self._floor = upto
        self.kept = {number: one for number, one in self.kept.items() if number > upto}

    async def write(self, batch: Sequence[Published]) -> None:
        await asyncio.sleep(0)
        await self._going.wait()
        if not self.works:
            self.failed += 1
            raise StoreError("The disk is full.")
        if any(published.media_id in self.refuses | self.refuses_whole for published in batch):
            raise Refused("The store does not take a value.")
        self.kept |= {published.entry.number: published for published in batch}
        for _ in range(self.write_turns):
            await asyncio.sleep(0)

    async def keep_alone(self, refused: Published) -> bool:
        await asyncio.sleep(0)
        if refused.media_id in self.refuses_whole:
            number = refused.entry.number
            gap = Entry(number, GAP, "", encode_gap(first=number + 1, since=number - 1, unix_s=refused.unix_s))
            self.kept[number] = replace(refused, entry=gap)
            return False
        self.kept[refused.entry.number] = refused
        return True

    async def after(self, number: int, limit: int) -> list[Entry]:
        await asyncio.sleep(0)
        if not self.readable:
            raise StoreError("The file cannot be read.")
        found = [published.entry for kept, published in sorted(self.kept.items()) if kept > number]
        for _ in range(1 + self.read_turns):
            await asyncio.sleep(0)
        return found[: min(limit, self._chunk)]

    async def floor(self) -> int:
        await asyncio.sleep(0)
        return self._floor

    async def bounds(self) -> tuple[int, int]:
        return await self.floor(), max([self._top, *self.kept])


class FakeOutlet:
    """Notes what is written to it at once, unless it is `full`."""

    def __init__(self) -> None:
        self.full = False
        self.got: list[Entry] = []
        self.attended = False
        self.left = False

    def write(self, parcel: Parcel) -> bool:
        if not self.full:
            self.got += parcel.entries
        return not self.full

    def attend(self) -> None:
        self.attended = True

    def leave(self) -> None:
        self.left = True
