"""How many connections there may be, in all and of each key."""

from contextlib import ExitStack

import pytest

from web.delivery.seats import NoSeat, Seats


def test_each_key_has_its_share_and_all_have_theirs_together() -> None:
    seats = Seats(most=3, most_of_one=2)
    with ExitStack() as held:
        for key in ("a", "a", None):
            held.enter_context(seats.one(key))
        for key, of_the_key in (("a", True), ("b", False)):
            with pytest.raises(NoSeat) as refused, seats.one(key):
                pass
            assert refused.value.of_the_key is of_the_key
        assert seats.refused == 2
    with seats.one("a"), seats.one("a"), seats.one("b"):
        pass


def test_one_is_free_again_however_its_connection_ended() -> None:
    seats = Seats(most=1, most_of_one=1)
    with pytest.raises(OSError, match="gone"), seats.one("a"):
        raise OSError("gone")
    with seats.one("b"):
        pass
