"""Events and what follows from them: kept together or not at all, and each once."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.events import IncidentState
from inference.summary import summary_json
from tests.web.recording.making import START_S, Filming
from web.delivery.journal import Journal, Published
from web.recording.following import Describe
from web.recording.journal import StoreJournal
from web.store import events, incidents, media
from web.store.errors import StoreError
from web.store.kept import IncidentFilter
from web.store.store import Store, open_store
from web.store.tables import metadata


def journal_of(store: Store, *films: Filming, unix_s: float = START_S) -> StoreJournal:
    return StoreJournal(store, describing(*films), clock=lambda: unix_s)


def describing(*films: Filming) -> Describe:
    known = {film.media_id: film.facts for film in films}
    return known.get


class Beside:
    """Goes along with every batch; of each the events that were new. `do` is called in the transaction."""

    def __init__(self, do: Callable[[AsyncConnection], Awaitable[None]] | None = None) -> None:
        self.do = do
        self.new: list[list[int]] = []
        self.committed = 0

    async def write(self, tx: AsyncConnection, new: Sequence[Published]) -> None:
        self.new.append([one.entry.number for one in new])
        if self.do is not None:
            await self.do(tx)

    def written(self) -> None:
        self.committed += 1


async def everything(store: Store) -> dict[str, set[tuple[object, ...]]]:
    async with store.reading() as tx:
        return {
            table.name: {tuple(row) for row in await tx.execute(select(table))}
            for table in metadata.sorted_tables
            if table.name != "meta"
        }


async def test_what_was_written_is_read_again_in_order(store: Store) -> None:
    films = [Filming(0), Filming(1, owner=None)]
    journal: Journal = journal_of(store, *films)
    batches = [film.film() for film in films]
    for batch in batches:
        await journal.write(batch)
    await journal.write([])
    entries = sorted((one.entry for batch in batches for one in batch), key=lambda entry: entry.number)
    assert await journal.after(0, 100) == entries
    assert await journal.after(entries[3].number, 2) == entries[4:6]
    assert await journal.after(entries[-1].number, 100) == []
    async with store.reading() as tx:
        of_one = await events.after(tx, 0, 100, stream_id=films[1].stream_id)
    assert of_one == [one.entry for one in batches[1]]


async def test_a_media_and_its_incident_are_there_with_their_events(store: Store) -> None:
    film = Filming()
    journal = journal_of(store, film)
    for published in film.film():
        await journal.write([published])
    async with store.reading() as tx:
        kept = await media.find(tx, film.media_id)
        [incident] = await incidents.listed(tx, limit=9, wanted=IncidentFilter())
    assert kept is not None
    assert kept.facts == film.facts
    assert kept.picture is not None
    assert (kept.picture.codec, kept.picture.width) == ("h264", 1280)
    assert kept.end is not None
    assert kept.end.prob == 0.75
    assert (incident.incident.end_s, incident.incident.peak, incident.started_s) == (4.0, 0.875, START_S + 1.5)


async def test_the_summary_that_is_kept_is_the_one_that_was_told(store: Store) -> None:
    film = Filming()
    journal = journal_of(store, film)
    last = film.film()[-1]
    await journal.write([last])
    async with store.reading() as tx:
        kept = await media.find(tx, film.media_id)
    assert kept is not None
    assert kept.end is not None
    assert kept.end.summary is not None
    told = json.loads(last.entry.data)["data"]["summary"]
    assert json.loads(kept.end.summary) == told
    assert told == summary_json(last.event.summary)  # type: ignore[union-attr]


async def test_a_media_that_runs_is_known_before_it_has_a_frame(store: Store) -> None:
    film = Filming()
    await journal_of(store, film).write([film.prob()])
    async with store.reading() as tx:
        kept = await media.find(tx, film.media_id)
    assert kept is not None
    assert (kept.facts, kept.picture, kept.end) == (film.facts, None, None)


@pytest.mark.parametrize("again", [slice(None), slice(0, 3), slice(3, None), slice(2, 3)])
async def test_writing_again_changes_nothing(store: Store, again: slice) -> None:
    film, other = Filming(0), Filming(1)
    batch = film.film()
    await journal_of(store, film).write(batch)
    before = await everything(store)
    for journal in (journal_of(store, film), journal_of(store)):
        await journal.write(batch[again])
        assert await everything(store) == before
    await journal.write([*batch[again], other.prob()])
    assert len((await everything(store))["events"]) == len(batch) + 1


async def test_either_all_of_a_batch_is_kept_or_nothing(store: Store) -> None:
    film = Filming()

    async def fail(tx: AsyncConnection) -> None:
        raise StoreError("It does not go.")

    beside = Beside(fail)
    journal = StoreJournal(store, describing(film), along=[beside], clock=lambda: START_S)
    empty = await everything(store)
    batch = film.film()
    with pytest.raises(StoreError):
        await journal.write(batch)
    assert await everything(store) == empty
    assert beside.committed == 0
    beside.do = None
    await journal.write(batch)
    kept = await everything(store)
    assert [len(kept[name]) for name in ("events", "media", "incidents")] == [6, 1, 1]
    assert [len(new) for new in beside.new] == [6, 6]
    assert beside.committed == 1


async def test_what_goes_along_is_in_the_same_transaction(store: Store) -> None:
    seen: list[int] = []

    async def look(tx: AsyncConnection) -> None:
        seen.append(len(await events.after(tx, 0, 100)))

    film = Filming()
    await StoreJournal(store, describing(film), along=[Beside(look)]).write(film.film())
    assert seen == [6]


async def test_what_goes_along_hears_of_each_event_once_though_a_batch_is_written_again(store: Store) -> None:
    film, beside = Filming(), Beside()
    batch = film.film()
    journal = StoreJournal(store, describing(film), along=[beside])
    await journal.write(batch[:4])
    await journal.write(batch)
    await journal.write(batch)
    assert beside.new == [[one.entry.number for one in some] for some in (batch[:4], batch[4:], [])]
    assert beside.committed == 3


async def test_a_cancelled_write_may_be_written_again(store: Store) -> None:
    film = Filming()
    reached = asyncio.Event()

    async def hang_once(tx: AsyncConnection) -> None:
        if not reached.is_set():
            reached.set()
            await asyncio.Event().wait()

    beside = Beside(hang_once)
    journal = StoreJournal(store, describing(film), along=[beside])
    batch = film.film()
    task = asyncio.create_task(journal.write(batch))
    await reached.wait()
    task.cancel()
    await asyncio.wait({task})
    await journal.write(batch)
    numbers = [one.entry.number for one in batch]
    assert [entry.number for entry in await journal.after(0, 99)] == numbers
    assert (beside.new, beside.committed) == ([numbers, numbers], 1)


async def test_of_a_new_store_nobody_can_say_what_was_before_it(store: Store) -> None:
    floor, ceiling = await journal_of(store).bounds()
    assert (floor, ceiling) == (int(START_S * 10**6), 0)
    film = Filming()
    await journal_of(store).write(film.film())
    assert (await journal_of(store, unix_s=START_S + 99).bounds())[0] == floor
    assert await journal_of(store).floor() == floor


@pytest.mark.parametrize("back_s", [0.0, 3600.0, 40_000.0])
@pytest.mark.parametrize("written", [True, False])
async def test_no_number_is_given_twice_over_restarts(address: str, back_s: float, written: bool) -> None:
    given: set[int] = set()
    unix_s = START_S
    for _ in range(4):
        async with open_store(address) as store:
            film = Filming(unix_s=unix_s)
            journal = journal_of(store, film, unix_s=unix_s)
            _, ceiling = await journal.bounds()
            film.last = ceiling
            for number in range(30):
                published = film.prob()
                assert published.entry.number not in given
                assert published.entry.number > max(given, default=0)
                given.add(published.entry.number)
                if written and number < 20:
                    await journal.write([published])
        # It breaks off with events that were sent and never kept, and comes back with another time.
        unix_s = film.unix_s - back_s


async def test_a_store_that_is_locked_is_said_to_be_and_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.store.sqlite._BUSY_TIMEOUT_MS", 20)
    film = Filming()
    batch = film.film()
    address = f"sqlite:///{tmp_path}/a.db"
    async with open_store(address) as store, open_store(address) as other:
        journal = journal_of(store, film)
        async with other.writing():
            with pytest.raises(StoreError, match="kept locked by another program"):
                await journal.write(batch)
            assert await journal.after(0, 100) == []
        await journal.write(batch)
        assert len(await journal.after(0, 100)) == 6


async def test_a_store_that_is_damaged_while_it_is_used_is_said_to_be(tmp_path: Path) -> None:
    film = Filming()
    path = tmp_path / "a.db"
    async with open_store(f"sqlite:///{path}") as store:
        journal = journal_of(store, film)
        # More than is kept in memory.
        for _ in range(80):
            await journal.write([film.prob() for _ in range(500)])
    async with open_store(f"sqlite:///{path}") as store:
        journal = journal_of(store, film)
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 4)
            file.write(os.urandom(path.stat().st_size // 2))
        with pytest.raises(StoreError, match="is damaged"):
            await journal.after(0, 10**6)


async def test_incidents_of_a_flood_are_all_there(store: Store) -> None:
    films = [Filming(place) for place in range(20)]
    journal = journal_of(store, *films)
    for number in range(5):
        batch = [film.incident(IncidentState.STARTED, 2.0, peak=0.5, number=number) for film in films]
        batch += [film.incident(IncidentState.ENDED, 2.0, peak=0.5, end_s=3.0, number=number) for film in films]
        await journal.write(sorted(batch, key=lambda one: one.entry.number))
    async with store.reading() as tx:
        assert len(await incidents.listed(tx, limit=1000, wanted=IncidentFilter(state="ended"))) == 100
        assert len(await media.running(tx)) == 20
