import random
from fractions import Fraction

import pytest

from stream.timeline import Placed, Timeline

MS = Fraction(1, 1000)
FRAME = Fraction(1, 25)


def positions(timeline: Timeline, stamps: list[int | None]) -> list[tuple[float, int] | None]:
    placed = [timeline.place(pts) for pts in stamps]
    return [None if at is None else (at.position_s, at.epoch) for at in placed]


def test_the_first_stamp_is_position_zero_whatever_it_is() -> None:
    for first in (0, 8_589_934_592, -1024):
        assert Timeline(MS).place(first) == Placed(0.0, 0)


def test_positions_are_the_stamps_times_the_base() -> None:
    assert positions(Timeline(Fraction(1, 90_000)), [900_000, 903_003, 990_000]) == [
        (0.0, 0),
        (3003 / 90_000, 0),
        (1.0, 0),
    ]


def test_a_day_of_ntsc_frames_does_not_drift() -> None:
    timeline = Timeline(Fraction(1001, 30_000))
    timeline.place(0)
    frames = 24 * 3600 * 30
    for number in range(800, frames, 800):
        timeline.place(number)
    placed = timeline.place(frames)
    assert placed == Placed(86_486.4, 0)


def test_a_missing_stamp_is_one_nominal_frame_after_the_last() -> None:
    timeline = Timeline(MS, frame_s=Fraction(1, 50))
    assert positions(timeline, [0, None, None, 60, None]) == [
        (0.0, 0),
        (0.02, 0),
        (0.04, 0),
        (0.06, 0),
        (0.08, 0),
    ]
    assert timeline.dropped == 0


def test_a_source_without_any_stamps_runs_at_its_nominal_rate() -> None:
    timeline = Timeline(MS, frame_s=Fraction(1, 30))
    placed = [timeline.place(None) for _ in range(301)]
    assert placed[-1] == Placed(10.0, 0)


def test_stamps_that_begin_late_go_on_from_where_the_frames_are() -> None:
    assert positions(Timeline(MS, frame_s=FRAME), [None, None, 700_000, 700_100]) == [
        (0.0, 0),
        (0.04, 0),
        (0.08, 0),
        (0.18, 0),
    ]


def test_repeated_and_slightly_backward_stamps_are_dropped_and_counted() -> None:
    timeline = Timeline(MS)
    assert positions(timeline, [5000, 5000, 5040, 5039, 4040, 5080]) == [
        (0.0, 0),
        None,
        (0.04, 0),
        None,
        None,
        (0.08, 0),
    ]
    assert timeline.dropped == 3


def test_a_step_back_of_more_than_a_second_begins_an_epoch_one_frame_later() -> None:
    timeline = Timeline(MS, frame_s=FRAME)
    assert positions(timeline, [10_000, 12_000, 10_999, 11_000 - 1 + 40]) == [
        (0.0, 0),
        (2.0, 0),
        (2.04, 1),
        (2.08, 1),
    ]
    assert timeline.dropped == 0


def test_only_a_forward_jump_over_the_limit_begins_an_epoch() -> None:
    timeline = Timeline(MS, frame_s=FRAME, max_jump_s=30.0)
    assert positions(timeline, [0, 30_000, 60_001, 60_041]) == [(0.0, 0), (30.0, 0), (30.04, 1), (30.08, 1)]


def test_a_restart_begins_an_epoch_with_its_own_base() -> None:
    timeline = Timeline(MS, frame_s=FRAME)
    timeline.place(0)
    timeline.place(1000)
    timeline.restart(Fraction(1, 90_000), frame_s=Fraction(1, 10))
    assert positions(timeline, [0, 9000, None]) == [(1.1, 1), (1.2, 1), (1.3, 1)]


def test_restarts_without_a_frame_between_them_are_one() -> None:
    timeline = Timeline(MS)
    timeline.restart(MS)
    assert timeline.place(77) == Placed(0.0, 0)
    timeline.restart(MS)
    timeline.restart(MS)
    assert timeline.place(None) == Placed(0.04, 1)
    assert timeline.place(None) == Placed(0.08, 1)


def test_a_stamp_that_stands_still_cannot_hide_the_frames_behind_it() -> None:
    timeline = Timeline(MS, frame_s=FRAME, max_dropped=50)
    placed = [timeline.place(7) for _ in range(301)]
    assert timeline.dropped == 50
    seen = [at for at in placed if at is not None]
    assert len(seen) == 251
    assert seen[-1].position_s == pytest.approx(250 * 0.04)
    assert [at.epoch for at in seen] == [0] + [1] * 250
    advancing = timeline.place(47)
    assert advancing is not None
    assert advancing.position_s == pytest.approx(10.04)
    assert advancing.epoch == 1


def test_stamps_that_all_come_twice_lose_every_second_frame_and_nothing_else() -> None:
    timeline = Timeline(MS, frame_s=FRAME, max_dropped=50)
    placed = [timeline.place(40 * (number // 2)) for number in range(400)]
    assert timeline.dropped == 200
    assert [at for at in placed if at is not None] == [Placed(number / 25, 0) for number in range(200)]


def test_implausible_frame_durations_are_limited() -> None:
    fast = Timeline(MS, frame_s=Fraction(1, 90_000))
    assert positions(fast, [None, None]) == [(0.0, 0), (1 / 240, 0)]
    slow = Timeline(MS, frame_s=Fraction(3600))
    assert positions(slow, [None, None]) == [(0.0, 0), (10.0, 0)]


@pytest.mark.parametrize("time_base", [Fraction(0), Fraction(-1, 25)])
def test_a_base_that_is_no_duration_is_refused(time_base: Fraction) -> None:
    with pytest.raises(ValueError, match="time base"):
        Timeline(time_base)
    with pytest.raises(ValueError, match="time base"):
        Timeline(MS).restart(time_base)


@pytest.mark.parametrize("seed", range(30))
def test_positions_rise_and_epochs_never_fall_whatever_comes(seed: int) -> None:
    rng = random.Random(seed)
    bases = [
        Fraction(1, 90_000),
        Fraction(1, 1000),
        Fraction(1001, 30_000),
        Fraction(1, 10**9),
        Fraction(7, 3),
        Fraction(10**6),
    ]
    timeline = Timeline(rng.choice(bases), frame_s=Fraction(1, rng.choice([10, 25, 30, 60])))
    last = Placed(-1.0, 0)
    pts = rng.randrange(-(2**62), 2**62)
    dropped = 0
    for _ in range(2000):
        kind = rng.random()
        if kind < 0.02:
            timeline.restart(rng.choice(bases))
        if kind < 0.1:
            pts = rng.choice([pts, pts - 1, rng.randrange(-(2**63), 2**63), 0])
        else:
            pts += rng.randrange(5000)
        placed = timeline.place(None if kind > 0.9 else pts)
        if placed is None:
            dropped += 1
            continue
        assert placed.position_s > last.position_s
        assert last.epoch <= placed.epoch <= last.epoch + 1
        assert placed.position_s - max(last.position_s, 0.0) <= 30.0 + 1e-9
        last = placed
    assert timeline.dropped == dropped
