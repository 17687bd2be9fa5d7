"""The camera stays over its canvas, and never rests."""

import itertools

import numpy as np
import pytest

from web.bench.alerts.motion import Motion

CANVAS_PX, FRAME_PX = (448, 252), (320, 180)


def corners(motion: Motion, seconds: float) -> list[tuple[float, float]]:
    a, b, c, d, e, f = motion.view(seconds, canvas_px=CANVAS_PX, frame_px=FRAME_PX)
    return [(a * x + b * y + c, d * x + e * y + f) for x, y in itertools.product((0, FRAME_PX[0]), (0, FRAME_PX[1]))]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_beside_the_canvas_is_seen(seed: int) -> None:
    motion = Motion.drawn(np.random.default_rng(seed), most_zoom=1.6)
    for seconds in np.arange(0.0, 60.0, 0.25):
        for x, y in corners(motion, float(seconds)):
            assert -1.0 <= x <= CANVAS_PX[0] + 1.0
            assert -1.0 <= y <= CANVAS_PX[1] + 1.0


@pytest.mark.parametrize("seed", range(20))
def test_no_two_samples_look_from_the_same_place(seed: int) -> None:
    motion = Motion.drawn(np.random.default_rng(seed), most_zoom=1.6)
    views = [np.array(corners(motion, second)) for second in np.arange(0.0, 30.0, 0.5).tolist()]
    assert min(np.abs(after - before).max() for before, after in itertools.pairwise(views)) > 0.02


def test_the_least_that_is_seen_is_bounded() -> None:
    for seed in range(20):
        motion = Motion.drawn(np.random.default_rng(seed), most_zoom=1.35)
        for seconds in np.arange(0.0, 30.0, 0.5).tolist():
            x, y = np.array(corners(motion, seconds)).T
            assert np.ptp(x) >= CANVAS_PX[0] / 1.36
            assert np.ptp(y) >= CANVAS_PX[1] / 1.36
