"""The lists of several services as one."""

import json

from web.cluster.joining import joined


def listed(**lists: object) -> tuple[int, bytes]:
    return 200, json.dumps(lists).encode()


def test_streams_of_all_are_in_the_order_in_which_they_were_made() -> None:
    one = joined([listed(streams=[{"id": "str_1"}, {"id": "str_4"}]), listed(streams=[{"id": "str_2"}])])
    assert one is not None
    assert one.body is not None
    assert (one.at, one.missing) == (0, 0)
    assert json.loads(one.body) == {"streams": [{"id": "str_1"}, {"id": "str_2"}, {"id": "str_4"}]}


def test_what_is_beside_a_list_is_the_first_ones() -> None:
    one = joined([listed(engine="ray", hosts=[{"id": "b"}]), listed(engine="local", hosts=[{"id": "a"}])])
    assert one is not None
    assert one.body is not None
    assert json.loads(one.body) == {"engine": "ray", "hosts": [{"id": "a"}, {"id": "b"}]}


def test_who_gives_no_list_is_missing() -> None:
    answers = [None, (500, b"{}"), listed(streams=[]), (200, b"not json"), (200, b"[]"), (200, b'{"streams": 1}')]
    one = joined(answers)
    assert one is not None
    assert (one.at, one.body, one.missing) == (2, b'{"streams": []}', 5)


def test_where_nobody_gives_one_what_is_said_of_the_request_counts() -> None:
    one = joined([None, (503, b"{}"), (401, b"who?")])
    assert one is not None
    assert (one.at, one.body, one.missing) == (2, None, 0)


def test_where_nobody_answers_nothing_comes_of_it() -> None:
    assert joined([None, (503, b"{}"), (200, b"no list")]) is None
