import pytest

from inference.looks import Look
from inference.taxonomy import taxonomy
from web.api.compat.grid import frames_at


def _at(*positions_s: float) -> list[Look]:
    """Each scored by its own place in the row."""
    return [Look(position_s, taxonomy(number / 100)) for number, position_s in enumerate(positions_s)]


def _frames(looks: list[Look], interval_s: float, duration_s: float) -> list[tuple[int, float]]:
    frames = frames_at(looks, interval_s=interval_s, duration_s=duration_s)
    return [(frame.position_ms, frame.gore.prob) for frame in frames]


def test_positions_are_multiples_of_the_interval() -> None:
    assert _frames(_at(0.0, 2.002, 4.004, 6.006), 2.0, 7.0) == [(0, 0.0), (2000, 0.01), (4000, 0.02), (6000, 0.03)]


def test_a_stamp_a_millisecond_early_is_of_its_point() -> None:
    assert _frames(_at(0.0, 0.9995, 2.0), 1.0, 3.0) == [(0, 0.0), (1000, 0.01), (2000, 0.02)]


def test_what_is_shown_for_longer_is_answered_for_longer() -> None:
    assert _frames(_at(0.0, 3.0), 1.0, 5.0) == [(0, 0.0), (1000, 0.0), (2000, 0.0), (3000, 0.01), (4000, 0.01)]


@pytest.mark.parametrize(("duration_s", "frames"), [(8.0, 4), (8.05, 4), (8.2, 5), (0.0, 4), (7.0, 4)])
def test_sound_that_ends_a_little_later_adds_no_frame(duration_s: float, frames: int) -> None:
    assert len(_frames(_at(0.0, 2.0, 4.0, 6.0), 2.0, duration_s)) == frames


def test_of_two_in_one_interval_the_higher_counts() -> None:
    assert _frames(_at(0.0, 1.0, 1.9), 1.0, 2.0) == [(0, 0.0), (1000, 0.02)]


def test_nothing_seen_is_nothing_answered() -> None:
    assert _frames([], 2.0, 10.0) == []
