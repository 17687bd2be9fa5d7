"""What waits for a slow reader: scores are merged, nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from web.delivery.history import Entry
from web.delivery.waiting import Waiting


def entry(number: int, kind: str = "gore.prob", stream: str = "a") -> Entry:
    return Entry(number, kind, stream, b"")


def numbers(waiting: Waiting, most: int = 100) -> list[int]:
    return [one.number for one in waiting.take(most)]


def test_nothing_is_merged_before_a_reader_lags() -> None:
    waiting = Waiting(80)
    assert all(waiting.put(entry(number)) for number in range(11))
    assert waiting.merged == 0
    assert waiting.put(entry(11))
    assert waiting.merged == 1
    assert numbers(waiting) == [*range(10), 11]


def test_scores_merge_only_with_the_one_before_of_the_same_stream_and_not_across_other_events() -> None:
    waiting = Waiting(6)
    for one in (
        entry(1),
        entry(2, stream="b"),
        entry(3),
        entry(4, "gore.incident"),
        entry(5),
        entry(6, stream="b"),
        entry(7),
    ):
        assert waiting.put(one)
    assert waiting.merged == 3
    assert numbers(waiting) == [3, 4, 6, 7]


def test_what_was_taken_is_not_merged_with() -> None:
    waiting = Waiting(4)
    waiting.put(entry(1))
    assert numbers(waiting, 1) == [1]
    waiting.put(entry(2))
    assert (waiting.merged, numbers(waiting)) == (0, [2])


def test_those_up_to_a_number_can_be_had_alone() -> None:
    waiting = Waiting(100)
    for number in (3, 5, 7):
        waiting.put(entry(number))
    assert [one.number for one in waiting.upto(5)] == [3, 5]
    assert waiting.upto(6) == []
    assert numbers(waiting) == [7]


def test_a_full_queue_takes_no_more_but_a_score_for_a_score() -> None:
    waiting = Waiting(3)
    for number in range(2):
        assert waiting.put(entry(number, "media.stalled"))
    assert waiting.put(entry(2))
    assert waiting.put(entry(3))
    assert not waiting.put(entry(4, stream="b"))
    assert not waiting.put(entry(5, "gore.incident"))
    assert numbers(waiting) == [0, 1, 3]


kinds = st.sampled_from(["gore.prob", "gore.prob", "gore.incident", "media.finished"])


@given(st.lists(st.tuples(kinds, st.sampled_from("abc"))), st.integers(1, 20), st.integers(1, 7))
def test_order_holds_and_only_scores_go_missing(events: list[tuple[str, str]], limit: int, taken_each: int) -> None:
    waiting, entries, out = Waiting(limit), list[Entry](), list[Entry]()
    for number, (kind, stream) in enumerate(events):
        one = entry(number, kind, stream)
        if not waiting.put(one):
            break
        entries.append(one)
        assert len(waiting) <= limit
        if number % 5 == 4:
            out += waiting.take(taken_each)
    out += waiting.take(len(waiting))
    kept = {one.number for one in out}
    assert [one.number for one in out] == sorted(kept)
    assert len(entries) - len(out) == waiting.merged
    for one in entries:
        if one.number not in kept:
            of_the_stream = (other for other in entries if other.stream_id == one.stream_id)
            following = next(other for other in of_the_stream if other.number > one.number)
            assert one.kind == following.kind == "gore.prob"
