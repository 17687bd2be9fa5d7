"""Frames to samples: the whole picture, at the size asked for, as a player would show it."""

import numpy as np
import pytest
from av.video.frame import VideoFrame

from stream.sample import Pixels
from stream.scale import Scaler


def _left_red(width: int = 640, height: int = 360) -> Pixels:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (250, 10, 10)
    return pixels


@pytest.mark.parametrize(("width", "height"), [(640, 360), (17, 31), (64, 64), (200, 20)])
def test_the_whole_frame_fills_the_sample(width: int, height: int) -> None:
    frame = VideoFrame.from_ndarray(_left_red(width, height), format="rgb24")
    target = np.zeros((32, 48, 3), np.uint8)
    Scaler().scale(frame, target)
    assert np.allclose(target[:, :20], (250, 10, 10), atol=6)
    assert np.allclose(target[:, -20:], 0, atol=6)


@pytest.mark.parametrize(
    ("rotation", "red"),
    [(0, np.s_[:, :20]), (90, np.s_[-14:, :]), (-90, np.s_[:14, :]), (180, np.s_[:, -20:]), (-180, np.s_[:, -20:])],
)
def test_a_frame_is_turned_counter_clockwise_as_it_says(
    monkeypatch: pytest.MonkeyPatch, rotation: int, red: tuple[slice, slice]
) -> None:
    monkeypatch.setattr("stream.scale._rotation", lambda _: rotation)
    frame = VideoFrame.from_ndarray(_left_red(), format="rgb24")
    target = np.zeros((32, 48, 3), np.uint8)
    scaler = Scaler()
    scaler.scale(frame, target)
    assert np.allclose(target[red], (250, 10, 10), atol=6)
    assert scaler.upright_size(frame) == ((360, 640) if abs(rotation) == 90 else (640, 360))
