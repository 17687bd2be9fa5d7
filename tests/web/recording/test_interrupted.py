"""What a service that broke off left open is closed by the next one."""

import json
from dataclasses import replace

from inference.events import IncidentState
from tests.web.recording.making import START_S, Filming
from tests.web.recording.test_journal import journal_of
from tests.web.store.test_blocks import wave
from web.recording.interrupted import close_interrupted
from web.store import incidents, media, scores
from web.store.kept import IncidentFilter
from web.store.scores import block_of
from web.store.store import Store


async def test_media_and_incidents_are_closed_with_the_scores_that_are_there(store: Store) -> None:
    scored, unscored, whole = (Filming(place) for place in range(3))
    journal = journal_of(store, scored, unscored, whole)
    samples = wave(40)
    await journal.write([scored.started(), scored.incident(IncidentState.STARTED, 2.0, peak=0.5)])
    await journal.write([unscored.started(), unscored.incident(IncidentState.STARTED, 2.0, peak=0.5)])
    await journal.write(whole.film())
    async with store.writing() as tx:
        await scores.put(tx, [block_of(scored.media_id, samples, at_s=1.0)])
        untouched = await media.find(tx, whole.media_id)
    assert await close_interrupted(store, at_s=START_S + 60) == 2
    assert await close_interrupted(store, at_s=START_S + 90) == 0
    async with store.reading() as tx:
        ends = [found.end for film in (scored, unscored) if (found := await media.find(tx, film.media_id))]
        listed = await incidents.listed(tx, limit=9, wanted=IncidentFilter())
        assert await media.find(tx, whole.media_id) == untouched
    assert all(end is not None for end in ends)
    first, second = (end for end in ends if end is not None)
    prob = max(sample.prob for sample in samples)
    assert (first.finished_s, first.operations, first.prob) == (START_S + 60, 40, prob)
    assert (second.operations, second.prob) == (0, None)
    assert [json.loads(end.summary or "")["status"] for end in (first, second)] == ["success", "failure"]
    assert {end.failure.code for end in (first, second) if end.failure is not None} == {"interrupted"}
    assert [one.incident.end_s for one in listed] == [4.0, 2.0, 19.5]


async def test_a_summary_names_the_media_as_it_was(store: Store) -> None:
    film = Filming()
    await journal_of(store, film).write([film.started()])
    await close_interrupted(store, at_s=START_S)
    async with store.reading() as tx:
        found = await media.find(tx, film.media_id)
    assert found is not None
    assert found.facts == replace(film.facts)
    assert found.end is not None
    summary = json.loads(found.end.summary or "")
    assert summary["media"] == {"id": film.media_id, "uri": "rtsp://h/door"}
    assert summary["error"]["message"] == "The service ended while it watched this media."
