import random
from collections import Counter

import pytest

from inference.batching import Intake


def intake(*, max_batch: int = 4, max_wait_s: float = 0.5, size: int = 100, per_live_stream: int = 2) -> Intake[str]:
    return Intake(max_batch=max_batch, max_wait_s=max_wait_s, size=size, per_live_stream=per_live_stream)


def test_nothing_waits_nothing_closes() -> None:
    of = intake()
    assert len(of) == 0
    assert of.closes_at() is None
    assert of.take(1e9) == []


def test_a_batch_closes_by_the_age_of_its_oldest_item() -> None:
    of = intake()
    of.add(1, "a", live=False, now_s=10.0)
    of.add(2, "b", live=False, now_s=10.4)
    assert of.closes_at() == 10.5
    assert of.take(10.49) == []
    assert of.take(10.5) == ["a", "b"]
    assert of.closes_at() is None


def test_a_batch_closes_at_once_when_it_is_full() -> None:
    of = intake(max_batch=2)
    of.add(1, "a", live=False, now_s=10.0)
    of.add(1, "b", live=False, now_s=10.1)
    assert of.full
    assert of.take(10.1) == ["a", "b"]


def test_of_a_full_batch_no_more_are_taken_than_there_is_room_for() -> None:
    of = intake(max_batch=3)
    for name in "abcd":
        of.add(1, name, live=False, now_s=10.0)
    assert of.take(10.0, 1) == ["a"]
    assert of.take(10.0, 9) == ["b", "c", "d"]


def test_without_a_wait_whatever_is_there_is_a_batch() -> None:
    of = intake(max_wait_s=0.0)
    of.add(1, "a", live=True, now_s=10.0)
    assert of.take(10.0) == ["a"]


def test_what_is_left_after_a_batch_keeps_its_age() -> None:
    of = intake(max_batch=2)
    for number, name in enumerate("abc"):
        of.add(1, name, live=False, now_s=10.0 + number / 10)
    assert of.take(10.2) == ["a", "b"]
    assert of.closes_at() == pytest.approx(10.7)


def test_streams_take_turns_and_keep_their_order() -> None:
    of = intake(max_batch=5)
    for name in ("f1", "f2", "f3", "f4"):
        of.add(1, name, live=False, now_s=0.0)
    of.add(2, "l1", live=True, now_s=0.0)
    of.add(3, "m1", live=True, now_s=0.0)
    assert of.take(0.5) == ["f1", "l1", "m1", "f2", "f3"]
    of.add(2, "l2", live=True, now_s=0.1)
    assert of.take(1.0) == ["f4", "l2"]


def test_the_oldest_of_a_live_stream_gives_way_to_its_newest() -> None:
    of = intake()
    assert of.add(1, "a", live=True, now_s=0.0) == []
    assert of.add(1, "b", live=True, now_s=0.1) == []
    assert of.add(1, "c", live=True, now_s=0.2) == ["a"]
    assert of.closes_at() == pytest.approx(0.6)
    assert of.take(0.6) == ["b", "c"]


def test_stored_media_is_never_given_up() -> None:
    of = intake(max_batch=1000, size=1)
    for number in range(500):
        assert of.add(1, f"f{number}", live=False, now_s=0.0) == []
    assert of.add(2, "l1", live=True, now_s=0.0) == []
    assert of.add(3, "l2", live=True, now_s=0.0) == ["l1"]
    assert len(of) == 501


def test_the_oldest_live_item_of_all_gives_way_when_the_intake_is_full() -> None:
    of = intake(size=2)
    of.add(1, "a", live=True, now_s=0.0)
    of.add(2, "b", live=True, now_s=0.1)
    assert of.add(3, "c", live=True, now_s=0.2) == ["a"]
    assert of.add(3, "d", live=True, now_s=0.3) == ["b"]
    assert of.add(3, "e", live=True, now_s=0.4) == ["c"]
    assert of.drain() == ["d", "e"]


def test_a_stream_that_is_dropped_from_does_not_lose_its_turn() -> None:
    of = intake(max_batch=1, per_live_stream=1)
    of.add(1, "a", live=True, now_s=0.0)
    of.add(2, "b", live=True, now_s=0.0)
    assert of.add(1, "c", live=True, now_s=0.1) == ["a"]
    assert of.take(1.0) == ["c"]
    assert of.take(1.0) == ["b"]


def test_a_stream_can_be_taken_out() -> None:
    of = intake()
    for name in ("a", "b"):
        of.add(1, name, live=False, now_s=0.0)
    of.add(2, "c", live=True, now_s=0.1)
    assert of.remove(1) == ["a", "b"]
    assert of.remove(1) == []
    assert of.closes_at() == pytest.approx(0.6)
    assert of.take(9.0) == ["c"]


def test_draining_empties_it() -> None:
    of = intake()
    of.add(2, "a", live=True, now_s=0.0)
    of.add(1, "b", live=False, now_s=0.0)
    assert of.drain() == ["a", "b"]
    assert len(of) == 0
    assert of.drain() == []
    assert of.add(2, "c", live=True, now_s=1.0) == []


def test_a_fast_file_scan_and_live_streams_share_the_work() -> None:
    of = intake(max_batch=4, max_wait_s=0.0)
    scored: Counter[str] = Counter()
    for _ in range(8):
        of.add(0, "file", live=False, now_s=0.0)
    for turn in range(300):
        for stream in (1, 2, 3):
            of.add(stream, f"live {stream}", live=True, now_s=turn)
        taken = of.take(turn)
        scored.update(taken)
        for _ in range(taken.count("file")):  # the scan submits its next frame for each one that is scored
            of.add(0, "file", live=False, now_s=turn)
    assert scored == {"file": 300, "live 1": 300, "live 2": 300, "live 3": 300}


@pytest.mark.parametrize("seed", range(20))
def test_every_item_comes_back_exactly_once_and_in_the_order_of_its_stream(seed: int) -> None:
    rng = random.Random(seed)
    size, per_live = rng.choice([1, 3, 10]), rng.choice([1, 2])
    of: Intake[tuple[int, int]] = Intake(
        max_batch=rng.choice([1, 4, 7]), max_wait_s=0.3, size=size, per_live_stream=per_live
    )
    now_s, count = 0.0, 0
    back: list[tuple[int, int]] = []
    waiting_live: Counter[int] = Counter()
    for _ in range(3000):
        now_s += rng.random() * 0.1
        stream = rng.randrange(6)
        if rng.random() < 0.7:
            given_up = of.add(stream, (stream, count), live=stream > 1, now_s=now_s)
            count += 1
            assert len(given_up) <= 1
            assert all(kind > 1 for kind, _ in given_up)
            waiting_live[stream] += stream > 1
            gone = given_up
        elif rng.random() < 0.03:
            gone = of.remove(stream)
        else:
            closes_at_s = of.closes_at()
            gone = of.take(now_s)
            assert bool(gone) is (closes_at_s is not None and now_s >= closes_at_s)
        waiting_live.subtract(kind for kind, _ in gone if kind > 1)
        back += gone
        assert sum(waiting_live.values()) <= size
        assert max(waiting_live.values(), default=0) <= per_live
    back += of.drain()
    assert sorted(number for _, number in back) == list(range(count))
    for stream in range(6):
        numbers = [number for kind, number in back if kind == stream]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    "bounds", [{"max_batch": 0}, {"size": 0}, {"per_live_stream": 0}, {"max_wait_s": -1.0}], ids=str
)
def test_bounds_that_hold_nothing_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must hold"):
        intake(**bounds)
