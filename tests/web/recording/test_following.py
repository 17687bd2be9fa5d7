"""What follows from events."""

import json

from inference.events import IncidentState
from stream.errors import Failure
from tests.web.recording.making import INFO, START_S, Filming
from web.recording.following import ceiling_for, facts_of, following
from web.store.kept import MediaPicture, picture_of

DAY_US = 86_400 * 10**6


def test_a_film_leaves_its_picture_its_incident_and_its_end() -> None:
    filming = Filming()
    told = following(filming.film())
    assert told.pictures == {filming.media_id: picture_of(INFO)}
    assert picture_of(INFO) == MediaPicture(codec="h264", width=1280, height=720, fps=30.0)
    [incident] = told.incidents
    assert (incident.incident.start_s, incident.incident.end_s, incident.incident.peak) == (2.0, 4.0, 0.875)
    assert (incident.media_id, incident.stream_id, incident.owner) == (filming.media_id, filming.stream_id, "1")
    assert incident.started_s == START_S + 1.5
    end = told.ends[filming.media_id]
    assert (end.finished_s, end.operations, end.prob, end.failure) == (START_S + 3.0, 9, 0.75, None)
    assert end.summary is not None
    assert json.loads(end.summary)["gore"] == {"prob": 0.75}


def test_of_an_incident_whose_start_was_not_told_the_start_is_reckoned() -> None:
    [incident] = following([Filming().incident(IncidentState.PEAK, 7.0, peak=0.9)]).incidents
    assert incident.started_s == START_S + 0.5 - 5.0


def test_a_media_that_failed_says_why() -> None:
    filming = Filming()
    gone = Failure("timeout", "It does not answer.")
    end = following([filming.failed(gone)]).ends[filming.media_id]
    assert (end.failure, end.prob) == (gone, None)
    assert end.summary is not None
    assert json.loads(end.summary)["status"] == "failure"


def test_incidents_of_many_media_stay_apart() -> None:
    films = [Filming(place) for place in range(3)]
    batch = [film.incident(IncidentState.STARTED, 2.0, peak=0.5, number=number) for film in films for number in (0, 1)]
    assert [incident.media_id for incident in following(batch).incidents] == [
        film.media_id for film in films for _ in (0, 1)
    ]


def test_a_media_that_nobody_knows_any_more_is_known_from_its_event() -> None:
    filming = Filming(owner=None)
    assert facts_of(filming.prob(), lambda _: filming.facts) == filming.facts
    bare = facts_of(filming.prob(), lambda _: None)
    assert (bare.ref.media_id, bare.stream_id, bare.owner, bare.policy) == (
        filming.media_id,
        filming.stream_id,
        None,
        None,
    )
    assert facts_of(filming.finished(), lambda _: None).ref == filming.ref


def test_the_ceiling_lies_ahead_and_moves_seldom() -> None:
    now = int(START_S * 10**6)
    first = ceiling_for(now, unix_s=START_S, ceiling=0)
    assert first == now + DAY_US
    assert ceiling_for(now + DAY_US // 3, unix_s=START_S + 86_400 / 3, ceiling=first) == first
    assert ceiling_for(now + DAY_US * 2 // 3, unix_s=START_S + 86_400 * 2 / 3, ceiling=first) > first


def test_numbers_that_run_ahead_of_a_clock_that_was_set_back_stay_under_it() -> None:
    now = int(START_S * 10**6)
    ceiling = ceiling_for(now, unix_s=START_S, ceiling=0)
    ahead = ceiling + 1
    assert ceiling_for(ahead, unix_s=START_S - 3600, ceiling=ceiling) == ahead + 1_000_000
