"""How many samples may be under way to a scorer, and which scorer gets the next."""

from web.cluster.hosting.underway import BATCH, UnderWay, idlest


def with_samples(count: int) -> UnderWay:
    found = UnderWay()
    found.sent(count)
    return found


def test_the_next_go_to_the_scorer_with_the_fewest_under_way() -> None:
    assert idlest({"a": with_samples(3), "b": with_samples(1), "c": with_samples(2)}) == "b"
    assert idlest({"b": with_samples(1), "a": with_samples(1)}) == "a"


def test_a_scorer_that_has_as_many_as_it_answers_soon_gets_no_more() -> None:
    assert idlest({"a": with_samples(BATCH)}) is None
    assert idlest({}) is None


def test_more_are_sent_to_a_scorer_that_answers_soon_up_to_two_batches() -> None:
    found = UnderWay()
    for _ in range(10 * BATCH):
        found.sent(1)
        found.answered(1, 0.01)
    assert found.room == 2 * BATCH


def test_fewer_are_sent_to_a_scorer_that_is_slow_or_lost_but_always_one() -> None:
    found = UnderWay()
    found.sent(BATCH)
    found.answered(BATCH, 2.0)
    assert found.room == BATCH // 2
    found.sent(4)
    found.lost(4)
    assert found.room == BATCH // 4
    for _ in range(10):
        found.sent(1)
        found.answered(1, 2.0)
    assert found.room == 1
