"""Blood over pictures: as much as was asked for, where the mask says, red and plain; and paint that is never blood."""

import numpy as np
import pytest

from inference.training import compose, film, placing, stains
from tests.inference.training.scenes import SIDE, night, scene, skin

SEEDS = range(24)


def share_of(seed: int) -> float:
    return float(np.exp(np.random.default_rng(seed).uniform(np.log(0.007), np.log(0.5))))


@pytest.mark.parametrize("face", [False, True])
def test_the_same_seed_gives_the_same_picture(face: bool) -> None:
    first, second = (compose.bloodied(scene(1), np.random.default_rng(9), share=0.1, face=face) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    other, _ = compose.bloodied(scene(1), np.random.default_rng(10), share=0.1, face=face)
    assert not np.array_equal(first[0], other)


@pytest.mark.parametrize(("height", "width"), [(224, 224), (120, 300), (61, 47)])
def test_any_size_is_kept_and_the_ground_is_left_alone(height: int, width: int) -> None:
    ground = np.full((height, width, 3), 150, np.uint8)
    picture, mask = compose.bloodied(ground, np.random.default_rng(2), share=0.1)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert mask.shape == (height, width)
    assert mask.dtype == np.float32
    assert mask.min() >= 0.0
    assert mask.max() <= 1.0
    assert (ground == 150).all()


@pytest.mark.parametrize("share", [0.007, 0.02, 0.06, 0.2, 0.5])
def test_it_covers_about_what_was_asked_for(share: float) -> None:
    found = np.array(
        [placing.covered(compose.bloodied(scene(seed), np.random.default_rng(seed), share=share)[1]) for seed in SEEDS]
    )
    assert np.median(found) == pytest.approx(share, rel=0.2)
    assert (np.abs(found / share - 1.0) < 0.5).mean() > 0.85


def test_blood_is_redder_or_darker_where_the_mask_says_and_nowhere_else() -> None:
    for seed in SEEDS:
        ground = skin(seed) if seed % 2 else scene(seed)
        picture, mask = compose.bloodied(ground, np.random.default_rng(seed), share=share_of(seed), face=seed % 2 == 1)
        where = mask > placing.COVERED
        assert where.any()
        before, after = ground[where].astype(float), picture[where].astype(float)
        assert (after[:, 1] + after[:, 2]).mean() < (before[:, 1] + before[:, 2]).mean() - 15.0
        assert (after[:, 0] / (after.sum(axis=1) + 1.0)).mean() > (before[:, 0] / (before.sum(axis=1) + 1.0)).mean()
        assert np.array_equal(picture[mask == 0.0], ground[mask == 0.0])


def test_a_person_would_see_it() -> None:
    for seed in SEEDS:
        ground = scene(seed)
        picture, mask = compose.bloodied(ground, np.random.default_rng(seed), share=0.01)
        assert film.contrast(ground, picture, mask) > 60.0


@pytest.mark.parametrize(
    "ground", [np.zeros((SIDE, SIDE, 3), np.uint8), np.full((SIDE, SIDE, 3), (150, 8, 8), np.uint8)]
)
def test_what_nobody_could_see_is_given_back_as_it_was(ground: stains.Rgb) -> None:
    # A black frame, and one that is red all over.
    picture, mask = compose.bloodied(ground, np.random.default_rng(1), share=0.05)
    assert mask.max() == 0.0
    assert np.array_equal(picture, ground)


def test_a_night_camera_sees_no_blood_and_no_colour() -> None:
    picture, mask = compose.bloodied(night(1), np.random.default_rng(1), share=0.2)
    assert mask.max() == 0.0
    assert np.array_equal(picture, night(1))
    for seed in range(6):
        picture = compose.painted(night(seed), np.random.default_rng(seed), share=0.2)
        assert (picture[..., 0] == picture[..., 2]).all()


def test_a_stain_of_ones_own_keeps_its_shape() -> None:
    square = np.zeros((60, 60), np.float32)
    square[10:50, 10:50] = 1.0
    _, mask = compose.bloodied(scene(3), np.random.default_rng(3), share=0.15, mask=square)
    assert placing.covered(mask) == pytest.approx(0.15, rel=0.3)


def test_paint_is_seen_and_is_not_taken_for_blood() -> None:
    changed = 0
    for seed in range(60):
        ground = skin(seed) if seed % 2 else scene(seed)
        picture = compose.painted(ground, np.random.default_rng(seed), share=0.15)
        moved = np.abs(picture.astype(int) - ground).sum(axis=2) > 40
        changed += moved.mean() > 0.01
        red, green, blue = picture[moved].astype(float).T
        deep_red = (red > 2.0 * green) & (red > 1.6 * blue) & (red < 200.0) & (red > 40.0)
        assert deep_red.sum() < 0.15 * 0.15 * SIDE * SIDE
    assert changed > 45


def test_no_harmless_colour_is_near_blood() -> None:
    rng = np.random.default_rng(0)
    for _ in range(2000):
        red, green, blue = compose.harmless_colour(rng)
        assert not (red > 60.0 and red > 1.9 * green and red > 1.5 * blue)
        assert 0.0 <= min(red, green, blue) <= max(red, green, blue) <= 255.0
