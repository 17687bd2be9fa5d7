"""What a client may ask for over its socket, and what it may not."""

import json

import pytest

from web.delivery.filters import Filter, NotUnderstood
from web.delivery.history import Entry


def test_a_message_changes_what_is_wanted_and_never_what_may_be_seen() -> None:
    before = Filter(streams=frozenset({"str_a"}), owners=frozenset({None, "me"}), only_stream="str_a")
    message = json.dumps({"type": "filter", "streams": ["str_b"], "types": ["gore.incident"]})
    after = before.changed(message)
    assert after == Filter(frozenset({"str_b"}), frozenset({"gore.incident"}), before.owners, "str_a")
    assert not after.wants(Entry(1, "gore.incident", "str_b", b"", "me"))
    assert before.changed('{"type": "filter"}') == Filter(owners=before.owners, only_stream="str_a")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nonsense",
        "null",
        "[]",
        "{}",
        '{"type": "subscribe"}',
        '{"type": "filter", "since": 3}',
        '{"type": "filter", "streams": "str_a"}',
        '{"type": "filter", "streams": [1]}',
        '{"type": "filter", "streams": null}',
        '{"type": "filter", "types": ["gore"]}',
        '{"type": "filter", "types": [["gore.prob"]]}',
        json.dumps({"type": "filter", "streams": ["x"] * 1001}),
        "[" * 5000,
        "\x00",
    ],
)
def test_what_is_no_filter_is_refused_in_one_short_sentence(message: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        Filter().changed(message)
    assert len(str(refused.value).encode()) < 120
