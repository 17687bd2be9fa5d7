"""Who of several services is asked first."""

from collections import Counter

import pytest

from web.cluster.spreading import by_name, in_turn, is_full

URLS = [f"http://service-{number}:8080" for number in range(5)]
NAMES = [f"cam-{number}" for number in range(1000)]


def test_a_name_has_the_same_order_whatever_order_the_services_are_told_in() -> None:
    for name in NAMES[:20]:
        assert by_name(name, URLS) == by_name(name, URLS[::-1])
        assert sorted(by_name(name, URLS)) == URLS


def test_what_is_no_text_has_its_order_too() -> None:
    assert sorted(by_name("\udcff", URLS)) == URLS


def test_names_are_spread_over_all() -> None:
    firsts = Counter(by_name(name, URLS)[0] for name in NAMES)
    assert set(firsts) == set(URLS)
    assert max(firsts.values()) < 1.3 * len(NAMES) / len(URLS)


def test_when_a_service_goes_only_its_names_move() -> None:
    for name in NAMES[:100]:
        before, after = by_name(name, URLS), by_name(name, URLS[1:])
        assert after == [url for url in before if url != URLS[0]]


def test_in_turn_each_is_first() -> None:
    orders = [in_turn(turn, URLS[:3]) for turn in range(4)]
    assert [order[0] for order in orders] == [*URLS[:3], URLS[0]]
    assert all(sorted(order) == URLS[:3] for order in orders)
    assert in_turn(3, []) == []


@pytest.mark.parametrize(
    ("status", "body", "full"),
    [
        (429, b'{"code": "too_many_streams"}', True),
        (503, b'{"code": "too_many_publishers"}', True),
        (503, b'{"code": "shutting_down"}', True),
        (429, b'{"status": "failure", "error": {"code": 34}}', True),
        (429, b'{"code": "rate_exceeded"}', False),
        (429, b'{"status": "failure", "error": {"code": 33}}', False),
        (409, b'{"code": "too_many_streams"}', False),
        (503, b"<html>", False),
        (503, b"[]", False),
        (503, b'{"error": "too_many_streams"}', False),
    ],
)
def test_a_service_is_full_when_another_may_have_room(status: int, body: bytes, full: bool) -> None:
    assert is_full(status, body) is full
