import json

import pytest

from inference.incidents import Incident
from inference.scores import Point
from inference.summary import Fold, MediaRef, Summary, detail_json, error_json, probability, summary_json
from stream import errors
from stream.errors import Failure

MEDIA = MediaRef("req_1OjggusalNb2S7MxwLq2h", "med_1OjgEqvJtOhqP7sfNe3ga", "rtsp://***:***@camera/1")


def summary(
    prob: float | None = 0.01, *, failure: Failure | None = None, timestamp_s: float = 1509132120.69876
) -> Summary:
    return Summary(MEDIA, timestamp_s, 0 if prob is None else 1, prob, failure)


def test_a_success_is_key_for_key_the_answer_of_the_api() -> None:
    assert summary_json(summary()) == {
        "status": "success",
        "request": {"id": MEDIA.request_id, "timestamp": 1509132120.6988, "operations": 1},
        "gore": {"prob": 0.01},
        "media": {"id": MEDIA.media_id, "uri": MEDIA.uri},
    }


def test_a_failure_has_an_error_and_no_probability() -> None:
    failure = Failure("timeout", "The server at example.com did not answer within 10 s.", retryable=True)
    assert summary_json(summary(None, failure=failure)) == {
        "status": "failure",
        "request": {"id": MEDIA.request_id, "timestamp": 1509132120.6988, "operations": 0},
        "error": {"type": "media_error", "code": 61, "message": failure.message},
        "media": {"id": MEDIA.media_id, "uri": MEDIA.uri},
    }


def test_whole_numbers_stay_floats_where_clients_read_floats() -> None:
    text = json.dumps(summary_json(summary(1, timestamp_s=1_700_000_000)))
    assert '"prob": 1.0' in text
    assert '"timestamp": 1700000000.0' in text
    assert '"operations": 1}' in text


def test_a_summary_without_a_cause_still_says_why_there_is_no_probability() -> None:
    answer = summary_json(summary(None))
    assert answer["error"] == {
        "type": "media_error",
        "code": 63,
        "message": "No frame of this media has been decoded and scored.",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, 0.0), (1, 1.0), (0.83124999, 0.8312), (0.00004, 0.0), (-1e-9, 0.0), (1.0000001, 1.0), (0.99996, 1.0)],
)
def test_probabilities_have_four_decimals_and_stay_in_range(value: float, shown: float) -> None:
    assert probability(value) == shown
    assert isinstance(probability(value), float)


def test_nan_is_never_shown() -> None:
    with pytest.raises(ValueError, match="NaN"):
        probability(float("nan"))


@pytest.mark.parametrize(
    ("code", "kind", "number"),
    [
        ("address_invalid", "argument_error", 54),
        ("address_refused", "media_error", 61),
        ("not_found", "media_error", 61),
        ("connection_lost", "media_error", 61),
        ("too_large", "media_error", 62),
        ("not_media", "media_error", 63),
        ("no_video", "media_error", 63),
        ("decode_failed", "media_error", 63),
        ("worker_lost", "api_error", 91),
        ("overloaded", "api_error", 91),
        ("scoring_failed", "api_error", 91),
        ("never heard of", "api_error", 91),
    ],
)
def test_failures_have_the_types_and_numbers_of_the_api(code: str, kind: str, number: int) -> None:
    assert error_json(Failure(code, "Because.")) == {"type": kind, "code": number, "message": "Because."}


def test_a_source_that_cannot_be_reached_or_read_is_never_called_our_fault() -> None:
    ours = {
        "source_error",
        "worker_lost",
        "worker_replaced",
        "host_lost",
        "overloaded",
        "tool_missing",
        "ports_taken",
        "internal",
    }
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SourceError)]
    assert len(kinds) > 10
    for kind in kinds:
        assert (error_json(Failure(kind.code, ""))["code"] == 91) is (kind.code in ours), kind.code


def test_the_fold_keeps_the_highest_prob_and_counts_the_samples() -> None:
    fold = Fold(MEDIA)
    for prob in (0.2, 0.7, 0.3):
        fold.add(prob)
    assert fold.summary(5.0) == Summary(MEDIA, 5.0, 3, 0.7)


def test_what_was_scored_counts_although_the_source_failed() -> None:
    fold = Fold(MEDIA)
    failure = Failure("connection_lost", "It broke.")
    assert fold.summary(5.0, failure) == Summary(MEDIA, 5.0, 0, None, failure)
    fold.add(0.0)
    assert fold.summary(5.0, failure) == Summary(MEDIA, 5.0, 1, 0.0)


def test_the_detail_adds_two_keys_to_the_same_object() -> None:
    incidents = [Incident("inc_1", 1.23456, 2.0, 0.912345, 1.5), Incident("inc_2", 3, None, 0.5, 3)]
    detail = detail_json(summary(), incidents, [Point(0, 0.123456, 1)])
    assert {key: value for key, value in detail.items() if key not in ("incidents", "scores")} == summary_json(
        summary()
    )
    assert detail["incidents"] == [
        {"id": "inc_1", "start": 1.235, "end": 2.0, "peak": 0.9123, "peak_position": 1.5},
        {"id": "inc_2", "start": 3.0, "end": None, "peak": 0.5, "peak_position": 3.0},
    ]
    assert json.dumps(detail["scores"]) == '[{"position": 0.0, "prob": 1.0, "raw": 0.1235}]'
