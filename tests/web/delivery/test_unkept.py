"""What waits for the journal: bounded, and the dearest is kept longest."""

from inference.events import MediaStalled
from web.delivery.history import Entry
from web.delivery.journal import Published
from web.delivery.unkept import Unkept


def published(number: int, kind: str = "media.stalled") -> Published:
    return Published(Entry(number, kind, "str_a", b""), "med_a", MediaStalled(""), 0.0)


def left(unkept: Unkept) -> list[int]:
    return [entry.number for entry in unkept.between(0, 1000, 1000)]


def test_scores_go_first_then_the_oldest_and_the_newest_stay() -> None:
    unkept = Unkept(3)
    for number, kind in enumerate(["media.started", "gore.prob", "gore.incident", "gore.prob", "gore.incident"], 1):
        unkept.add(published(number, kind))
    assert left(unkept) == [1, 3, 5]
    assert (unkept.dropped, unkept.lost) == ({"gore.prob": 2}, 0)
    unkept.add(published(6))
    assert left(unkept) == [3, 5, 6]
    assert (unkept.dropped, unkept.lost) == ({"gore.prob": 2, "media.started": 1}, 1)


def test_what_is_being_written_stays_in_its_place_until_it_is() -> None:
    unkept = Unkept(4)
    for number in range(1, 5):
        unkept.add(published(number, "gore.prob"))
    assert [one.entry.number for one in unkept.begin(2)] == [1, 2]
    unkept.add(published(5))
    assert (left(unkept), len(unkept)) == ([1, 2, 3, 4, 5], 5)
    assert [one.entry.number for one in unkept] == [1, 2, 3, 4, 5]
    unkept.failed()
    assert (left(unkept), unkept.dropped) == ([2, 3, 4, 5], {"gore.prob": 1})
    assert [one.entry.number for one in unkept.begin(2)] == [2, 3]
    unkept.written()
    assert left(unkept) == [4, 5]
    assert unkept.between(4, 1000, 1000) == [published(5).entry]
    assert unkept.between(0, 4, 1000) == unkept.between(0, 5, 1) == [published(4, "gore.prob").entry]


def test_all_that_is_given_up_counts_as_dropped() -> None:
    unkept = Unkept(4)
    for number in range(1, 4):
        unkept.add(published(number))
    unkept.begin(2)
    unkept.give_up()
    assert (len(unkept), unkept.dropped, unkept.lost) == (0, {"media.stalled": 3}, 3)
    assert unkept.begin(2) == []
