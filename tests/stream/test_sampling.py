import itertools
import random
from collections.abc import Iterable
from fractions import Fraction

import pytest

from stream.sampling import Sampler
from stream.timeline import Timeline


def sampled(fps: float, positions: Iterable[float]) -> list[float]:
    sampler = Sampler(fps)
    return [position for position in positions if sampler.due(position)]


def regular(rate: Fraction, seconds: float) -> list[float]:
    return [float(number / rate) for number in range(int(seconds * rate))]


@pytest.mark.parametrize(
    "rate",
    [
        Fraction(30),
        Fraction(25),
        Fraction(24_000, 1001),
        Fraction(30_000, 1001),
        Fraction(15),
        Fraction(120),
        Fraction(50),
    ],
)
@pytest.mark.parametrize("fps", [0.2, 0.5, 1.0, 2.0, 3.0, 7.0, 8.0])
def test_the_rate_is_exact_for_every_frame_rate_above_it(rate: Fraction, fps: float) -> None:
    taken = sampled(fps, regular(rate, 300))
    assert abs(len(taken) - 300 * fps) <= 1
    # Each sample is the first frame at or after its point of the grid.
    frame_s = float(1 / rate)
    for number, position in enumerate(taken):
        assert -0.00101 < position - number / fps < frame_s


@pytest.mark.parametrize("rate", [Fraction(1, 10), Fraction(1), Fraction(3, 2), Fraction(2)])
def test_every_frame_counts_where_frames_are_rarer_than_the_rate(rate: Fraction) -> None:
    frames = regular(rate, 1000)
    assert sampled(2.0, frames) == frames


def test_the_first_frame_is_a_sample_wherever_it_stands() -> None:
    for first in (0.0, 0.3, 0.499, 1234.567):
        assert Sampler(2.0).due(first)
        assert Sampler(0.01).due(first)


def test_stamps_rounded_to_milliseconds_lose_nothing_at_the_frame_rate_itself() -> None:
    frames = [round(number / 30, 3) for number in range(3000)]
    assert sampled(30.0, frames) == frames


def test_a_camera_that_trembles_around_the_rate_loses_next_to_nothing() -> None:
    rng = random.Random(3)
    frames = [number / 2 + 0.25 + rng.uniform(-0.02, 0.02) for number in range(2000)]
    worst = [number / 2 + rng.uniform(0, 0.04) - 0.02 for number in range(1, 2001)]
    assert len(sampled(2.0, frames)) >= 1990
    assert len(sampled(2.0, worst)) >= 1990


@pytest.mark.parametrize("gap_s", [0.7, 1.2, 5.0, 600.0])
@pytest.mark.parametrize("phase_s", [0.0, 0.01, 0.24, 0.26, 0.49])
def test_there_is_no_burst_after_a_gap(gap_s: float, phase_s: float) -> None:
    before = regular(Fraction(30), 10)
    after = [10 + gap_s + phase_s + number / 30 for number in range(300)]
    taken = sampled(2.0, before + after)
    assert after[0] in taken
    assert min(later - earlier for earlier, later in itertools.pairwise(taken)) >= 0.25
    assert len([position for position in taken if position >= after[0]]) <= 10 * 2 + 2


@pytest.mark.parametrize("seed", range(30))
def test_there_are_never_more_samples_than_slots_and_few_are_missed(seed: int) -> None:
    rng = random.Random(seed)
    fps = rng.choice([0.5, 1.0, 2.0, 5.0, 8.0, 29.97])
    at, frames = rng.uniform(0, 2), []
    for _ in range(5000):
        frames.append(at)
        at += rng.choice([0.001, 1 / 120, 1 / 30, 1 / 30, 1 / 25, 0.2, 3.0])
    taken = sampled(fps, frames)
    assert len(taken) <= (frames[-1] - frames[0]) * fps + 2
    held = {int(position * fps) for position in frames}
    assert len(taken) >= 0.85 * len(held)


def test_a_new_epoch_changes_nothing_in_the_rate() -> None:
    timeline = Timeline(Fraction(1, 90_000), frame_s=Fraction(1, 30))
    sampler = Sampler(2.0)
    taken = []
    for _ in range(6):
        for number in range(300):
            placed = timeline.place(number * 3000)
            if placed is not None and sampler.due(placed.position_s):
                taken.append(placed.position_s)
        timeline.restart(Fraction(1, 90_000))
    assert len(taken) == 120
    assert max(later - earlier for earlier, later in itertools.pairwise(taken)) < 0.54


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="fps"):
        Sampler(fps)
