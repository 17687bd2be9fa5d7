"""Parts of the past that were read last, for all who are at the same place; and what is in whose hand."""

from hypothesis import given, settings
from hypothesis import strategies as st

from web.delivery.history import Entry
from web.delivery.stretch import InHand, Shelf, Stretch


def entries(*numbers: int) -> list[Entry]:
    return [Entry(number, "media.stalled", "str_a", b"") for number in numbers]


def found(shelf: Shelf, number: int) -> tuple[list[int], int] | None:
    stretch = shelf.find(number)
    return None if stretch is None else ([entry.number for entry in stretch.entries], stretch.upto)


def test_what_comes_next_is_found_from_any_place_within() -> None:
    shelf = Shelf(2)
    shelf.put(10, Stretch(entries(12, 15, 19), 19))
    assert [found(shelf, number) for number in (9, 10, 12, 14, 18, 19)] == [
        None,
        ([12, 15, 19], 19),
        ([15, 19], 19),
        ([15, 19], 19),
        ([19], 19),
        None,
    ]


def test_that_there_is_nothing_is_found_too() -> None:
    shelf = Shelf(2)
    shelf.put(10, Stretch((), 30))
    assert found(shelf, 20) == ([], 30)


def test_only_the_last_few_are_there_and_none_with_a_gap() -> None:
    shelf = Shelf(2)
    for after in (10, 20, 30):
        shelf.put(after, Stretch(entries(after + 5), after + 5))
    shelf.put(0, Stretch(entries(5), 5, first=5))
    assert [found(shelf, number) for number in (0, 10, 20, 30)] == [None, None, ([25], 25), ([35], 35)]


def test_what_many_have_in_hand_counts_once_until_the_last_is_done() -> None:
    in_hand, whole = InHand(), Stretch(entries(1, 2, 3), 3)
    in_hand.give("a", Stretch(entries(3), 3))
    assert in_hand.total == 1
    in_hand.give("b", whole)
    in_hand.give("c", whole)
    assert in_hand.total == 3
    in_hand.give("c", Stretch(entries(4, 5), 5))
    assert in_hand.total == 5
    for reader in ("b", "b", "nobody"):
        in_hand.take(reader)
    assert in_hand.total == 5
    in_hand.take("a")
    assert in_hand.total == 2
    in_hand.take("c")
    assert in_hand.total == 0


@settings(deadline=None, database=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.booleans())))
def test_the_total_is_never_less_than_what_is_held_and_ends_with_it(steps: list[tuple[str, int, bool]]) -> None:
    in_hand, held = InHand(), dict[str, int]()
    for reader, place, gives in steps:
        if gives:
            in_hand.give(reader, Stretch(entries(*range(place)), place))
            held[reader] = place
        else:
            in_hand.take(reader)
            held.pop(reader, None)
        assert in_hand.total == sum(set(held.values()))
