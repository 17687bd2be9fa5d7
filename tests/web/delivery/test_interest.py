import random

import pytest

from web.delivery.filters import Filter
from web.delivery.history import Entry
from web.delivery.interest import Interest

STREAMS = ("a", "b", "c")
KINDS = ("gore.prob", "gore.incident")
OWNERS = (None, "key1", "key2")


def drawn_filter(draw: random.Random) -> Filter:
    return Filter(
        streams=frozenset(draw.choice([(), ("a",), ("a", "b"), tuple(f"s{number}" for number in range(50)), STREAMS])),
        kinds=frozenset(draw.choice([(), ("gore.incident",)])),
        owners=draw.choice([None, frozenset({None}), frozenset({None, "key1"})]),
        only_stream=draw.choice([None, "a", "b"]),
    )


def drawn_entry(draw: random.Random, number: int) -> Entry:
    if draw.random() < 0.05:
        return Entry(number, "gap", "", b"", None)
    return Entry(number, draw.choice(KINDS), draw.choice(STREAMS), b"", draw.choice(OWNERS))


@pytest.mark.parametrize("seed", range(50))
def test_everybody_is_told_of_what_its_filter_wants(seed: int) -> None:
    draw = random.Random(seed)
    interest: Interest[int] = Interest()
    wanted: dict[int, Filter] = {}
    for one in range(60):
        wanted[one] = drawn_filter(draw)
        interest.add(wanted[one], one)
    for one in draw.sample(range(60), 30):
        assert interest.remove(wanted[one], one)
        assert not interest.remove(wanted.pop(one), one)
    entries = [drawn_entry(draw, number) for number in range(draw.randint(1, 12))]
    told = {one: some for group, some in interest.told(entries) for one in group}
    expected = {one: [entry for entry in entries if it.wants(entry)] for one, it in wanted.items()}
    assert told == {one: some for one, some in expected.items() if some}
    assert sorted(interest) == sorted(wanted)
    assert len(interest) == len(wanted)


def test_who_leaves_while_others_are_told_is_not_told() -> None:
    interest: Interest[str] = Interest()
    for name, stream in (("first", "a"), ("second", "b")):
        interest.add(Filter(streams=frozenset({stream})), name)
    told: list[str] = []
    for group, _ in interest.told([Entry(1, "gore.prob", "a", b"", None), Entry(2, "gore.prob", "b", b"", None)]):
        told += group
        interest.remove(Filter(streams=frozenset({"b"})), "second")
    assert told == ["first"]
