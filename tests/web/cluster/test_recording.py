"""From the event log to the store, with a real server and real databases."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.servers.nats import Nats
from tests.web.cluster.making import WITHIN_S, by_hand, followed, opened, written
from tests.web.recording.making import Filming, an_id
from tests.web.recording.test_journal import Beside
from tests.web.recording.test_refused import Owing
from web.background import going_on
from web.cluster.log import BusError, EventLog
from web.cluster.recording import LogRecorder, recording_log
from web.delivery.journal import Published
from web.limits import Retention
from web.store import events, incidents, media
from web.store.kept import IncidentFilter
from web.store.store import Store


async def numbers(store: Store) -> list[int]:
    async with store.reading() as tx:
        return [entry.number for entry in await events.after(tx, 0, 10_000)]


@asynccontextmanager
async def recording(log: EventLog, store: Store, beside: Beside | None = None) -> AsyncIterator[LogRecorder]:
    """One that breaks off at the end."""
    recorder = LogRecorder(log, store, along=[beside or Beside()])
    _, last = await log.bounds()
    with log.watching(recorder.see):
        async with going_on(recorder.run, "recorder"), followed(log, last):
            yield recorder


async def test_everything_that_follows_is_in_the_store_by_the_numbers_of_the_log(nats: Nats, store: Store) -> None:
    film = Filming()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        async with recording_log(log, store, along=[]) as recorder, followed(log, floor):
            await log.write(film.film())
            await recorder.reached(log.written, within_s=WITHIN_S)
    assert await numbers(store) == list(range(floor + 1, floor + 7))
    async with store.reading() as tx:
        (incident,) = await incidents.listed(tx, limit=9, wanted=IncidentFilter())
        kept = await media.find(tx, film.media_id)
    assert (incident.incident.id, incident.incident.end_s, incident.incident.peak) == (an_id("inc", 0), 4.0, 0.875)
    assert incident.owner == "1"
    assert kept is not None
    assert kept.facts == film.facts
    assert kept.end is not None
    assert kept.end.prob == 0.75


async def test_a_recorder_that_breaks_off_goes_on_where_it_was_and_records_nothing_twice(
    nats: Nats, store: Store
) -> None:
    film, beside = Filming(), Beside()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        for round_ in range(5):
            async with recording(log, store, beside) as recorder:
                await log.write([film.prob() for _ in range(50)])
                await recorder.reached(floor + 50 * round_ + 1, within_s=WITHIN_S)
        async with recording(log, store, beside) as recorder:
            await recorder.reached(log.written, within_s=WITHIN_S)
    assert await numbers(store) == list(range(floor + 1, floor + 251))
    assert sum(map(len, beside.new)) == 250


async def test_of_two_recorders_each_event_has_what_follows_from_it_once(nats: Nats, store: Store) -> None:
    film, beside = Filming(), Beside()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        async with recording(log, store, beside) as one, recording(log, store, beside) as other:
            for _ in range(20):
                await log.write([film.prob() for _ in range(10)])
            for recorder in (one, other):
                await recorder.reached(log.written, within_s=WITHIN_S)
    assert await numbers(store) == list(range(floor + 1, floor + 201))
    recorded_once = [number for batch in beside.new for number in batch]
    assert len(recorded_once) == len(set(recorded_once)) == 200


async def test_what_the_log_lost_before_it_was_stored_is_told_and_the_rest_is_stored(
    nats: Nats, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    film = Filming()
    async with opened(nats, film, retention=Retention(events_most=10)) as log:
        floor, _ = await log.bounds()
        async with recording(log, store) as recorder:
            await log.write([film.started()])
            await recorder.reached(log.written, within_s=WITHIN_S)
        await log.write([film.prob() for _ in range(30)])
        async with recording(log, store) as recorder:
            await recorder.reached(log.written, within_s=WITHIN_S)
    assert await numbers(store) == [floor + 1, *range(floor + 22, floor + 32)]
    assert "are gone from the log; what of this region was not stored is lost" in caplog.text


async def test_a_message_that_cannot_be_read_holds_nothing_up(nats: Nats, store: Store) -> None:
    film = Filming()
    async with opened(nats, film) as log, by_hand(nats) as anybody:
        floor, _ = await log.bounds()
        async with recording(log, store) as recorder:
            await anybody.jetstream().publish("gore.eu.str_x.media.failed", b"hello")
            await log.write([film.prob()])
            await recorder.reached(log.written, within_s=WITHIN_S)
            assert recorder.passed_over == 1
    assert await numbers(store) == [floor + 2]


async def test_a_server_that_is_gone_for_a_while_is_waited_for(nats: Nats, store: Store) -> None:
    film = Filming()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        async with recording(log, store) as recorder:
            await log.write(film.film())
            await recorder.reached(log.written, within_s=WITHIN_S)
            nats.stop()
            later = [film.prob() for _ in range(20)]
            with pytest.raises(BusError):
                await log.write(later)
            nats.start()
            await written(log, later)
            await recorder.reached(floor + 26, within_s=WITHIN_S)
    assert await numbers(store) == list(range(floor + 1, floor + 27))


class OwingIncidents(Owing):
    """Of incidents alone."""

    async def write(self, tx: AsyncConnection, new: Sequence[Published]) -> None:
        if told := [one for one in new if one.entry.kind == "gore.incident"]:
            await super().write(tx, told)

    def written(self) -> None:
        """Of what it had nothing to write for."""


async def test_what_the_store_never_takes_holds_nothing_up(nats: Nats, store: Store) -> None:
    film = Filming()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        async with recording_log(log, store, along=[OwingIncidents()]) as recorder, followed(log, floor):
            await log.write(film.film())
            await recorder.reached(log.written, within_s=WITHIN_S)
            assert recorder.refused == 3
            await log.write([film.prob()])
            await recorder.reached(log.written, within_s=WITHIN_S)
    assert await numbers(store) == list(range(floor + 1, floor + 8))
    async with store.reading() as tx:
        assert len(await incidents.listed(tx, limit=9, wanted=IncidentFilter())) == 1
