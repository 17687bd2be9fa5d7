from stream import errors
from web.api.compat.answers import Call, failure
from web.api.compat.errors import OUR_FAULT, OVERLOADED, TOO_MANY_REQUESTS, Fault, fault_of


def test_case_59_the_answer_to_too_many_requests() -> None:
    answer = failure(Call("req_1", 1700000000), TOO_MANY_REQUESTS)
    assert (TOO_MANY_REQUESTS.status, TOO_MANY_REQUESTS.retry_after_s) == (429, 1)
    assert answer["error"] == {"type": "usage_limit", "code": 33, "message": TOO_MANY_REQUESTS.message}


def test_what_a_source_can_be_is_never_called_our_fault() -> None:
    ours = {"source_error", "internal", "tool_missing", "ports_taken", "publish_refused", "offer_invalid"}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SourceError)]
    for kind in kinds:
        if kind.code not in ours | {"codec_unsupported"}:
            assert fault_of(kind.code) is not OUR_FAULT, kind.code
    assert fault_of("never heard of") is OUR_FAULT


def test_a_worker_that_died_is_worth_another_try() -> None:
    for code in ("worker_lost", "worker_replaced", "host_lost", "overloaded"):
        assert fault_of(code) is OVERLOADED
    assert OVERLOADED.retry_after_s


def test_another_message_is_the_same_fault() -> None:
    assert Fault(400, "media_error", 61, "a", 3).saying("b") == Fault(400, "media_error", 61, "b", 3)
