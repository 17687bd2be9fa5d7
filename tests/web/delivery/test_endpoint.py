"""Which events are owed to whom."""

from dataclasses import replace

import pytest

from inference.events import MediaStalled
from web.delivery.audience import Audience
from web.delivery.cloudevents import TYPES
from web.delivery.delivery import Style, host_of, is_of_key, secret_of_key
from web.delivery.endpoint import USUAL, Endpoint, StreamHook, owed, stream_hook
from web.delivery.history import Entry
from web.delivery.journal import Published

HOOK = Endpoint(id="whk_a", key_id="1", url="https://hook.example/", created_s=0.0)


def happened(kind: str = "gore.incident", *, owner: str | None = "1", stream: str = "str_a") -> Published:
    return Published(Entry(42, kind, stream, b"{}", owner), "med_a", MediaStalled("x"), 1.0)


@pytest.mark.parametrize("kind", TYPES)
def test_a_webhook_gets_the_usual_events_or_those_that_it_asks_for(kind: str) -> None:
    assert HOOK.wants(happened(kind).entry) is (kind != "gore.prob")
    assert replace(HOOK, kinds=("gore.prob",)).wants(happened(kind).entry) is (kind == "gore.prob")


@pytest.mark.parametrize(
    ("owner", "key_id", "sees_all", "told"),
    [
        ("1", "1", False, True),
        ("2", "1", False, False),
        ("2", "1", True, True),
        (None, "1", False, True),
        (None, None, False, True),
        ("1", None, False, False),
    ],
)
def test_a_webhook_is_told_of_what_its_key_sees(
    owner: str | None, key_id: str | None, sees_all: bool, told: bool
) -> None:
    assert replace(HOOK, key_id=key_id, sees_all=sees_all).wants(happened(owner=owner).entry) is told


def test_a_webhook_may_be_for_some_streams_alone_or_disabled() -> None:
    for_some = replace(HOOK, streams=("str_b",))
    assert not for_some.wants(happened().entry)
    assert for_some.wants(happened(stream="str_b").entry)
    assert not replace(HOOK, disabled="Gone.").wants(happened().entry)


def test_what_is_owed_says_all_that_sending_needs() -> None:
    hooks = {"str_a": StreamHook("https://stream.example/", "1")}
    to_hook, to_stream = owed([happened()], Audience([HOOK, replace(HOOK, key_id="2")]).of, hooks.get)
    assert (to_hook.sender, to_hook.webhook_id, to_hook.holder) == ("whk_a", "whk_a", "whk_a")
    assert (to_stream.sender, to_stream.webhook_id, to_stream.holder) == ("str_a", None, secret_of_key("1"))
    assert (to_hook.url, to_stream.url) == ("https://hook.example/", "https://stream.example/")
    for one in (to_hook, to_stream):
        assert (one.style, one.number, one.event_id, one.kind) == (Style.STANDARD, 42, f"{42:020}", "gore.incident")
        assert (one.body, one.media_id, one.stream_id, one.key_id) == (b"{}", "med_a", "str_a", "1")
        assert one.job_id is None


def test_the_callback_of_a_stream_never_gets_probabilities() -> None:
    kinds = [
        one.kind for one in owed(map(happened, TYPES), Audience().of, lambda _: StreamHook("https://s.example/", "1"))
    ]
    assert set(kinds) == USUAL


def test_who_named_the_address_signs() -> None:
    assert stream_hook(None, owner="1", usual="https://a/") is None
    assert stream_hook("https://a/", owner="1", usual="https://a/") == StreamHook("https://a/", None)
    assert stream_hook("https://b/", owner="1", usual="https://a/") == StreamHook("https://b/", "1")
    assert is_of_key(secret_of_key(None))
    assert not is_of_key("whk_a")


def test_a_host_is_named_without_who_logs_in_there() -> None:
    assert host_of("https://user:p@ss@Hook.Example:8443/a?b=@c") == "hook.example:8443"
