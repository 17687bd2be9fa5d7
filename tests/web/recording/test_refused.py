"""Values that a store can never take: what can be kept of an event is, and those behind it are not held up."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.web.recording.making import Filming
from tests.web.recording.test_journal import describing
from web.delivery.cloudevents import format_id
from web.delivery.delivery import Owed, Style
from web.delivery.filters import Filter
from web.delivery.journal import Published
from web.recording.journal import StoreJournal
from web.store import deliveries, incidents, media
from web.store.errors import Refused, StoreError
from web.store.kept import IncidentFilter, MediaFacts
from web.store.store import Store

NO_TEXT = "a\ud800b"
"""Half of a pair of code units: neither database has a place for it."""


class Owing:
    """Goes along with what refers to something that is not there."""

    async def write(self, tx: AsyncConnection, new: Sequence[Published]) -> None:
        owed = [
            Owed(
                sender="med_gone",
                number=one.entry.number,
                style=Style.SIGHTENGINE,
                media_id=one.media_id,
                body=one.entry.data,
                url="https://shop.example/hook",
                key_id=None,
            )
            for one in new
        ]
        await deliveries.add(tx, owed, now_s=0.0)

    def written(self) -> None:
        raise AssertionError("nothing of it is ever committed")


async def kept(journal: StoreJournal) -> list[int]:
    return [entry.number for entry in await journal.after(0, 1000)]


async def test_a_media_whose_row_is_refused_costs_that_row_alone(store: Store) -> None:
    good, bad = Filming(0), Filming(1)
    facts = replace(bad.facts, ref=replace(bad.ref, uri=NO_TEXT))

    def describe(media_id: str) -> MediaFacts | None:
        return facts if media_id == bad.media_id else good.facts

    journal = StoreJournal(store, describe)
    film, other = good.film(), bad.film()
    with pytest.raises(Refused, match="does not take a value") as raised:
        await journal.write([film[0], other[0]])
    assert NO_TEXT not in str(raised.value)
    assert await kept(journal) == []
    await journal.write(film[:1])
    assert await journal.keep_alone(other[0])
    # It is held up by it no more.
    await journal.write([*film[1:], *other[1:]])
    assert await kept(journal) == sorted(one.entry.number for one in (*film, *other))
    async with store.reading() as tx:
        assert await media.find(tx, good.media_id) is not None
        assert await media.find(tx, bad.media_id) is None
        listed = await incidents.listed(tx, limit=10, wanted=IncidentFilter())
    assert {one.media_id for one in listed} == {good.media_id, bad.media_id}


async def test_what_goes_along_and_is_refused_costs_neither_the_event_nor_its_media(store: Store) -> None:
    film = Filming()
    journal = StoreJournal(store, describing(film), along=[Owing()])
    first, *_ = film.film()
    with pytest.raises(Refused):
        await journal.write([first])
    assert await journal.keep_alone(first)
    assert await kept(journal) == [first.entry.number]
    async with store.reading() as tx:
        assert await media.find(tx, film.media_id) is not None


async def test_an_event_that_is_refused_itself_is_not_kept(store: Store) -> None:
    film = Filming()
    journal = StoreJournal(store, describing(film))
    first, second, *_ = film.film()
    bad = replace(first, entry=replace(first.entry, stream_id=NO_TEXT))
    with pytest.raises(Refused):
        await journal.write([bad, second])
    assert not await journal.keep_alone(bad)
    await journal.write([second])
    told, entry = await journal.after(0, 1000)
    assert entry == second.entry
    # Whoever asks for what was before it is told that it is gone, whatever it filters by.
    gap = json.loads(told.data)
    assert (told.number, gap["id"], gap["type"]) == (bad.entry.number, format_id(bad.entry.number), "gap")
    assert gap["data"] == {"since": format_id(bad.entry.number - 1), "first": format_id(bad.entry.number + 1)}
    assert Filter(streams=frozenset({"str_a"}), kinds=frozenset({"gore.prob"}), owners=frozenset({"1"})).wants(told)


async def test_a_fault_of_ours_in_what_follows_is_treated_alike(store: Store) -> None:
    def describe(_: str) -> MediaFacts | None:
        raise KeyError("rtsp://user:s3cret@camera.example/")

    journal = StoreJournal(store, describe)
    first, *_ = Filming().film()
    with pytest.raises(Refused) as raised:
        await journal.write([first])
    assert "s3cret" not in str(raised.value)
    assert await journal.keep_alone(first)
    assert await kept(journal) == [first.entry.number]


@pytest.mark.parametrize("tried", [0, 1, 2])
async def test_nothing_is_refused_for_good_by_a_store_that_takes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, tried: int
) -> None:
    first, *_ = Filming().film()
    journal = StoreJournal(store, lambda _: None)
    bad = replace(first, entry=replace(first.entry, stream_id=NO_TEXT))
    writing, written = store.writing, 0

    @asynccontextmanager
    async def full() -> AsyncIterator[AsyncConnection]:
        nonlocal written
        written += 1
        if written > tried:
            raise StoreError("The disk is full.")
        async with writing() as tx:
            yield tx

    monkeypatch.setattr(store, "writing", full)
    with pytest.raises(StoreError, match="full"):
        await journal.keep_alone(bad)


async def test_a_refused_write_is_over_when_it_is_told(store: Store) -> None:
    """Nothing waits for a transaction that was given up."""
    journal = StoreJournal(store, lambda _: None)
    first, second, *_ = Filming().film()
    bad = replace(first, entry=replace(first.entry, stream_id=NO_TEXT))
    for _ in range(10):
        with pytest.raises(Refused):
            await journal.write([bad])
    async with asyncio.timeout(5):
        await journal.write([second])
