"""Events as messages of the log, and back."""

import json
import re
from dataclasses import replace

import pytest

from inference.events import GoreProb, IncidentState, MediaResumed, MediaStalled
from stream.errors import Failure
from tests.web.recording.making import Filming
from web.cluster.messages import Message, NotAnEvent, entry_of, message_of, recorded
from web.delivery.journal import Published

NUMBER = 1_790_000_000_000_077


def everything(film: Filming) -> list[Published]:
    return [
        *film.film(),
        film.incident(IncidentState.ENDED, 3.0, peak=0.875, end_s=4.0, number=1),
        film.publish(MediaStalled("silent")),
        film.publish(MediaResumed("It’s back, “live”.")),
        film.finished(prob=None),
        film.failed(Failure("timeout", "Zu spät.", retryable=True)),
    ]


def as_message(published: Published, film: Filming, *, known: bool = True) -> Message:
    return message_of(published, region="eu", facts=film.facts if known else None)


@pytest.mark.parametrize("owner", ["1", None])
def test_what_the_store_is_told_is_what_was_published(owner: str | None) -> None:
    film = Filming(owner=owner, callback_url="https://example.org/called")
    for published in everything(film):
        again, facts = recorded(as_message(published, film), NUMBER)
        scored = isinstance(published.event, GoreProb)
        assert again == replace(published, entry=again.entry)
        assert facts == (None if scored else film.facts)
        assert recorded(as_message(published, film, known=False), NUMBER) == (again, None)


def test_subscribers_get_the_same_event_by_the_number_of_the_log() -> None:
    film = Filming()
    for published in everything(film):
        entry = entry_of(as_message(published, film), NUMBER)
        given, made = json.loads(entry.data), json.loads(published.entry.data)
        assert given.pop("id") == f"{NUMBER:020d}"
        assert made.pop("id") != f"{NUMBER:020d}"
        assert given == made
        assert (entry.kind, entry.stream_id, entry.owner) == (made["type"], film.stream_id, "1")


def test_a_subject_says_where_whose_and_what() -> None:
    film = Filming()
    assert as_message(film.prob(), film).subject == f"gore.eu.{film.stream_id}.gore.prob"


def test_no_two_events_have_the_same_id_for_the_log_and_one_keeps_it() -> None:
    film, other = Filming(), Filming(place=1)
    events = everything(film) + everything(other)
    ids = [as_message(one, film).headers["Nats-Msg-Id"] for one in events]
    assert len(set(ids)) == len(ids)
    assert ids == [as_message(one, film).headers["Nats-Msg-Id"] for one in events]


def broken() -> list[Message]:
    film = Filming()
    good = as_message(film.incident(IncidentState.STARTED, 2.0, peak=0.5), film)
    prob = as_message(film.prob(), film)
    record = json.loads(good.headers["Gore-Record"])
    without_peak = {**record["event"], "incident": {"id": "inc_1"}}
    return [
        Message("gore.eu", good.body, good.headers),
        Message("other.eu.str_1.gore.prob", good.body, good.headers),
        replace(good, body=b""),
        replace(good, body=b'{"specversion":"1.0","id":"5","type":"gore.incident"}'),
        replace(good, headers={}),
        replace(good, body=re.sub(rb'"time":"[^"]*"', b'"time":"noon"', good.body)),
        replace(good, headers={**good.headers, "Gore-Record": "{"}),
        replace(good, headers={**good.headers, "Gore-Record": "[]"}),
        replace(good, headers={**good.headers, "Gore-Record": json.dumps({**record, "event": without_peak})}),
        replace(good, headers={**good.headers, "Gore-Record": json.dumps({**record, "facts": {"name": 1}})}),
        replace(prob, body=prob.body.replace(b'"raw":{"prob"', b'"raw":{"p"')),
    ]


@pytest.mark.parametrize("message", broken())
def test_what_cannot_be_read_is_said_to_be_so(message: Message) -> None:
    with pytest.raises(NotAnEvent):
        recorded(message, NUMBER)
