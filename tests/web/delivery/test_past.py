"""How many replays read the journal at once, and what becomes of those that wait for their turn."""

import asyncio

import pytest

from tests.until import until
from tests.web.delivery.journals import MemoryJournal
from tests.web.delivery.test_replay import STALLED, USUAL, publish
from web.delivery.filters import Filter
from web.delivery.history import Entry
from web.delivery.hub import Hub, open_hub
from web.delivery.outbox import Patience
from web.delivery.subscriber import Subscriber

AT_ONCE = 3
COUNT = 40


class GatedJournal(MemoryJournal):
    """Counts who reads, each of whom waits at the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.reading = self.most = 0

    async def after(self, number: int, limit: int) -> list[Entry]:
        self.reading += 1
        self.most = max(self.most, self.reading)
        try:
            await self.gate.wait()
            return await super().after(number, limit)
        finally:
            self.reading -= 1


def replaying(hub: Hub, count: int) -> tuple[list[Subscriber], "list[asyncio.Task[list[Entry]]]"]:
    """So many subscribers that ask for all that was, and what each takes first."""
    subscribers = [hub.subscribe(Filter(), since=0) for _ in range(count)]
    return subscribers, [asyncio.create_task(one.take()) for one in subscribers]


async def test_three_read_at_once_and_everybody_gets_a_turn() -> None:
    journal = GatedJournal()
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 20)
        _, takes = replaying(hub, COUNT)
        live = hub.subscribe(Filter(), since=None)
        await until(lambda: journal.reading == AT_ONCE)
        hub.publish("str_a", "med_a", STALLED)
        assert len(await live.take()) == 1
        journal.gate.set()
        async with asyncio.timeout(10):
            batches = await asyncio.gather(*takes)
        assert journal.most == AT_ONCE
        assert {tuple(entry.number for entry in batch) for batch in batches} == {tuple(journal.kept)[:21]}


async def test_those_that_leave_give_up_their_turns() -> None:
    journal = GatedJournal()
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 20)
        _, takes = replaying(hub, COUNT)
        await until(lambda: journal.reading == AT_ONCE)
        # Those that read and those that wait, but for the last.
        for take in takes[:-1]:
            take.cancel()
        await asyncio.wait(takes[:-1])
        journal.gate.set()
        async with asyncio.timeout(10):
            assert len(await takes[-1]) == 20
            # All the turns are there again.
            _, again = replaying(hub, AT_ONCE)
            assert all(len(batch) == 20 for batch in await asyncio.gather(*again))


@pytest.mark.parametrize("turn_s", [0.0, 0.05])
async def test_who_gets_no_turn_is_told_to_come_back_later(turn_s: float) -> None:
    journal = GatedJournal()
    patience = Patience(turn_s=turn_s, leave_s=0.0)
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=patience) as hub:
        await publish(hub, 20)
        subscribers, takes = replaying(hub, AT_ONCE + 1)
        async with asyncio.timeout(10):
            assert await takes[-1] == []
        ending = subscribers[-1].ending
        assert ending is not None
        assert (ending.code, ending.reason) == (1013, f"{0:020d}")
        journal.gate.set()
        async with asyncio.timeout(10):
            assert all(len(batch) == 20 for batch in await asyncio.gather(*takes[:-1]))


class NotingJournal(MemoryJournal):
    """Notes how much is asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []

    async def after(self, number: int, limit: int) -> list[Entry]:
        self.limits.append(limit)
        return await super().after(number, limit)


async def test_what_thousands_ask_for_at_once_is_read_once() -> None:
    journal = NotingJournal()
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 1200)
        crowd, takes = replaying(hub, 300)
        got = [list(batch) for batch in await asyncio.gather(*takes)]
        while len(got[0]) < 1200:
            for subscriber, entries in zip(crowd, got, strict=True):
                entries += await subscriber.take()
        kept = list(journal.kept)
        assert all([entry.number for entry in entries] == kept for entries in got)
        assert got[0][0] is got[-1][0], "nor does it take memory again"
        assert len(journal.limits) <= 3 * AT_ONCE


async def test_those_who_take_their_time_get_little_at_once_and_who_left_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.delivery.past._MOST_IN_HAND", 2000)
    monkeypatch.setattr("web.delivery.past._SHELVED", 1)
    journal = NotingJournal()
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 3000)
        kept = list(journal.kept)
        # Nobody takes more than once, and no two are at the same place.
        slow = [hub.subscribe(Filter(), since=kept[place]) for place in range(0, 2500, 20)]
        for one in reversed(slow):
            await one.take()
        usual, least = journal.limits[0], journal.limits[-1]
        assert least < usual / 10
        assert sum(journal.limits) < 2000 + usual + least * len(slow)
        subscriber = hub.subscribe(Filter(), since=kept[2])
        got: list[Entry] = []
        while len(got) < 1000:
            got += await subscriber.take()
        assert [entry.number for entry in got] == kept[3 : 3 + len(got)]
        for one in slow:
            hub.unsubscribe(one)
        await hub.subscribe(Filter(), since=kept[1]).take()
        assert journal.limits[-1] == usual


async def test_that_many_cannot_be_served_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    journal = MemoryJournal()
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 20)
        journal.readable = False
        _, takes = replaying(hub, COUNT)
        assert await asyncio.gather(*takes) == [[]] * COUNT
    (line,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert "older events cannot be read for 1 subscribers: The file cannot be read." in line
