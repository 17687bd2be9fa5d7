"""Events are kept before they are sent, unless the journal is too slow or fails: then they are kept when it can."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from inference.events import Event, GoreProb, MediaStalled, Reading
from tests.until import until
from tests.web.delivery.journals import FakeOutlet, MemoryJournal
from web.delivery.filters import Filter
from web.delivery.frames import Parcel
from web.delivery.hub import Hub, open_hub
from web.delivery.journal import Published
from web.delivery.outbox import Patience

STALLED = MediaStalled("no frames")
PROB = GoreProb(Reading(1.0, 0.5, 0.5, 3.0, 1, 0.0))
NEVER_S = 1000.0
OF_A_KEY = Filter(owners=frozenset({None}))


@asynccontextmanager
async def running(
    journal: MemoryJournal,
    *,
    send_s: float,
    write_s: float = NEVER_S,
    unkept_events: int = 100,
    history_events: int = 100,
) -> AsyncIterator[tuple[Hub, FakeOutlet]]:
    """A hub with one reader that takes everything at once."""
    patience = Patience(send_s=send_s, write_s=write_s, close_s=0.05, leave_s=0.0, retry_s=0.001)
    async with open_hub(
        history_events=history_events, queue_limit=100, unkept_events=unkept_events, journal=journal, patience=patience
    ) as hub:
        reader = FakeOutlet()
        hub.subscribe(OF_A_KEY, since=None, outlet=reader)
        yield hub, reader


def publish(hub: Hub, *events: Event) -> None:
    for event in events:
        hub.publish("str_a", "med_a", event)


def numbers(reader: FakeOutlet) -> list[int]:
    return [entry.number for entry in reader.got]


async def test_nothing_is_sent_before_it_is_kept() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        journal.hang()
        publish(hub, STALLED, STALLED)
        for _ in range(20):
            await asyncio.sleep(0)
        assert (reader.got, journal.kept, hub.unkept) == ([], {}, 2)
        journal.go_on()
        await until(lambda: len(reader.got) == 2)
        assert numbers(reader) == list(journal.kept)
        assert [published.media_id for published in journal.kept.values()] == ["med_a", "med_a"]
        assert (hub.unkept, hub.journal_ok) == (0, True)


class Clock:
    """The loop's time, which only a test moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self.now_s = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self.now_s)


async def kept(journal: MemoryJournal, count: int) -> None:
    """Until so many are in the journal, though it has not returned yet from the last writing."""
    await until(lambda: len(journal.kept) >= count, every_s=0.0)


async def test_patience_is_for_each_event_and_not_for_a_flood_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, clock = MemoryJournal(), Clock(monkeypatch)
    journal.write_turns = 5
    async with running(journal, send_s=0.25) as (hub, reader):
        for count in range(1, 100):
            publish(hub, STALLED)
            assert hub.unkept, "there is always one that is not kept"
            clock.now_s += 0.1
            await kept(journal, count)
            assert hub.journal_ok
            assert set(numbers(reader)) <= set(journal.kept)
        assert len(reader.got) >= 98


async def test_a_journal_recovers_in_the_middle_of_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, clock = MemoryJournal(), Clock(monkeypatch)
    journal.write_turns = 5
    async with running(journal, send_s=0.25) as (hub, reader):
        journal.hang()
        publish(hub, STALLED)
        await asyncio.sleep(0)
        clock.now_s += 0.3
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        states = [hub.journal_ok]
        journal.go_on()
        for count in range(1, 10):
            await kept(journal, count)
            # The next is there before this one's writing has returned.
            publish(hub, STALLED)
        assert [*states, hub.journal_ok] == [False, True]
        assert numbers(reader) == sorted(numbers(reader))
        assert len(reader.got) < len(journal.kept) + hub.unkept, "again it is kept first"


async def test_what_was_kept_together_is_sent_together() -> None:
    journal, writes = MemoryJournal(), list[int]()
    async with running(journal, send_s=NEVER_S) as (hub, reader):

        def write(parcel: Parcel) -> bool:
            writes.append(len(parcel.entries))
            return True

        reader.write = write  # type: ignore[method-assign]
        journal.hang()
        publish(hub, STALLED)
        await asyncio.sleep(0)
        publish(hub, STALLED, STALLED, STALLED)
        journal.go_on()
        await until(lambda: sum(writes) == 4)
    assert len(writes) == 2


@pytest.mark.parametrize("trouble", ["hangs", "fails", "breaks"])
async def test_a_journal_in_trouble_costs_no_live_event_and_has_all_once_it_recovers(
    trouble: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=0.01) as (hub, reader):
        if trouble == "hangs":
            journal.hang()
        elif trouble == "fails":
            journal.works = False
        else:
            monkeypatch.setattr(journal, "kept", None)
        publish(hub, PROB, STALLED)
        await until(lambda: len(reader.got) == 2)
        assert not hub.journal_ok
        publish(hub, STALLED)
        assert len(reader.got) == 3, "while it is in trouble nothing waits for it"
        assert hub.unkept == 3
        journal.works = True
        if trouble == "breaks":
            monkeypatch.setattr(journal, "kept", {})
        journal.go_on()
        await until(lambda: hub.journal_ok)
        assert numbers(reader) == list(journal.kept)
        assert (hub.unkept, hub.dropped) == (0, {})
        publish(hub, STALLED)
        assert len(reader.got) == 3, "again it is kept first"
        await until(lambda: len(reader.got) == 4)
    told = [record.levelname for record in caplog.records if record.levelno > 20]
    assert told == ["ERROR", "WARNING"]
    assert "too long" in caplog.text if trouble == "hangs" else "too long" not in caplog.text


class Laborious(MemoryJournal):
    """Never done with many events at once."""

    async def write(self, batch: Sequence[Published]) -> None:
        if len(batch) > 3:
            self.failed += 1
            await asyncio.Event().wait()
        await super().write(batch)


async def test_what_takes_too_long_together_is_kept_in_smaller_parts() -> None:
    journal = Laborious()
    async with running(journal, send_s=NEVER_S, write_s=0.02) as (hub, reader):
        publish(hub, *[STALLED] * 20)
        await until(lambda: len(reader.got) == 20)
        assert journal.failed > 0
        assert numbers(reader) == list(journal.kept)
        assert (hub.unkept, hub.dropped) == (0, {})


async def test_what_waits_for_a_journal_is_bounded_and_scores_go_first() -> None:
    journal = MemoryJournal()
    journal.works = False
    async with running(journal, send_s=0.0, unkept_events=3) as (hub, reader):
        publish(hub, STALLED, PROB, STALLED, PROB, PROB)
        await until(lambda: not hub.journal_ok)
        publish(hub, STALLED)
        assert len(reader.got) == 6
        await until(lambda: hub.dropped == {"gore.prob": 3})
        journal.works = True
        await until(lambda: hub.journal_ok)
        assert [published.entry.kind for published in journal.kept.values()] == ["media.stalled"] * 3


async def test_who_comes_back_for_what_was_never_kept_is_told_of_the_gap() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=0.0, unkept_events=2, history_events=2) as (hub, reader):
        publish(hub, STALLED)
        await until(lambda: len(journal.kept) == 1)
        journal.works = False
        publish(hub, *[STALLED] * 5)
        await until(lambda: not hub.journal_ok and len(reader.got) == 6)
        journal.works = True
        await until(lambda: hub.journal_ok)
        sent = numbers(reader)
        assert list(journal.kept) == [sent[0], *sent[4:]]
        for count in range(7, 10):
            publish(hub, STALLED)
            await until(lambda count=count: len(reader.got) == count and not hub.unkept)  # type: ignore[misc]
        batch = await hub.subscribe(OF_A_KEY, since=sent[0]).take()
        assert json.loads(batch[0].data)["data"]["first"] == f"{sent[4]:020d}"
        assert [entry.number for entry in batch[1:]] == list(journal.kept)[1:]


async def test_the_end_waits_for_the_journal_but_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        publish(hub, STALLED)
    assert numbers(reader) == list(journal.kept)
    assert len(reader.got) == 1
    journal.hang()
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        publish(hub, STALLED)
    assert len(reader.got) == 1
    assert reader.left
    assert hub.dropped == {"media.stalled": 1}
    assert "1 events are not kept" in caplog.text
    publish(hub, STALLED)
    assert hub.dropped == {"media.stalled": 2}


async def test_what_is_published_while_it_closes_is_kept_and_sent() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        publish(hub, STALLED)
        closing = asyncio.create_task(hub.aclose())
        await asyncio.sleep(0)
        publish(hub, STALLED)
        await closing
        assert len(reader.got) == 2
        assert numbers(reader) == list(journal.kept)
        await hub.aclose()


async def test_without_a_journal_events_are_sent_at_once() -> None:
    async with open_hub(history_events=10, queue_limit=10, patience=Patience(leave_s=0.0)) as hub:
        reader = FakeOutlet()
        hub.subscribe(Filter(), since=None, outlet=reader)
        publish(hub, STALLED)
        assert len(reader.got) == 1
        assert (hub.journal_ok, hub.unkept) == (True, 0)
