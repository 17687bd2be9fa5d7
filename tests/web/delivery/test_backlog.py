"""A bounded queue of what is owed: probabilities go first."""

from web.delivery.backlog import Backlog
from web.delivery.delivery import Owed, Style


def one(number: int, kind: str = "gore.incident") -> Owed:
    return Owed(
        sender="s", number=number, style=Style.STANDARD, media_id="m", body=b"", url="u", key_id=None, kind=kind
    )


def test_they_come_out_in_order() -> None:
    waiting = Backlog(10)
    for number in range(6):
        waiting.put(one(number, "gore.prob" if number % 2 else "gore.incident"))
    assert [owed.number for owed in waiting.take(4)] == [0, 1, 2, 3]
    assert [owed.number for owed in waiting.take(4)] == [4, 5]
    assert waiting.take(4) == []


def test_the_oldest_probability_goes_first_where_there_is_no_room() -> None:
    waiting = Backlog(3)
    for number, kind in enumerate(("a", "gore.prob", "b", "gore.prob", "c")):
        waiting.put(one(number, kind))
    assert waiting.dropped == 2
    waiting.put(one(5))
    assert (waiting.dropped, len(waiting)) == (3, 3)
    assert [owed.number for owed in waiting.take(9)] == [2, 4, 5]
