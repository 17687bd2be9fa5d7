"""How often live media is sampled, by arithmetic: pictures are a few cells of brightness."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from stream.adaptive import Picker, Thumb, Verdict

RATE = 30


def flat(level: float) -> Thumb:
    return np.full((18, 32), level, np.float32)


def run(
    picture: Callable[[float], Thumb], *, seconds: float = 30, hurries: tuple[float, ...] = (), **options: float
) -> list[tuple[float, Verdict]]:
    """Every look, with what came of it."""
    settings = {"fps": 2.0, "max_fps": 8.0, "calm_s": 2.0} | options
    picker = Picker(**settings, adaptive=True)
    looks = []
    for number in range(round(seconds * RATE)):
        at = number / RATE
        if picker.looks(at):
            looks.append((at, picker.look(at, picture(at))))
        if at in hurries:
            picker.hurry(1.0)
    return looks


def sampled(looks: list[tuple[float, Verdict]]) -> list[float]:
    return [at for at, verdict in looks if verdict is not Verdict.PASS]


def test_a_picture_that_stands_still_gives_a_sample_every_two_seconds() -> None:
    rng = np.random.default_rng(1)
    looks = run(lambda _: flat(90) + rng.normal(0, 1, (18, 32)).astype(np.float32))
    assert sampled(looks) == [2.0 * number for number in range(15)]
    assert len(looks) == 60


@pytest.mark.parametrize("calm_s", [0.3, 1.0, 1.3])
def test_but_as_often_as_is_asked_for(calm_s: float) -> None:
    samples = sampled(run(lambda _: flat(90), calm_s=calm_s))
    assert max(later - earlier for earlier, later in itertools.pairwise(samples)) <= max(calm_s, 0.5) + 1e-6


def test_and_never_more_than_fps() -> None:
    assert len(sampled(run(lambda _: flat(90), fps=0.25, seconds=60))) == 15


def test_what_moves_all_the_time_is_sampled_at_fps() -> None:
    """A pan: every look differs, none of them like a cut."""
    looks = run(lambda at: flat(100) + 30 * np.sin(np.arange(32, dtype=np.float32) / 3 + 2 * at))
    assert len(sampled(looks)) == 60


def test_a_small_thing_that_appears_is_sampled_at_once() -> None:
    def picture(at: float) -> Thumb:
        cells = flat(90)
        if at >= 11.2:
            cells[3, 4] = 130
        return cells

    looks = dict(run(picture))
    assert looks[11.5] is Verdict.BOTH  # the look at 11.0 still showed the old picture


def test_after_a_cut_it_is_looked_at_more_closely_for_a_second() -> None:
    samples = sampled(run(lambda at: flat(40 if at < 10.1 else 160)))
    burst = [at for at in samples if 10.4 < at <= 11.6]
    assert len(burst) == pytest.approx(9, abs=1)
    assert [at for at in samples if 12.5 < at < 20] == pytest.approx([13.0, 15.0, 17.0, 19.0])


def test_a_clip_of_nothing_but_cuts_does_not_hurry_all_the_time() -> None:
    samples = sampled(run(lambda at: flat(40 + 120 * (int(2 * at) % 2)), seconds=60))
    assert len(samples) < 1.6 * 120


def test_told_to_hurry_it_samples_whatever_it_sees_until_the_time_is_over() -> None:
    samples = sampled(run(lambda _: flat(90), hurries=(5.0,)))
    hurried = [at for at in samples if 5.0 < at <= 6.0]
    assert len(hurried) == pytest.approx(8, abs=1)
    assert len([at for at in samples if 6.0 < at <= 10.0]) == 2


def test_max_fps_under_fps_changes_nothing() -> None:
    samples = sampled(run(lambda at: flat(200 * (at >= 10)), fps=2.0, max_fps=0.5, hurries=(5.0,)))
    assert min(later - earlier for earlier, later in itertools.pairwise(samples)) >= 0.5 - 1e-6


def test_another_size_of_picture_counts_as_a_cut() -> None:
    looks = dict(run(lambda at: flat(90) if at < 11.1 else np.full((18, 20), 90, np.float32)))
    assert looks[11.5] is Verdict.BOTH


def test_what_is_due_follows_the_hurry() -> None:
    picker = Picker(fps=2.0, max_fps=8.0, calm_s=2.0, adaptive=True)
    assert picker.looks(0.0)
    picker.look(0.0, flat(1))
    assert picker.due.from_s == pytest.approx(0.5, abs=0.002)
    picker.hurry(1.0)
    assert picker.due.from_s == pytest.approx(0.125, abs=0.002)
    assert picker.due.slot_s == 0.125


def test_a_cut_makes_it_hurry_for_a_second_and_the_next_one_not_before_the_pause_is_over() -> None:
    picker = Picker(fps=1.0, max_fps=8.0, calm_s=2.0, adaptive=True)
    left = {}
    for number in range(12 * RATE):
        at = number / RATE
        if picker.looks(at):
            picker.look(at, flat(40 if at < 5.0 or at >= 7.0 else 160))
        left[number] = picker.hurry_s
    assert left[5 * RATE - 1] == 0.0
    assert left[5 * RATE] == pytest.approx(1.0)
    assert left[5 * RATE + 15] == pytest.approx(0.5)
    assert not any(left[number] for number in range(6 * RATE, 12 * RATE))


def test_one_that_is_not_adaptive_does_not_hurry() -> None:
    picker = Picker(fps=2.0, max_fps=8.0, calm_s=2.0, adaptive=False)
    picker.hurry(10.0)
    assert picker.hurry_s == 0.0
    assert sum(picker.looks(number / RATE) for number in range(300)) == 20
