"""What a service that broke off owed is told by the next one."""

from dataclasses import replace

from inference.events import Event, GoreIncident, IncidentState, MediaFailed
from inference.summary import summary_json
from tests.web.recording.making import START_S, Filming
from tests.web.recording.test_journal import journal_of
from tests.web.store.test_blocks import wave
from tests.web.store.test_jobs import JOB
from web.recording.interrupted import owed_events
from web.store import incidents, jobs, media, scores
from web.store.kept import IncidentFilter
from web.store.scores import block_of
from web.store.store import Store


async def told(store: Store, films: dict[str, Filming]) -> dict[str, tuple[Event, ...]]:
    """What is owed of each media, published and kept as the service does."""
    owed = await owed_events(store, at_s=START_S + 60)
    journal = journal_of(store, *films.values())
    for one in owed:
        film = films[one.facts.ref.media_id]
        assert one.facts == film.facts
        await journal.write([film.publish(event) for event in one.events])
    return {one.facts.ref.media_id: one.events for one in owed}


async def test_media_and_incidents_end_with_the_scores_that_are_there(store: Store) -> None:
    scored, unscored, whole = (Filming(place) for place in range(3))
    films = {film.media_id: film for film in (scored, unscored, whole)}
    journal = journal_of(store, *films.values())
    samples = wave(40)
    await journal.write([scored.started(), scored.incident(IncidentState.STARTED, 2.0, peak=0.5)])
    await journal.write([unscored.started(), unscored.incident(IncidentState.STARTED, 2.0, peak=0.5)])
    await journal.write(whole.film())
    async with store.writing() as tx:
        await scores.put(tx, [block_of(scored.media_id, samples, at_s=1.0)])
        untouched = await media.find(tx, whole.media_id)
    events = await told(store, films)
    assert set(events) == {scored.media_id, unscored.media_id}
    assert await told(store, films) == {}
    for film, end_s, answer in ((scored, 19.5, "success"), (unscored, 2.0, "failure")):
        incident, failed = events[film.media_id]
        assert isinstance(incident, GoreIncident)
        assert (incident.state, incident.incident.end_s) == (IncidentState.ENDED, end_s)
        assert isinstance(failed, MediaFailed)
        assert failed.failure.code == "interrupted"
        assert summary_json(failed.summary)["status"] == answer
    first = events[scored.media_id][-1]
    assert isinstance(first, MediaFailed)
    assert (first.summary.operations, first.summary.prob) == (40, max(sample.prob for sample in samples))
    async with store.reading() as tx:
        assert await media.running(tx) == ()
        listed = await incidents.listed(tx, limit=9, wanted=IncidentFilter())
        assert await media.find(tx, whole.media_id) == untouched
    assert [one.incident.end_s for one in listed] == [4.0, 2.0, 19.5]


async def test_the_media_of_a_job_goes_on_from_the_beginning(store: Store) -> None:
    film = Filming()
    await journal_of(store, film).write([film.started()])
    async with store.writing() as tx:
        await jobs.add(tx, replace(JOB, id=film.media_id, region="default"))
        await scores.put(tx, [block_of(film.media_id, wave(40), at_s=1.0)])
    assert await owed_events(store, at_s=START_S) == ()
    async with store.reading() as tx:
        assert await scores.read(tx, film.media_id) == []
