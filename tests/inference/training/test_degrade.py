"""What live video does to a picture: each degradation has its effect and no other."""

import numpy as np
import pytest

from inference.training.degrade import CHAIN, DEGRADATIONS, degraded
from inference.training.stains import Rgb

NAMES = sorted(DEGRADATIONS)


def generator(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def scene(height: int = 224, width: int = 224, seed: int = 0) -> Rgb:
    """Light and dark panels of many colours under a gradient, with some texture."""
    rng = np.random.default_rng(seed)
    cells = rng.uniform(30.0, 190.0, (8, 8, 1)) * rng.uniform(0.7, 1.3, (8, 8, 3))
    panels = cells[np.arange(height) * 8 // height][:, np.arange(width) * 8 // width]
    texture = rng.normal(0.0, 12.0, (height, width, 1))
    shade = np.linspace(0.7, 1.1, width)[None, :, None]
    result: Rgb = np.clip(panels * shade + texture, 0, 255).astype(np.uint8)
    return result


def edges(picture: Rgb) -> float:
    pixels = picture.astype(np.float64).mean(axis=2)
    return float(np.abs(np.diff(pixels, axis=0)).mean() + np.abs(np.diff(pixels, axis=1)).mean())


def colour(picture: Rgb) -> float:
    pixels = picture.astype(np.float64)
    return float((pixels.max(axis=2) - pixels.min(axis=2)).mean())


def likeness(one: Rgb, other: Rgb) -> float:
    """Correlation of the two in coarse cells, as a person sees them from afar."""
    coarse = [
        picture.astype(np.float64).mean(axis=2).reshape(28, 8, 28, 8).mean(axis=(1, 3)) for picture in (one, other)
    ]
    return float(np.corrcoef(coarse[0].ravel(), coarse[1].ravel())[0, 1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_shape_and_type_stay_and_a_seed_repeats(name: str, strength: float) -> None:
    before = scene()
    kept = before.copy()
    one = DEGRADATIONS[name](before, strength, generator())
    assert one.shape == before.shape
    assert one.dtype == np.uint8
    assert np.array_equal(before, kept), "the picture that was passed in changed"
    assert np.array_equal(one, DEGRADATIONS[name](before, strength, generator()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2), (37, 61), (225, 223), (700, 40)])
def test_any_size_goes_through(name: str, size: tuple[int, int]) -> None:
    for strength in (0.0, 1.0):
        result = DEGRADATIONS[name](scene(*size), strength, generator())
        assert result.shape == (*size, 3)
        assert result.dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_go_through(name: str, level: int) -> None:
    assert DEGRADATIONS[name](np.full((64, 64, 3), level, np.uint8), 1.0, generator()).shape == (64, 64, 3)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"turned", "tilted", "perspective", "sheared"}))
def test_even_the_strongest_leaves_the_scene_to_be_seen(name: str) -> None:
    for seed in range(4):
        assert likeness(DEGRADATIONS[name](scene(seed=seed), 1.0, generator(seed)), scene(seed=seed)) > 0.6


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"turned"}))
def test_a_stronger_one_changes_more(name: str) -> None:
    def change(strength: float) -> float:
        pairs = ((DEGRADATIONS[name](scene(), strength, generator(seed)), scene()) for seed in range(6))
        return float(np.mean([np.abs(one.astype(int) - other).mean() for one, other in pairs]))

    assert change(1.0) > change(0.1)


@pytest.mark.parametrize("name", ["gaussian_blur", "box_blur", "motion_blur", "defocus", "small_smooth"])
def test_blur_takes_edges_away(name: str) -> None:
    assert edges(DEGRADATIONS[name](scene(), 0.7, generator())) < 0.6 * edges(scene())


@pytest.mark.parametrize("name", ["video_h264", "video_vp8", "video_mpeg2", "jpeg", "webp"])
def test_hard_compression_takes_texture_away(name: str) -> None:
    weak, strong = (DEGRADATIONS[name](scene(), strength, generator()) for strength in (0.0, 1.0))
    assert edges(strong) < edges(weak)


@pytest.mark.parametrize("name", ["video_h264", "video_vp8", "video_mpeg2"])
def test_weak_video_stays_close_and_in_place(name: str) -> None:
    assert likeness(DEGRADATIONS[name](scene(), 0.0, generator()), scene()) > 0.98


@pytest.mark.parametrize(("name", "way"), [("low_light", -1), ("vignette", -1), ("over_exposed", 1), ("haze", 1)])
def test_light_goes_the_way_its_name_says(name: str, way: int) -> None:
    assert (float(DEGRADATIONS[name](scene(), 0.8, generator()).mean()) - float(scene().mean())) * way > 8


def test_a_dark_picture_is_not_put_out() -> None:
    for light in (0.2, 0.3, 0.5, 0.8):
        dim = (scene() * light).astype(np.uint8)
        after = DEGRADATIONS["low_light"](dim, 1.0, generator()).mean()
        assert after > min(25.0, 0.9 * float(dim.mean()))


@pytest.mark.parametrize(("name", "least", "most"), [("pale", 0.0, 0.1), ("infrared", 0.0, 0.3), ("vivid", 1.2, 3.0)])
def test_colour_goes_the_way_its_name_says(name: str, least: float, most: float) -> None:
    assert least <= colour(DEGRADATIONS[name](scene(), 1.0, generator())) / colour(scene()) <= most


def test_night_vision_is_of_one_colour() -> None:
    for seed in range(8):
        pixels = DEGRADATIONS["night_vision"](scene(), 0.5, generator(seed)).astype(np.float64)
        shares = pixels.reshape(-1, 3).sum(axis=0)
        assert shares[1] >= shares[0] - 1
        assert np.corrcoef(pixels[..., 0].ravel(), pixels[..., 1].ravel())[0, 1] > 0.9


def test_noise_is_stronger_in_the_light_than_in_the_dark() -> None:
    dark, light = (np.full((96, 96, 3), level, np.uint8) for level in (20, 120))
    spread = [DEGRADATIONS["sensor_noise"](flat, 0.4, generator()).astype(float).std() for flat in (dark, light)]
    assert 0.5 < spread[0] < spread[1]


def test_few_steps_are_left_of_a_banded_ramp() -> None:
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (8, 256, 3)).copy()
    assert len(np.unique(DEGRADATIONS["banded"](ramp, 1.0, generator()))) == 6
    assert len(np.unique(DEGRADATIONS["banded"](ramp, 0.0, generator()))) == 48


def test_interlacing_keeps_one_field() -> None:
    result = DEGRADATIONS["interlaced"](scene(), 1.0, generator(1))
    same = (result == scene()).all(axis=(1, 2))
    assert 0.4 < same.mean() < 0.6


def test_a_turned_picture_has_the_same_pixels_elsewhere() -> None:
    for seed in range(6):
        result = DEGRADATIONS["turned"](scene(), 0.5, generator(seed))
        assert not np.array_equal(result, scene())
        assert np.array_equal(np.sort(result, axis=None), np.sort(scene(), axis=None))


def test_every_degradation_has_its_place_in_the_chain() -> None:
    placed = [name for stage in CHAIN for name in stage.weights]
    assert sorted(placed) == NAMES


def test_the_chain_varies_repeats_and_leaves_some_pictures_alone() -> None:
    results = [degraded(scene(), generator(seed)) for seed in range(60)]
    assert all(result.shape == (224, 224, 3) and result.dtype == np.uint8 for result in results)
    assert np.array_equal(results[7], degraded(scene(), generator(7)))
    assert len({result.tobytes() for result in results}) > 50
    assert 3 <= sum(np.array_equal(result, scene()) for result in results) <= 15


def test_red_stays_red_in_coloured_light() -> None:
    red = np.full((32, 32, 3), (150, 20, 20), np.uint8)
    for seed in range(40):
        after = DEGRADATIONS["colour_cast"](red, 1.0, generator(seed)).reshape(-1, 3).mean(axis=0)
        assert after[0] > 2.5 * max(after[1], after[2])


def test_the_chain_never_adds_up_to_a_picture_that_nobody_can_make_out() -> None:
    dimmest = min(float(degraded(scene(), generator(seed)).mean()) for seed in range(300))
    assert dimmest > 18


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (33, 47)])
def test_the_chain_takes_odd_sizes(size: tuple[int, int]) -> None:
    for seed in range(30):
        assert degraded(scene(*size), generator(seed)).shape == (*size, 3)


def test_in_place_the_camera_stays_where_it_is() -> None:
    found = [likeness(degraded(scene(), generator(seed), in_place=True), scene()) for seed in range(30)]
    assert np.median(found) > 0.9
    assert min(found) > 0.3
