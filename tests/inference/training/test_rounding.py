"""Rounding of weights: what the next layer sees stays, and two products always fit into 16 bits."""

import numpy as np
import numpy.typing as npt
import pytest

from inference.training.rounding import LARGEST, LARGEST_PAIR, Geometry, Moments, pairs, patches, rounded

Floats = npt.NDArray[np.float32]


def correlated(inputs: int, count: int, rng: np.random.Generator) -> Floats:
    """1 × K × count of inputs that have much in common, as the channels of a network do."""
    mixed = rng.normal(size=(inputs, inputs // 4)) @ rng.normal(size=(inputs // 4, count))
    return (np.abs(mixed + 0.3 * rng.normal(size=(inputs, count)))[None]).astype(np.float32)


def shown(values: Floats) -> Moments:
    moments = Moments.empty(*values.shape[:2])
    moments.add(values)
    return moments


def integers(found: Floats, scales: Floats) -> npt.NDArray[np.float64]:
    return found.reshape(len(scales), -1).astype(np.float64) / scales[:, None]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("kernel", [1, 3])
def test_patches_are_what_a_convolution_sees(kernel: int, groups: int, stride: int) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 4, 6, 6)).astype(np.float32)
    top, left, bottom, right = 1, 0, 0, 1
    seen = patches(values, Geometry((kernel, kernel), (stride, stride), (top, left, bottom, right), groups))
    padded = np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)))
    side = (7 - kernel) // stride + 1
    assert seen.shape == (groups, 4 // groups * kernel**2, 2 * side**2)
    row, column, group = 1, 2, groups - 1
    corner = padded[1, 4 // groups * group :, stride * row :, stride * column :][:, :kernel, :kernel]
    wanted = corner[: 4 // groups].reshape(-1)
    np.testing.assert_array_equal(seen[group, :, side**2 + row * side + column], wanted)


def test_moments_are_those_of_all_that_was_shown() -> None:
    values = correlated(8, 300, np.random.default_rng(1))
    moments = Moments.empty(1, 8)
    moments.add(values[:, :, :100])
    moments.add(values[:, :, 100:])
    np.testing.assert_allclose(moments.mean[0], values[0].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(moments.covariance[0], np.cov(values[0], bias=True), rtol=1e-3, atol=1e-3)


def test_outputs_move_less_than_with_the_nearest_integers() -> None:
    rng = np.random.default_rng(2)
    values = correlated(64, 4000, rng)
    weights = rng.normal(size=(16, 64, 1, 1)).astype(np.float32)
    found = rounded(weights, shown(values), pairs(64, 1))
    exact, scales = weights.reshape(16, 64), found.scales[:, None]
    nearest = np.round(exact / scales) * scales
    moved = found.weights.reshape(16, 64) @ values[0] + found.shift[:, None] - exact @ values[0]
    moved_by_nearest = nearest @ values[0] - exact @ values[0]
    assert np.square(moved).mean() < 0.5 * np.square(moved_by_nearest).mean()
    assert np.abs(moved.mean(axis=1)).max() < 1e-3 * np.abs(exact @ values[0]).mean()


@pytest.mark.parametrize(("inputs", "places"), [(64, 1), (3, 9), (5, 1)])
def test_two_products_with_a_byte_fit_into_16_bits(inputs: int, places: int) -> None:
    rng = np.random.default_rng(3)
    # Weights of one sign, all large: the worst there is.
    weights = rng.uniform(0.8, 1.0, (4, inputs, places, 1)).astype(np.float32)
    weights[1] *= -1.0
    weights[2, 0] *= 5.0
    found = rounded(
        weights, shown(correlated(max(inputs * places, 4), 500, rng)[:, : inputs * places]), pairs(inputs, places)
    )
    whole = integers(found.weights, found.scales)
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-3)
    assert np.abs(whole).max() < LARGEST + 0.01
    in_order = np.round(whole).reshape(4, inputs, places).transpose(0, 2, 1).reshape(4, -1)
    even = in_order.shape[1] // 2 * 2
    first, second = in_order[:, 0:even:2], in_order[:, 1:even:2]
    assert (np.maximum(first, 0) + np.maximum(second, 0)).max() <= LARGEST_PAIR
    assert (np.minimum(first, 0) + np.minimum(second, 0)).min() >= -LARGEST_PAIR


def test_without_partners_the_whole_range_is_used() -> None:
    rng = np.random.default_rng(4)
    weights = rng.uniform(0.5, 1.0, (6, 1, 3, 3)).astype(np.float32)
    values = np.abs(rng.normal(size=(6, 9, 200))).astype(np.float32)
    found = rounded(weights, shown(values), None)
    assert found.scales == pytest.approx(weights.reshape(6, 9).max(axis=1) / LARGEST)


def test_a_channel_of_zeros_stays_one() -> None:
    weights = np.zeros((2, 4, 1, 1), np.float32)
    found = rounded(weights, shown(np.ones((1, 4, 10), np.float32)), pairs(4, 1))
    assert not found.weights.any()
    assert not found.shift.any()
    assert np.isfinite(found.scales).all()
