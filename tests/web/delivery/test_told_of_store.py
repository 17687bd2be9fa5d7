"""Who sees everything is told that the journal fails and works again, by events that are not kept."""

from collections.abc import Callable, Sequence

from tests.until import until
from tests.web.delivery.journals import FakeOutlet, MemoryJournal
from tests.web.delivery.test_outbox import NEVER_S, STALLED, numbers, publish, running
from web.delivery.filters import Filter
from web.delivery.hub import open_hub
from web.delivery.journal import Published
from web.delivery.outbox import Patience
from web.recording.journal import StoreJournal
from web.store.errors import StoreError
from web.store.store import Store


async def test_who_sees_everything_is_told_in_its_place_that_the_journal_fails_and_works_again() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=0.0) as (hub, reader):
        operator, of_stream, only_this = FakeOutlet(), FakeOutlet(), FakeOutlet()
        hub.subscribe(Filter(), since=None, outlet=operator)
        hub.subscribe(Filter(streams=frozenset({"str_a"})), since=None, outlet=of_stream)
        hub.subscribe(Filter(kinds=frozenset({"store.failed"})), since=None, outlet=only_this)
        journal.works = False
        publish(hub, STALLED)
        await until(lambda: not hub.journal_ok and journal.failed > 0)
        publish(hub, STALLED)
        journal.works = True
        await until(lambda: hub.journal_ok)
    stalled = "media.stalled"
    assert [entry.kind for entry in operator.got] == [stalled, "store.failed", stalled, "store.recovered"]
    assert numbers(operator) == sorted(set(numbers(operator)))
    assert [entry.kind for entry in only_this.got] == ["store.failed"]
    assert numbers(reader) == numbers(of_stream) == list(journal.kept)
    assert hub.published == {stalled: 2, "store.failed": 1, "store.recovered": 1}


async def test_that_the_journal_is_slow_is_not_told() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=0.0) as (hub, reader):
        operator = FakeOutlet()
        hub.subscribe(Filter(), since=None, outlet=operator)
        journal.hang()
        publish(hub, STALLED)
        await until(lambda: not hub.journal_ok)
        journal.go_on()
        await until(lambda: hub.journal_ok)
    assert numbers(operator) == numbers(reader) == list(journal.kept)


async def test_who_has_nothing_later_than_such_an_event_resumes_from_it_now_and_after_a_restart() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=0.0) as (hub, reader):
        operator = FakeOutlet()
        hub.subscribe(Filter(), since=None, outlet=operator)
        journal.works = False
        publish(hub, STALLED)
        await until(lambda: not hub.journal_ok)
        failed = operator.got[-1]
        assert failed.kind == "store.failed"
        publish(hub, STALLED)
        journal.works = True
        await until(lambda: hub.journal_ok)
        recovered = operator.got[-1]
        batch = await hub.subscribe(Filter(), since=failed.number).take()
        assert [entry.number for entry in batch] == numbers(operator)[2:]
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        publish(hub, STALLED)
        await until(lambda: len(reader.got) == 1)
        assert numbers(reader)[0] > recovered.number
        for last, missed in ((failed, 2), (recovered, 1)):
            batch = await hub.subscribe(Filter(), since=last.number).take()
            assert [entry.number for entry in batch] == list(journal.kept)[-missed:]


async def test_an_id_that_is_never_kept_is_not_given_again_though_the_clock_is_set_back(store: Store) -> None:
    broken, now_s = False, 1_800_000_000.0

    class Breaking(StoreJournal):
        async def write(self, batch: Sequence[Published]) -> None:
            if broken:
                raise StoreError("The disk is full.")
            await super().write(batch)

    async def run(clock: Callable[[], float]) -> list[int]:
        nonlocal broken
        journal = Breaking(store, lambda _: None, clock=clock)
        patience = Patience(send_s=0.0, close_s=0.0, leave_s=0.0, retry_s=0.001)
        async with open_hub(history_events=10, queue_limit=10, journal=journal, patience=patience, unix=clock) as hub:
            operator = FakeOutlet()
            hub.subscribe(Filter(), since=None, outlet=operator)
            broken = True
            publish(hub, STALLED)
            await until(lambda: len(operator.got) == 2)
            assert operator.got[-1].kind == "store.failed"
        broken = False
        return numbers(operator)

    first = await run(lambda: now_s)
    second = await run(lambda: now_s - 3600.0)
    assert first + second == sorted({*first, *second})
