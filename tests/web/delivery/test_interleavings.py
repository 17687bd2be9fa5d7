"""A replay goes over into live without a gap or a repeat, for any interleaving of what may happen meanwhile."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.delivery.journals import FakeOutlet, MemoryJournal
from tests.web.delivery.test_replay import AT_ONCE, FOR_EVER, STALLED, publish, turns
from web.delivery.filters import Filter
from web.delivery.history import Entry
from web.delivery.hub import Hub, open_hub
from web.delivery.outbox import Patience


class Reader:
    """A subscriber as a connection has it: written to at once, or fed by a task that takes."""

    def __init__(self, hub: Hub, wanted: Filter, since: int | None) -> None:
        self.since = since
        self.outlet = FakeOutlet()
        self.subscriber = hub.subscribe(wanted, since=since, outlet=self.outlet)
        self._taking: asyncio.Task[list[Entry]] | None = None

    def pump(self) -> None:
        """What the task of a connection does, as far as that goes without waiting."""
        if self._taking is not None and self._taking.done():
            self.outlet.got += self._taking.result()
            self._taking = None
        if self._taking is None and self.outlet.attended and (self.outlet.full or not self.subscriber.resume()):
            self._taking = asyncio.create_task(self.subscriber.take())

    def stop(self) -> None:
        if self._taking is not None:
            self._taking.cancel()

    @property
    def numbers(self) -> list[int]:
        return [entry.number for entry in self.outlet.got]


OFTEN = ("publish", "pump", "turn")
STEPS = st.lists(
    st.sampled_from(
        (*OFTEN, *OFTEN, "publish_b", "subscribe", "resume_all", "full", "roomy", "hang", "go_on", "break", "mend")
    ),
    max_size=60,
)


class Scenario:
    """One hub with its journal, and readers that come at any time."""

    def __init__(self, hub: Hub, journal: MemoryJournal) -> None:
        self.hub = hub
        self.journal = journal
        self.everything = FakeOutlet()
        hub.subscribe(Filter(), since=None, outlet=self.everything)
        self.readers: list[Reader] = []

    @property
    def sent(self) -> list[Entry]:
        """All events of streams that were sent to anybody so far."""
        return [entry for entry in self.everything.got if entry.stream_id]

    async def step(self, name: str) -> None:
        match name:
            case "publish" | "publish_b":
                self.hub.publish("str_b" if name == "publish_b" else "str_a", "med_a", STALLED)
            case "subscribe" | "resume_all":
                since = self.sent[-1].number if self.sent and name == "subscribe" else 0
                self.readers.append(Reader(self.hub, Filter(streams=frozenset({"str_a"})), since))
            case "pump":
                await self.pump()
            case "full" | "roomy":
                for reader in self.readers:
                    reader.outlet.full = name == "full"
            case "hang":
                self.journal.hang()
            case "go_on":
                self.journal.go_on()
            case "break" | "mend":
                self.journal.works = name == "mend"
            case _:
                await asyncio.sleep(0)

    async def pump(self) -> None:
        for reader in self.readers:
            reader.pump()
        await turns(4)

    async def settle(self) -> None:
        """Everything works again, and everybody reads."""
        self.journal.works = True
        self.journal.go_on()
        for reader in self.readers:
            reader.outlet.full = False
        for _ in range(100):
            await turns()
            await self.pump()


async def scenario(steps: list[str], patience: Patience, ring: int, slow: tuple[int, int]) -> None:
    journal = MemoryJournal(chunk=3)
    journal.write_turns, journal.read_turns = slow
    async with open_hub(history_events=ring, queue_limit=1000, journal=journal, patience=patience) as hub:
        played = Scenario(hub, journal)
        for name in steps:
            await played.step(name)
            if patience is FOR_EVER:
                assert {entry.number for entry in played.sent} <= set(journal.kept)
        await played.settle()
        everything = [entry.number for entry in played.everything.got]
        assert everything == sorted(set(everything)), "what is told of the journal has its place among them"
        assert list(journal.kept) == [entry.number for entry in played.sent]
        for reader in played.readers:
            since = reader.since or 0
            assert reader.numbers == [
                entry.number for entry in played.sent if entry.stream_id == "str_a" and entry.number > since
            ]
            reader.stop()


@settings(max_examples=250, deadline=None, database=None)
@given(
    STEPS, st.sampled_from([AT_ONCE, FOR_EVER]), st.integers(1, 8), st.sampled_from([(0, 0), (9, 0), (0, 9), (3, 5)])
)
def test_every_reader_gets_every_event_once_in_order_for_any_interleaving(
    steps: list[str], patience: Patience, ring: int, slow: tuple[int, int]
) -> None:
    asyncio.run(scenario(steps, patience, ring, slow))


async def test_what_is_kept_and_not_yet_sent_comes_once() -> None:
    """A reader that finds it in the journal before everybody gets it."""
    journal = MemoryJournal()
    journal.write_turns = 50
    async with open_hub(history_events=1, queue_limit=10, journal=journal, patience=FOR_EVER) as hub:
        await publish(hub, 3)
        hub.publish("str_a", "med_a", STALLED)
        await turns()
        assert len(journal.kept) == 4
        reader = Reader(hub, Filter(), 0)
        for _ in range(50):
            reader.pump()
            await turns()
        assert reader.numbers == list(journal.kept)
        reader.stop()


async def test_what_is_written_while_the_journal_is_read_is_not_passed_over() -> None:
    """Events that only wait to be kept when a reader looks, and are kept before it is answered."""
    journal = MemoryJournal()
    async with open_hub(history_events=1, queue_limit=10, journal=journal, patience=AT_ONCE) as hub:
        journal.works = False
        for _ in range(5):
            hub.publish("str_a", "med_a", STALLED)
        await turns()
        assert not hub.journal_ok
        journal.read_turns = 50
        reader = Reader(hub, Filter(streams=frozenset({"str_a"})), 0)
        reader.pump()
        await turns(3)
        journal.works = True
        for _ in range(50):
            reader.pump()
            await turns()
        assert reader.numbers == list(journal.kept)
        assert len(reader.numbers) == 5
        reader.stop()
