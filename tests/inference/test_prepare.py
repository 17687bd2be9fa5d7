"""Pictures arrive at a network as its manifest says, to the last bit where that is possible."""

import numpy as np
import pytest

from inference.prepare import Dtype, Preparation

FRAMES = np.random.default_rng(3).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def test_what_a_network_takes_as_it_is_is_not_copied() -> None:
    assert Preparation().apply(FRAMES) is FRAMES


def test_layout_and_colour_are_turned() -> None:
    turned = Preparation(layout="NCHW", color="BGR").apply(FRAMES)
    assert turned.dtype == np.uint8
    assert turned.shape == (2, 3, 4, 5)
    assert turned.flags.c_contiguous
    for channel in range(3):
        assert (turned[:, channel] == FRAMES[..., 2 - channel]).all()


@pytest.mark.parametrize(("dtype", "off"), [("float32", 1e-6), ("float16", 2e-3)])
def test_floats_are_normalised_by_channel(dtype: Dtype, off: float) -> None:
    prepared = Preparation("NCHW", dtype, "RGB", 1 / 255, IMAGENET_MEAN, IMAGENET_STD).apply(FRAMES)
    assert prepared.dtype == np.dtype(dtype)
    wanted = (FRAMES / 255 - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
    assert prepared.transpose(0, 2, 3, 1) == pytest.approx(wanted, abs=off)


def test_mean_and_std_are_in_the_networks_own_order() -> None:
    prepared = Preparation("NHWC", "float32", "BGR", 1.0, (1.0, 2.0, 3.0), (1.0, 10.0, 100.0)).apply(FRAMES)
    blue, green, red = prepared[..., 0], prepared[..., 1], prepared[..., 2]
    assert blue == pytest.approx(FRAMES[..., 2] - 1.0, abs=1e-4)
    assert green == pytest.approx((FRAMES[..., 1] - 2.0) / 10, abs=1e-5)
    assert red == pytest.approx((FRAMES[..., 0] - 3.0) / 100, abs=1e-6)


def test_the_frames_are_left_as_they_were() -> None:
    before = FRAMES.copy()
    for dtype in ("uint8", "float32", "float16"):
        Preparation("NCHW", dtype, "BGR").apply(FRAMES)
    assert (before == FRAMES).all()


def test_no_picture_stays_no_picture() -> None:
    assert Preparation("NCHW", "float32").apply(FRAMES[:0]).shape == (0, 3, 4, 5)
