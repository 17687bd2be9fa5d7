"""What is too old or too much goes, in small steps, and what is to be kept stays."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.events import GoreIncident, IncidentState
from inference.incidents import Incident
from tests.web.recording.making import START_S, Filming, reading
from tests.web.recording.test_journal import journal_of
from tests.web.store.test_moderated import facts, kept, made
from web.delivery.journal import Published
from web.limits import Retention
from web.recording.picture_folder import PictureFolder
from web.recording.retaining import STEP_ROWS, Retainer
from web.store import events, incidents, media, meta, reviews, views
from web.store.kept import IncidentFilter, MediaEnd, MediaFilter, Review, Verdict, View
from web.store.store import Store

DAY_S = 86_400.0
NOW_S = START_S + 1000 * DAY_S
FOLDER = PictureFolder(Path("nowhere"))


async def nothing() -> None: ...


async def sweep(
    store: Store, kept: Retention | None = None, *, now_s: float = NOW_S, folder: PictureFolder = FOLDER
) -> None:
    await Retainer(store, kept or Retention(), folder, clock=lambda: now_s, pause=nothing).sweep()


def events_at(*ages_days: float) -> list[Published]:
    batch = []
    for age in ages_days:
        film = Filming(unix_s=NOW_S - age * DAY_S)
        batch.append(film.prob())
    return batch


async def test_events_go_by_their_age(store: Store) -> None:
    batch = events_at(9, 8, 7.1, 6.9, 1, 0)
    journal = journal_of(store, unix_s=NOW_S - 30 * DAY_S)
    await journal.bounds()
    await journal.write(batch)
    await sweep(store)
    assert [entry.number for entry in await journal.after(0, 99)] == [one.entry.number for one in batch[3:]]
    floor, ceiling = await journal.bounds()
    assert floor == batch[2].entry.number
    assert ceiling > batch[-1].entry.number


async def test_events_go_by_their_number_in_steps(store: Store) -> None:
    film = Filming(unix_s=NOW_S - DAY_S)
    batch = [film.prob() for _ in range(2 * STEP_ROWS + 300)]
    journal = journal_of(store)
    await journal.write(batch)
    pauses: list[int] = []

    async def pause() -> None:
        async with store.reading() as tx:
            pauses.append(await events.count(tx))

    await Retainer(store, Retention(events_most=150), FOLDER, clock=lambda: NOW_S, pause=pause).sweep()
    assert pauses == [800, 300]
    left = [entry.number for entry in await journal.after(0, 9999)]
    assert left == [one.entry.number for one in batch[-150:]]
    assert (await journal.bounds())[0] == batch[-151].entry.number


async def test_all_events_may_go_and_numbers_go_on(store: Store) -> None:
    batch = events_at(20, 19)
    journal = journal_of(store, unix_s=NOW_S - 30 * DAY_S)
    await journal.write(batch)
    await sweep(store)
    assert await journal.after(0, 9) == []
    floor, ceiling = await journal.bounds()
    assert floor == batch[-1].entry.number
    assert ceiling > floor


async def test_an_event_that_a_clock_made_look_old_stays_behind_a_young_one(store: Store) -> None:
    young, old = events_at(1, 30)
    old = replace(old, entry=replace(old.entry, number=young.entry.number + 1))
    journal = journal_of(store)
    await journal.write([young, old])
    await sweep(store)
    assert len(await journal.after(0, 9)) == 2


async def test_writers_have_their_turn_between_two_steps(store: Store) -> None:
    film = Filming(unix_s=NOW_S - 30 * DAY_S)
    journal = journal_of(store, film)
    await journal.write([film.prob() for _ in range(3 * STEP_ROWS)])
    written = 0

    async def pause() -> None:
        nonlocal written
        async with store.writing() as tx:
            await meta.put(tx, "n", b"")
        written += 1

    await Retainer(store, Retention(), FOLDER, clock=lambda: NOW_S, pause=pause).sweep()
    assert written >= 3


async def test_incidents_go_with_their_reviews_and_their_pictures(store: Store, tmp_path: Path) -> None:
    old, young, lasting = (kept(NOW_S - age * DAY_S, number=number) for number, age in enumerate((400.0, 300.0, 400.0)))
    folder = PictureFolder(tmp_path)
    pictures = []
    async with store.writing() as tx:
        for one in (old, young):
            name = folder.name(one.incident.id)
            folder.begin(one.incident.id, np.zeros((8, 8, 3), np.uint8))
            folder.finish(one.incident.id)
            pictures.append(tmp_path / name)
            await incidents.put(tx, [replace(one, incident=replace(one.incident, end_s=6.0))])
            await incidents.set_picture(tx, one.incident.id, name)
            review = Review(
                id=f"rev_{one.started_s}",
                incident_id=one.incident.id,
                verdict=Verdict.CONFIRMED,
                reviewed_by="1",
                at_s=0.0,
            )
            await reviews.add(tx, review)
        await incidents.put(tx, [lasting])
    assert all(picture.exists() for picture in pictures)
    for _ in range(2):
        await sweep(store, folder=folder)
    async with store.reading() as tx:
        left = await incidents.listed(tx, limit=9, wanted=IncidentFilter())
        assert {one.incident.id for one in left} == {young.incident.id, lasting.incident.id}
        assert await reviews.listed(tx, old.incident.id, limit=9) == ()
        assert len(await reviews.listed(tx, young.incident.id, limit=9)) == 1
    assert [picture.exists() for picture in pictures] == [False, True]


async def test_of_too_many_incidents_the_oldest_go(store: Store) -> None:
    given = [kept(NOW_S - 10 * DAY_S + number, number=number) for number in range(9)]
    ended = [replace(one, incident=replace(one.incident, end_s=6.0)) for one in given]
    async with store.writing() as tx:
        await incidents.put(tx, ended)
    await sweep(store, Retention(incidents_most=4))
    async with store.reading() as tx:
        left = await incidents.listed(tx, limit=9, wanted=IncidentFilter())
    assert [one.incident.id for one in left] == [one.incident.id for one in reversed(given[-4:])]


@pytest.mark.parametrize(("most", "left"), [(100, [2, 1]), (2, [2, 1]), (1, [2])])
async def test_media_go_after_their_end(store: Store, most: int, left: list[int]) -> None:
    given = [facts(NOW_S - 500 * DAY_S + number, number=number) for number in range(3)]
    async with store.writing() as tx:
        await media.add(tx, given)
        for number, age in ((0, 400.0), (1, 300.0)):
            end = MediaEnd(finished_s=NOW_S - age * DAY_S, operations=0, prob=None, summary="{}")
            await media.end(tx, given[number].ref.media_id, end)
    await sweep(store, Retention(media_most=most))
    async with store.reading() as tx:
        listed = await media.listed(tx, limit=9, wanted=MediaFilter())
    assert [one.facts for one in listed] == [given[number] for number in left]


async def test_views_go_with_the_years(store: Store) -> None:
    async with store.writing() as tx:
        for number, age in enumerate((400.0, 300.0, 200.0)):
            at_s = NOW_S - age * DAY_S
            view = View(
                id=made("viw", at_s, number), kind="preview", subject="str_a", owner=None, viewed_by="1", at_s=at_s
            )
            await views.add(tx, view)
    for most, left in ((9, 2), (1, 1)):
        await sweep(store, Retention(views_most=most))
        async with store.reading() as tx:
            assert len(await views.listed(tx, limit=9)) == left


async def test_a_sweep_that_is_cancelled_has_done_a_part_and_the_next_does_the_rest(store: Store) -> None:
    film = Filming(unix_s=NOW_S - 30 * DAY_S)
    journal = journal_of(store, film)
    await journal.write([film.prob() for _ in range(2 * STEP_ROWS)])
    reached = asyncio.Event()

    async def pause() -> None:
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(Retainer(store, Retention(), FOLDER, clock=lambda: NOW_S, pause=pause).sweep())
    await reached.wait()
    task.cancel()
    await asyncio.wait({task})
    assert len(await journal.after(0, 9999)) == STEP_ROWS
    await sweep(store)
    assert await journal.after(0, 9999) == []


async def test_an_incident_outlives_its_events(store: Store) -> None:
    film = Filming(unix_s=NOW_S - 30 * DAY_S)
    journal = journal_of(store, film)
    incident = Incident(made("inc", NOW_S - 30 * DAY_S), 2.0, 4.0, 0.9, 3.0)
    await journal.write([film.publish(GoreIncident(reading(3.0, 0.9), IncidentState.ENDED, incident))])
    await sweep(store)
    assert await journal.after(0, 9) == []
    async with store.reading() as tx:
        assert len(await incidents.listed(tx, limit=9, wanted=IncidentFilter())) == 1


async def test_a_service_whose_turn_it_is_not_clears_away_its_own_pictures_of_what_is_gone(
    store: Store, tmp_path: Path
) -> None:
    """Rows go once for all services, and each has pictures in a folder of its own."""
    folder = PictureFolder(tmp_path)
    async with store.writing() as tx:
        await incidents.put(tx, [kept(number=1)])
    stays, gone = kept(number=1).incident.id, kept(number=2).incident.id
    for incident_id in (stays, gone):
        folder.begin(incident_id, np.zeros((2, 2, 3), np.uint8))
        folder.finish(incident_id)
    kept_for_long = Retention(incidents_days=10_000.0)
    first, second = (
        Retainer(store, kept_for_long, PictureFolder(where), region=region, clock=lambda: NOW_S, pause=nothing)
        for region, where in (("a", tmp_path / "a"), ("b", tmp_path))
    )
    await journal_of(store).write(events_at(9, 8))
    await first.sweep()
    await journal_of(store).write(events_at(7.5))
    await second.sweep()
    async with store.reading() as tx:
        assert await events.count(tx) == 1
    assert set(folder.kept().values()) == {stays}
