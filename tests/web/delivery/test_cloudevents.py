"""The envelope of events."""

import json
from typing import Any

import pytest

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    Incident,
    IncidentState,
    MediaFailed,
    MediaFinished,
    MediaResumed,
    MediaStalled,
    MediaStarted,
    Reading,
)
from inference.summary import MediaRef, Summary
from stream.errors import Failure
from tests.web.fakes import INFO
from web.delivery.cloudevents import TYPES, encode, encode_gap, format_id, next_id, parse_id

READING = Reading(12.4804, 0.83124, 0.91271, 3.0, 6, captured_s=100.0)
INCIDENT = Incident("inc_1", 10.0, None, 0.9, 11.5)
SUMMARY = Summary(MediaRef("req_1", "med_1", "rtsp://x/"), 1509132120.69884, 3, 0.01)


def encoded(event: Event) -> dict[str, Any]:
    kind, data = encode(
        event, number=42, stream_id="str_1", media_id="med_1", unix_s=1795369203.12, monotonic_s=100.084
    )
    envelope: dict[str, Any] = json.loads(data)
    assert envelope["type"] == kind
    assert kind in TYPES
    return envelope


def test_a_score_is_the_documented_cloudevent() -> None:
    assert encoded(GoreProb(READING)) == {
        "specversion": "1.0",
        "id": "00000000000000000042",
        "type": "gore.prob",
        "source": "/v1/streams/str_1",
        "subject": "med_1",
        "time": "2026-11-22T17:40:03.120Z",
        "datacontenttype": "application/json",
        "data": {
            "position": 12.48,
            "gore": {"prob": 0.8312},
            "raw": {"prob": 0.9127},
            "window": {"seconds": 3.0, "samples": 6},
            "latency": 0.084,
        },
    }


def test_an_incident_carries_the_score_and_itself() -> None:
    data = encoded(GoreIncident(READING, IncidentState.STARTED, INCIDENT))["data"]
    assert data["state"] == "started"
    assert data["gore"] == {"prob": 0.8312}
    assert data["incident"] == {"id": "inc_1", "start": 10.0, "end": None, "peak": 0.9, "peak_position": 11.5}


@pytest.mark.parametrize(
    ("event", "kind", "data"),
    [
        (
            MediaStarted(INFO),
            "media.started",
            {"stream": "str_1", "codec": "h264", "width": 1280, "height": 720, "fps": 30.0},
        ),
        (MediaStalled("no frames"), "media.stalled", {"reason": "no frames"}),
        (MediaResumed("frames"), "media.resumed", {"reason": "frames"}),
        (
            MediaFailed(Failure("not_found", "404."), SUMMARY),
            "media.failed",
            {"error": {"code": "not_found", "message": "404."}},
        ),
        (
            MediaFinished(SUMMARY),
            "media.finished",
            {
                "summary": {
                    "status": "success",
                    "request": {"id": "req_1", "timestamp": 1509132120.6988, "operations": 3},
                    "gore": {"prob": 0.01},
                    "media": {"id": "med_1", "uri": "rtsp://x/"},
                }
            },
        ),
    ],
)
def test_the_other_types_and_their_data(event: Event, kind: str, data: dict[str, object]) -> None:
    envelope = encoded(event)
    assert (envelope["type"], envelope["data"]) == (kind, data)


def test_ids_grow_with_time_and_over_restarts_and_when_the_clock_goes_back() -> None:
    assert next_id(5, 1000) == 1000
    assert next_id(1000, 1000) == 1001
    assert next_id(1000, 7) == 1001
    assert format_id(9) < format_id(10) < format_id(1_795_369_203_120_000)
    assert parse_id(format_id(77)) == 77
    assert [parse_id(text) for text in ("", "x", "-1", "1" * 21, "１", " 1", "1.0")] == [None] * 7


def test_a_gap_can_be_resumed_from_without_losing_what_is_kept() -> None:
    gap = json.loads(encode_gap(first=500, since=3, unix_s=0.0))
    assert gap["type"] == "gap"
    assert gap["data"] == {"first": format_id(500), "since": format_id(3)}
    assert gap["id"] == format_id(499)
