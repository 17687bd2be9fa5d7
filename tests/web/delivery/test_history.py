"""What is kept of the events, and what is not."""

from web.delivery.history import Entry, History


def entry(number: int) -> Entry:
    return Entry(number, "gore.prob", "str_a", b"")


def numbers(history: History, after: int, limit: int = 100) -> list[int]:
    return [kept.number for kept in history.after(after, limit)]


def test_an_empty_history_knows_that_events_before_its_start_may_be_missing() -> None:
    history = History(3, floor=1000)
    assert (history.floor, history.first) == (1000, 1001)
    assert numbers(history, 0) == []


def test_entries_after_an_id_come_in_order_also_across_holes() -> None:
    history = History(10, floor=0)
    for number in (10, 20, 30):
        history.append(entry(number))
    assert numbers(history, 0) == [10, 20, 30]
    assert numbers(history, 10) == numbers(history, 19) == [20, 30]
    assert numbers(history, 30) == numbers(history, 99) == []
    assert numbers(history, 0, limit=2) == [10, 20]


def test_the_oldest_go_when_it_is_full_and_the_floor_tells() -> None:
    history = History(3, floor=0)
    for number in range(1, 9):
        history.append(entry(number))
        kept = list(range(max(1, number - 2), number + 1))
        assert numbers(history, 0) == kept
        assert (history.first, history.floor) == (kept[0], kept[0] - 1)
        for after in range(number + 1):
            assert numbers(history, after) == [one for one in kept if one > after]
