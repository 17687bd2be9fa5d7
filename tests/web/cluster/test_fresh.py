"""The newest of the log, as it went by."""

from hypothesis import given
from hypothesis import strategies as st

from web.cluster.fresh import Fresh
from web.cluster.messages import Message

_MESSAGE = Message("gore.eu.str_1.gore.prob", b"", {})


def numbers(batch: object) -> list[int]:
    return [number for number, _ in batch]  # type: ignore[attr-defined]


def batch_of(*those: int) -> list[tuple[int, Message]]:
    return [(number, _MESSAGE) for number in those]


def test_it_gives_what_follows_and_no_more() -> None:
    fresh = Fresh(100)
    fresh.add(10, batch_of(11, 12))
    fresh.add(12, batch_of(13))
    assert numbers(fresh.take(9)) == []
    assert numbers(fresh.take(10)) == [11, 12]
    assert numbers(fresh.take(12)) == [13]
    assert numbers(fresh.take(13)) == []


def test_what_was_taken_elsewhere_is_left_out() -> None:
    fresh = Fresh(100)
    fresh.add(10, batch_of(11, 12))
    fresh.add(12, batch_of(13, 15, 16))
    assert numbers(fresh.take(13)) == [15, 16]


def test_after_a_hole_there_is_nothing_until_somebody_has_filled_it() -> None:
    fresh = Fresh(100)
    fresh.add(10, batch_of(11))
    fresh.add(20, batch_of(21))
    assert numbers(fresh.take(10)) == [11]
    assert numbers(fresh.take(11)) == []
    assert numbers(fresh.take(20)) == [21]


def test_too_much_is_forgotten() -> None:
    fresh = Fresh(3)
    fresh.add(0, batch_of(1, 2))
    fresh.add(2, batch_of(3, 4))
    assert numbers(fresh.take(0)) == []
    fresh.add(4, batch_of(5))
    assert numbers(fresh.take(4)) == [5]


@given(st.lists(st.integers(1, 4), max_size=30), st.integers(1, 20), st.integers(0, 9))
def test_with_the_log_to_fall_back_on_nothing_is_missed_or_doubled(sizes: list[int], limit: int, every: int) -> None:
    fresh, last, place, got = Fresh(limit), 0, 0, list[int]()

    def step() -> bool:
        nonlocal place
        batch = fresh.take(place) or batch_of(*range(place + 1, min(place + 3, last + 1)))
        got.extend(numbers(batch))
        place = got[-1] if got else 0
        return bool(batch)

    for turn, size in enumerate(sizes):
        fresh.add(last, batch_of(*range(last + 1, last + size + 1)))
        last += size
        if turn % (every + 1) == 0:
            step()
    while step():
        pass
    assert got == list(range(1, last + 1))
