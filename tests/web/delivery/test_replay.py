"""Replay from the ring and the journal into live, whatever happens in what order."""

import asyncio
import itertools
import json
from typing import Any

import pytest

from inference.events import Event, GoreProb, MediaStalled, Reading
from tests.web.delivery.journals import MemoryJournal
from web.delivery.filters import Filter
from web.delivery.hub import Hub, open_hub
from web.delivery.outbox import Patience
from web.delivery.subscriber import Subscriber

STALLED = MediaStalled("no frames")
PROB = GoreProb(Reading(1.0, 0.5, 0.5, 3.0, 1, 0.0))
USUAL = Patience(leave_s=0.0)
AT_ONCE = Patience(send_s=0.0, write_s=1000.0, retry_s=0.0, leave_s=0.0)
FOR_EVER = Patience(send_s=1000.0, write_s=1000.0, retry_s=0.0, leave_s=0.0)


async def turns(count: int = 12) -> None:
    """Let everything else go on for a while."""
    for _ in range(count):
        await asyncio.sleep(0)


async def ids(subscriber: Subscriber, count: int) -> list[int]:
    taken: list[int] = []
    async with asyncio.timeout(10):
        while len(taken) < count:
            taken += [entry.number for entry in await subscriber.take()]
    return taken


async def publish(hub: Hub, count: int, event: Event = STALLED, **more: Any) -> None:
    for number in range(count):
        hub.publish("str_a", "med_a", event, **more)
        if number % 100 == 99:
            await turns(8)
    while hub.unkept:
        await turns(1)


async def test_events_of_an_earlier_run_are_replayed_and_ids_go_on_beyond_them() -> None:
    journal = MemoryJournal()
    async with open_hub(history_events=10, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 2500)
    before = list(journal.kept)
    assert len(before) == 2500
    async with open_hub(history_events=10, queue_limit=10, journal=journal, patience=USUAL) as hub:
        subscriber = hub.subscribe(Filter(), since=before[4])
        await publish(hub, 30)
        got = await ids(subscriber, 2525)
    assert got == list(journal.kept)[5:]
    assert got == sorted(set(got))


async def test_ids_grow_though_the_clock_steps_back_across_a_restart() -> None:
    journal = MemoryJournal()
    for now_s in (1_800_000_000.0, 1_799_996_400.0, 1_799_992_800.0):
        clock = iter(itertools.count(now_s, -1.0))
        async with open_hub(
            history_events=10, queue_limit=10, journal=journal, patience=USUAL, unix=clock.__next__
        ) as hub:
            await publish(hub, 3)
    assert len(journal.kept) == 9
    assert list(journal.kept) == sorted(journal.kept)


async def test_ids_stay_clear_of_what_the_journal_says_was_given_even_if_it_is_not_kept() -> None:
    journal = MemoryJournal(top=9_000_000_000_000_000_000)
    async with open_hub(history_events=10, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 1)
    assert min(journal.kept) > 9_000_000_000_000_000_000


@pytest.mark.parametrize("ring", [3, 1000])
async def test_a_gap_is_told_where_the_journal_does_not_reach_and_its_id_can_be_resumed_from(ring: int) -> None:
    journal = MemoryJournal()
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 20)
    numbers = list(journal.kept)
    journal.prune(numbers[9])
    async with open_hub(history_events=ring, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 2)
        numbers = list(journal.kept)
        subscriber = hub.subscribe(Filter(streams=frozenset({"str_a"})), since=5)
        gap, *after = await subscriber.take()
        told = json.loads(gap.data)
        assert told["type"] == "gap"
        assert told["data"] == {"first": f"{numbers[0]:020d}", "since": f"{5:020d}"}
        after_numbers = [entry.number for entry in after]
        assert after_numbers + await ids(subscriber, 12 - len(after)) == numbers
        again = hub.subscribe(Filter(), since=int(told["id"]))
        assert await ids(again, 12) == numbers
        nothing = hub.subscribe(Filter(streams=frozenset({"str_none"})), since=5)
        assert [entry.kind for entry in await nothing.take()] == ["gap"]


async def test_what_retention_takes_away_under_a_replay_is_told_too() -> None:
    journal = MemoryJournal(chunk=5)
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 30)
        numbers = list(journal.kept)
        subscriber = hub.subscribe(Filter(), since=numbers[0] - 1)
        async with asyncio.timeout(10):
            before = await subscriber.take()
        if before[0].kind == "gap":
            raise AssertionError("nothing was gone yet")
        journal.prune(numbers[9])
        after = await subscriber.take()
        assert [entry.kind for entry in after[:2]] == ["gap", "media.stalled"]
        assert after[1].number == numbers[10]


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_a_journal_that_cannot_be_read_ends_that_replay_with_the_last_id(how: str) -> None:
    journal = MemoryJournal(chunk=5)
    patience = Patience(write_s=0.05, leave_s=0.0)
    async with open_hub(history_events=3, queue_limit=10, journal=journal, patience=patience) as hub:
        await publish(hub, 30)
        first = next(iter(journal.kept))
        replaying, live = hub.subscribe(Filter(), since=first - 1), hub.subscribe(Filter(), since=None)
        replaying.sent = (await ids(replaying, 5))[-1]
        if how == "fails":
            journal.readable = False
        else:
            journal.floor = never  # type: ignore[method-assign]
        async with asyncio.timeout(10):
            assert await replaying.take() == []
        assert replaying.ending is not None
        assert (replaying.ending.code, replaying.ending.reason) == (1013, f"{replaying.sent:020d}")
        hub.publish("str_a", "med_a", STALLED)
        await ids(live, 1)


async def never() -> int:
    await asyncio.Event().wait()
    raise AssertionError


async def test_owners_hold_for_what_comes_from_the_journal_too() -> None:
    journal = MemoryJournal()
    async with open_hub(history_events=1, queue_limit=10, journal=journal, patience=USUAL) as hub:
        for owner in ("me", "other", None, "me"):
            await publish(hub, 1, owner=owner)
        mine = hub.subscribe(Filter(owners=frozenset({None, "me"})), since=0)
        numbers = list(journal.kept)
        assert await ids(mine, 3) == [numbers[0], *numbers[2:]]


async def test_a_long_replay_leaves_others_their_turn() -> None:
    """One that wants nothing of what it reads, which is where nothing else makes it wait."""
    journal = MemoryJournal()
    async with open_hub(history_events=5000, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 5000)
        searching = asyncio.create_task(hub.subscribe(Filter(streams=frozenset({"none"})), since=0).take())
        live = hub.subscribe(Filter(), since=None)
        await asyncio.sleep(0)
        hub.publish("str_a", "med_a", STALLED)
        await ids(live, 1)
        assert not searching.done()
        searching.cancel()
        await asyncio.wait({searching})


def test_replays_need_no_memory_of_their_own() -> None:
    """100 that each replay a million bytes are given a chunk each, not all of it."""
    asyncio.run(_many_replays())


async def _many_replays() -> None:
    journal = MemoryJournal(chunk=10)
    async with open_hub(history_events=1, queue_limit=10, journal=journal, patience=USUAL) as hub:
        await publish(hub, 100, MediaStalled("x" * 10_000))
        batches = [await hub.subscribe(Filter(), since=0).take() for _ in range(100)]
        assert {len(batch) for batch in batches} == {10}
