"""How many deliveries are under way: in all, to one host, and to those who failed."""

from dataclasses import dataclass

from web.delivery.room import Closed, Room


@dataclass(frozen=True)
class One:
    sender: str
    host: str = "h"
    attempts: int = 0


def test_one_of_a_sender_and_so_many_of_a_host_are_let_in() -> None:
    room = Room(most=10, most_troubled=10, most_per_host=2)
    assert room.enter(One("a"))
    assert not room.enter(One("a", host="i"))
    assert room.enter(One("b"))
    assert not room.enter(One("c"))
    assert room.closed() == Closed(frozenset({"a", "b"}), frozenset({"h"}))
    room.leave(One("a"), failed=False)
    assert room.enter(One("c"))


def test_so_many_are_let_in_in_all() -> None:
    room = Room(most=2, most_troubled=2, most_per_host=2)
    assert room.enter(One("a", "1"))
    assert room.enter(One("b", "2"))
    assert room.free == 0
    assert not room.enter(One("c", "3"))


def test_those_who_failed_and_their_neighbours_have_a_part_of_the_room() -> None:
    room = Room(most=10, most_troubled=2, most_per_host=5)
    assert room.enter(One("a", "down"))
    room.leave(One("a", "down"), failed=True)
    assert room.enter(One("a", "down", attempts=1))
    assert room.enter(One("b", "down"))
    assert room.closed() == Closed(frozenset({"a", "b"}), frozenset({"down"}), tried=True)
    assert not room.enter(One("c", "other", attempts=3))
    assert not room.enter(One("d", "down"))
    assert room.enter(One("e", "up"))
    room.leave(One("b", "down"), failed=False)
    assert room.enter(One("c", "other", attempts=3))


def test_a_host_that_answers_again_is_like_any_other() -> None:
    room = Room(most=10, most_troubled=1, most_per_host=5)
    assert room.enter(One("a"))
    room.leave(One("a"), failed=True)
    assert room.enter(One("a"))
    room.leave(One("a"), failed=False)
    assert all(room.enter(One(str(number))) for number in range(5))


def test_hosts_that_fail_are_remembered_within_a_bound() -> None:
    room = Room(most=2, most_troubled=1, most_per_host=1)
    for number in range(600):
        assert room.enter(One("a", str(number)))
        room.leave(One("a", str(number)), failed=True)
    assert room.enter(One("a", "x", attempts=1))
    assert len(room.closed().hosts) == 501
    assert {"99", "100"} & room.closed().hosts == {"100"}
