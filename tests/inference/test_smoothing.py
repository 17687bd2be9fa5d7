import random

import pytest

from inference.smoothing import Smoothed, Window


def series(
    window: Window, raws: list[float], *, step_s: float = 0.5, start_s: float = 0.0, epoch: int = 0
) -> list[float]:
    return [window.add(start_s + number * step_s, epoch, raw).prob for number, raw in enumerate(raws)]


def test_the_first_sample_is_itself() -> None:
    assert Window(3.0).add(12.5, 4, 0.8312) == Smoothed(0.8312, 1)


def test_one_outlier_stays_under_one_half_and_a_second_one_reaches_it() -> None:
    probs = series(Window(3.0), [0.0] * 10 + [0.95, 0.95, 0.95])
    assert probs[9] == 0.0
    # The share of the triangle over the newest 0.5 s, 1 s and 1.5 s: (a - a² / 6) / 1.5.
    assert probs[10] == pytest.approx(0.95 * 0.45833333 / 1.5)
    assert probs[11] == pytest.approx(0.95 * 0.83333333 / 1.5)
    assert probs[12] == pytest.approx(0.95 * 1.125 / 1.5)
    assert probs[10] < 0.5 <= probs[11]


def test_a_single_outlier_fades_and_is_gone_after_a_window() -> None:
    probs = series(Window(3.0), [0.0] * 10 + [0.95] + [0.0] * 6)
    assert max(probs) < 0.5
    fading = probs[10:]
    assert fading == sorted(fading, reverse=True)
    assert fading[-1] == 0.0


def test_a_sample_weighs_as_much_as_the_time_that_it_stands_for() -> None:
    window = Window(4.0)
    for position_s, raw in [(0.0, 0.0), (0.1, 0.0), (0.2, 0.0), (2.2, 1.0)]:
        smoothed = window.add(position_s, 0, raw)
    # The newest stands for 2 of the 2.3 s seen: its area 2 - 4 / 8 against 2.3 - 2.3² / 8 in all.
    assert smoothed.prob == pytest.approx(1.5 / (2.3 - 2.3**2 / 8))
    assert smoothed.samples == 4


def test_how_often_a_scene_is_sampled_does_not_change_its_weight() -> None:
    def at_ten(step_s: float) -> float:
        window, prob = Window(3.0), 0.0
        for number in range(1, round(10 / step_s) + 1):
            position_s = number * step_s
            prob = window.add(position_s, 0, 0.9 if position_s > 9.001 else 0.1).prob
        return prob

    assert at_ten(0.5) == pytest.approx(at_ten(0.1))
    assert at_ten(0.5) == pytest.approx(at_ten(0.02))


def test_two_samples_of_a_new_span_are_both_heard() -> None:
    probs = series(Window(3.0), [0.0, 1.0])
    assert probs[1] == pytest.approx(0.45833333 / 0.83333333)


def test_a_sample_leaves_when_the_window_has_passed() -> None:
    window = Window(3.0)
    counts = [window.add(number * 0.5, 0, 0.5).samples for number in range(10)]
    assert counts == [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]


@pytest.mark.parametrize(("gap_s", "afresh"), [(3.001, True), (100.0, True), (2.5, False)])
def test_nothing_is_averaged_across_a_gap_longer_than_the_window(gap_s: float, afresh: bool) -> None:
    window = Window(3.0)
    series(window, [0.0, 0.0, 0.0])
    smoothed = window.add(1.0 + gap_s, 0, 0.9)
    assert (smoothed == Smoothed(0.9, 1)) is afresh


def test_after_a_gap_the_new_span_is_like_the_first() -> None:
    fresh, gapped = Window(3.0), Window(3.0)
    series(gapped, [0.2] * 6)
    raws = [0.9, 0.1, 0.3, 0.8]
    assert series(gapped, raws, start_s=7.0) == pytest.approx(series(fresh, raws, start_s=7.0))


def test_a_gap_of_exactly_the_window_leaves_the_new_sample_alone() -> None:
    window = Window(3.0)
    series(window, [0.0, 0.0])
    assert window.add(3.5, 0, 0.9) == Smoothed(0.9, 1)


def test_nothing_is_averaged_across_epochs() -> None:
    window = Window(3.0)
    series(window, [0.0] * 6)
    assert window.add(2.54, 1, 0.9) == Smoothed(0.9, 1)
    assert window.add(3.04, 1, 0.9) == Smoothed(0.9, 2)


@pytest.mark.parametrize("raw", [0.0, 0.1, 1 / 3, 0.7, 0.9999, 1.0])
def test_a_constant_score_is_exactly_itself(raw: float) -> None:
    rng = random.Random(5)
    window, position_s = Window(3.0), 0.0
    for _ in range(500):
        position_s += rng.uniform(0.001, 4.0)
        assert window.add(position_s, 0, raw).prob == raw


@pytest.mark.parametrize("seed", range(20))
def test_prob_lies_within_the_scores_of_its_window(seed: int) -> None:
    rng = random.Random(seed)
    seconds = rng.choice([0.2, 1.0, 3.0, 20.0])
    window, position_s, epoch = Window(seconds), 0.0, 0
    held: list[tuple[float, int, float]] = []
    for _ in range(400):
        position_s += rng.choice([0.001, 0.033, 0.5, 0.5, 2.0, seconds * rng.random() * 1.2 + 1e-4])
        epoch += rng.random() < 0.01
        raw = rng.random()
        held.append((position_s, epoch, raw))
        smoothed = window.add(position_s, epoch, raw)
        recent = [r for p, e, r in held if e == epoch and position_s - p < seconds]
        assert min(recent) <= smoothed.prob <= max(recent)
        assert 1 <= smoothed.samples <= len(recent)


def test_a_very_long_window_is_held_in_bounded_parts_and_still_right() -> None:
    window = Window(3600.0)
    for number in range(5_000):
        smoothed = window.add(number / 30, 0, 1.0 if number % 2 else 0.0)
    assert smoothed.samples == 5_000
    assert smoothed.prob == pytest.approx(0.5, abs=0.001)
    assert len(window._stretches) <= 128


@pytest.mark.parametrize("raw", [float("nan"), -0.01, 1.01, float("inf")])
def test_a_score_that_is_no_probability_is_refused(raw: float) -> None:
    with pytest.raises(ValueError, match="raw score"):
        Window(3.0).add(0.0, 0, raw)


def test_a_position_that_does_not_rise_is_refused() -> None:
    window = Window(3.0)
    window.add(1.0, 0, 0.5)
    for position_s in (1.0, 0.5):
        with pytest.raises(ValueError, match="does not lie after"):
            window.add(position_s, 1, 0.5)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_window_without_a_length_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(seconds)
