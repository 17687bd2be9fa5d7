"""Wounds, entrails and skulls drawn over pictures, and red things that are harmless."""

from collections.abc import Callable

import numpy as np
import pytest

from inference.training import film, flesh, lesions, lookalikes, patterns, placing, prints, skulls
from inference.training.stains import Mask, Rgb
from tests.inference.training.scenes import SIDE, night, scene, skin

Drawer = Callable[..., tuple[Rgb, Mask]]
DRAWERS: tuple[Drawer, ...] = (lesions.wounded, flesh.gutted, skulls.skulled)
PATTERNS = (
    *(patterns.pool, patterns.spray, patterns.cast_off, patterns.drips, patterns.streams, patterns.soaked),
    *(patterns.patchy, patterns.smear, prints.hand, prints.foot),
)


@pytest.mark.parametrize("drawer", DRAWERS)
def test_the_same_seed_draws_the_same(drawer: Drawer) -> None:
    first, second = (drawer(skin(1), np.random.default_rng(4), share=0.1) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


@pytest.mark.parametrize("drawer", DRAWERS)
@pytest.mark.parametrize(("height", "width"), [(224, 224), (100, 260)])
def test_any_size_is_kept(drawer: Drawer, height: int, width: int) -> None:
    ground = np.full((height, width, 3), (190, 140, 115), np.uint8)
    picture, mask = drawer(ground, np.random.default_rng(2), share=0.08)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert mask.shape == (height, width)
    assert mask.dtype == np.float32
    assert (ground == (190, 140, 115)).all()


@pytest.mark.parametrize("drawer", DRAWERS)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.25])
def test_it_is_seen_and_as_large_as_was_asked_for(drawer: Drawer, share: float) -> None:
    drawn = 0
    for seed in range(16):
        ground = skin(seed)
        picture, mask = drawer(ground, np.random.default_rng(seed), share=share)
        if mask.max() == 0.0:
            continue
        drawn += 1
        assert film.contrast(ground, picture, mask) > 25.0
        # Blood runs out of it and lies around it.
        assert 0.3 * share < placing.covered(mask) < 3.0 * share
    assert drawn >= 12


def test_wounds_are_redder_than_the_skin() -> None:
    for seed in range(16):
        ground = skin(seed)
        picture, mask = lesions.wounded(ground, np.random.default_rng(seed), share=0.1)
        where = mask > placing.COVERED
        if where.any():
            before, after = (pixels[where].astype(float).mean(axis=0) for pixels in (ground, picture))
            assert after[0] / after[1] > before[0] / before[1]


def test_entrails_are_not_drawn_where_there_is_no_colour() -> None:
    picture, mask = flesh.gutted(night(1), np.random.default_rng(1), share=0.2)
    assert mask.max() == 0.0
    assert np.array_equal(picture, night(1))


def test_the_same_shapes_in_stone_or_clay_are_not_red() -> None:
    for seed in range(20):
        ground = skin(seed)
        picture = flesh.moulded(ground, np.random.default_rng(seed), share=0.2)
        assert np.array_equal(picture, flesh.moulded(ground, np.random.default_rng(seed), share=0.2))
        red, green, blue = picture.reshape(-1, 3).astype(float).T
        assert ((red > 2.0 * green) & (red > 1.6 * blue) & (red < 200.0) & (red > 40.0)).mean() < 0.03


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_shapes_and_none_is_like_another(pattern: patterns.Pattern) -> None:
    masks = [pattern(np.random.default_rng(seed)) for seed in range(5)]
    for mask in masks:
        assert mask.shape == (patterns.CANVAS_PX, patterns.CANVAS_PX)
        assert mask.dtype == np.float32
        assert 0.0 < placing.covered(mask) < 0.8
        assert mask.min() >= 0.0
        assert mask.max() <= 1.0
    assert len({mask.tobytes() for mask in masks}) == 5


@pytest.mark.parametrize("seed", range(40))
def test_harmless_red_things_keep_the_size_and_repeat(seed: int) -> None:
    first, second = (
        lookalikes.reddened(scene(seed), np.random.default_rng(seed), face=seed % 3 == 0) for _ in range(2)
    )
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_sauce_is_brighter_and_more_orange_than_blood() -> None:
    changed = 0
    for seed in range(30):
        ground = scene(seed)
        picture = lookalikes.sauced(ground, np.random.default_rng(seed))
        moved = np.abs(picture.astype(int) - ground).sum(axis=2) > 90
        if moved.mean() > 0.01:
            changed += 1
            red, green, blue = picture[moved].astype(float).mean(axis=0)
            assert red > 135.0
            assert green > 0.2 * red or blue > 0.3 * red
    assert changed > 15
