"""Ids that are made now."""

from stream.ids import is_id
from web.ids import new_id, new_ids


def test_many_made_at_once_are_ids_in_order_of_which_none_is_given_twice() -> None:
    earlier = new_id("cbk")[:12]
    ids = [*new_ids("cbk", 1000), *new_ids("cbk", 1000)]
    assert all(is_id("cbk", one) and one[:12] >= earlier for one in ids)
    assert len(set(ids)) == 2000
    assert ids[:1000] == sorted(ids[:1000])
    assert new_ids("cbk", 0) == []
