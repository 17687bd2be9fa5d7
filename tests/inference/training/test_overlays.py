"""What a screen puts over and around a picture: the picture can still be seen, and so keeps its label."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from inference.training import frames
from inference.training.overlays import FRAMED, MOST_COVERED, OVERLAYS, PAINTED, overlaid
from inference.training.stains import Rgb

NAMES = sorted(OVERLAYS)
OVER = sorted({*PAINTED, "picture_in_picture"})
AROUND = sorted(set(FRAMED) - {"rim", "blurred_bars"})


def generator(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def scene(height: int = 224, width: int = 224) -> Rgb:
    """A green and blue picture, without any red, of a colour that no overlay has."""
    result = np.empty((height, width, 3), np.uint8)
    result[..., 0] = 3
    result[..., 1] = np.linspace(90, 170, height)[:, None]
    result[..., 2] = np.linspace(90, 170, width)[None]
    return result


def other() -> Rgb:
    return np.full((60, 90, 3), (240, 240, 90), np.uint8)


def changed(before: Rgb, after: Rgb) -> npt.NDArray[np.bool_]:
    difference: npt.NDArray[np.bool_] = np.abs(after.astype(int) - before).max(axis=2) > 2
    return difference


def red_share(picture: Rgb) -> float:
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return float(((red > 100) & (red > 2 * green) & (red > 2 * blue)).mean())


def seen(picture: Rgb) -> npt.NDArray[np.bool_]:
    """Where the scene shows: it alone has so little red beside so much green and blue."""
    return (picture[..., 0] < 8) & (picture[..., 1] > 80) & (picture[..., 2] > 80)


def drawn(name: str, count: int = 25) -> Iterator[Rgb]:
    return (OVERLAYS[name](scene(), generator(seed), other() if seed % 2 else None) for seed in range(count))


@pytest.mark.parametrize("name", NAMES)
def test_shape_and_type_stay_and_a_seed_repeats(name: str) -> None:
    before = scene()
    one = OVERLAYS[name](before, generator(), other())
    assert one.shape == before.shape
    assert one.dtype == np.uint8
    assert np.array_equal(before, scene()), "the picture that was passed in changed"
    assert np.array_equal(one, OVERLAYS[name](before, generator(), other()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2), (37, 61), (225, 223), (700, 40)])
def test_any_size_goes_through(name: str, size: tuple[int, int]) -> None:
    for seed in range(2):
        result = OVERLAYS[name](scene(*size), generator(seed), other() if seed % 2 else None)
        assert result.shape == (*size, 3)
        assert result.dtype == np.uint8


@pytest.mark.parametrize("name", OVER)
def test_what_is_drawn_over_a_picture_leaves_the_middle_and_most_of_it(name: str) -> None:
    touched = 0
    most = PAINTED[name].most_covered if name in PAINTED else 0.1
    for after in drawn(name, 40):
        covered = changed(scene(), after)
        # A crosshair, a pointer or a thin ring may cross the middle.
        assert covered[68:157, 68:157].mean() < 0.05
        assert covered.mean() <= most <= MOST_COVERED
        touched += bool(covered.any())
    assert touched > 30, "it is hardly ever to be seen"


@pytest.mark.parametrize("name", AROUND)
def test_what_lies_around_squashes_the_whole_picture(name: str) -> None:
    for after in drawn(name):
        visible = seen(after)
        assert 0.15 < float(visible.mean()) < 0.97
        # Both ends of both ramps are still there.
        for channel in (1, 2):
            levels = after[visible][:, channel]
            assert int(levels.min()) < 98
            assert int(levels.max()) > 162


def test_blurred_bars_are_smooth_and_in_the_colours_of_the_picture() -> None:
    checks = np.zeros((224, 224, 3), np.uint8)
    checks[::2, ::2, 1] = checks[1::2, 1::2, 1] = 200
    checks[112:, :, 2] = 90
    for seed in range(10):
        after = frames.blurred_bars(checks, generator(seed)).astype(float)
        upright = after[112, :8].std() < after[:8, 112].std()
        bar = after[:, :12] if upright else after[:12]
        assert np.abs(np.diff(bar[..., 1], axis=0 if upright else 1)).mean() < 8
        assert bar[..., 0].max() < 8
        assert bar[..., 1].mean() > 20


def test_letterbox_squashes_downwards_and_pillarbox_sideways() -> None:
    for seed in range(20):
        flat = seen(frames.letterbox(scene(), generator(seed)))
        narrow = seen(frames.pillarbox(scene(), generator(seed)))
        assert flat.any(axis=0).all()
        assert 0.4 < flat.any(axis=1).mean() < 0.95
        assert narrow.any(axis=1).all()
        assert 0.3 < narrow.any(axis=0).mean() < 0.9


def test_a_split_screen_shows_the_other_too() -> None:
    for seed in range(20):
        after = frames.split(scene(), generator(seed), other())
        assert 0.2 < float(seen(after).mean()) <= 0.51
        assert float((after == other()[0, 0]).all(axis=2).mean()) > 0.45


def test_a_hurt_heros_rim_leaves_the_middle() -> None:
    for after in drawn("rim"):
        assert not changed(scene(), after)[90:134, 90:134].any()
        assert changed(scene(), after)[0].mean() > 0.5


@pytest.mark.parametrize(
    "name", ["banner", "ticker", "live_badge", "channel_bug", "game_hud", "app", "emoji", "pointers"]
)
def test_red_is_frequent(name: str) -> None:
    assert np.mean([red_share(after) > 0.001 for after in drawn(name, 40)]) > 0.25


def test_the_chain_varies_repeats_and_leaves_about_half_alone() -> None:
    results = [overlaid(scene(), generator(seed), other()) for seed in range(200)]
    assert np.array_equal(results[3], overlaid(scene(), generator(3), other()))
    alone = np.mean([np.array_equal(result, scene()) for result in results])
    assert 0.25 < alone < 0.6
    assert np.mean([red_share(result) > 0.002 for result in results]) > 0.15
    # Even a small inset with things drawn on it leaves something to see.
    assert min(float(seen(result).mean()) for result in results) > 0.08


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (33, 47)])
def test_the_chain_takes_odd_sizes(size: tuple[int, int]) -> None:
    for seed in range(40):
        assert overlaid(scene(*size), generator(seed), None).shape == (*size, 3)


def test_in_place_a_picture_is_drawn_over_and_never_moved() -> None:
    results = [overlaid(scene(), generator(seed), other(), in_place=True) for seed in range(80)]
    assert max(float(changed(scene(), result).mean()) for result in results) < MOST_COVERED + 0.02
    assert np.mean([changed(scene(), result).any() for result in results]) > 0.25
