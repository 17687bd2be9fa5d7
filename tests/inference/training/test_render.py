"""Recipes to pixels: every kind renders and repeats, and is told no more than what can be seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.training.data import Picture, read_pictures
from inference.training.render import render
from inference.training.targets import CELLS, CLASSES, Rendered, class_targets
from inference.training.views import LAID_OVER, Kind, Probe, View, plain_views, training_views
from tests.inference.training.folders import write_folder
from tests.inference.training.scenes import SIDE, night, scene, skin

EXTRA = sorted(set(Kind) - {Kind.PLAIN, Kind.VARIED}, key=lambda kind: kind.value)
HARMLESS = [kind for kind in EXTRA if kind not in LAID_OVER]

Recipes = Callable[[Kind, int], list[View]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def recipes(folder: Path) -> Recipes:
    """The first views of a kind."""
    pictures = read_pictures(folder)
    views = [*plain_views(pictures), *training_views(pictures, 0, seed=7)]
    return lambda kind, count: [view for view in views if view.kind is kind][:count]


def of_one_colour(folder: Path, colour: tuple[int, int, int]) -> Picture:
    name = "-".join(map(str, colour)) + ".png"
    Image.new("RGB", (SIDE, SIDE), colour).save(folder / name)
    return Picture(name, False, "ordinary_coco", "one/colour", "MIT", "train")


def nothing_in_it(rendered: Rendered) -> bool:
    """Whether it is told that there is no gore, of no class, in no cell."""
    return not rendered.gore and not rendered.classes[:-1].any() and bool((rendered.cells == 0.0).all())


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_the_inputs_size_and_repeats(folder: Path, recipes: Recipes, kind: Kind) -> None:
    for view in recipes(kind, 2):
        first, again = render(folder, view), render(folder, view)
        assert first.pixels.shape == (SIDE, SIDE, 3)
        assert first.pixels.dtype == np.uint8
        assert first.classes.shape == (len(CLASSES),)
        assert first.classes.dtype == np.float32
        assert first.cells.shape == (CELLS, CELLS)
        assert first.cells.dtype == np.float32
        assert np.array_equal(first.pixels, again.pixels)
        assert first.gore == again.gore
        assert np.array_equal(first.classes, again.classes, equal_nan=True)
        assert np.array_equal(first.cells, again.cells, equal_nan=True)
        if kind is not Kind.PLAIN:
            assert not np.array_equal(first.pixels, render(folder, replace(view, seed=(99, *view.seed))).pixels)


def test_a_plain_view_is_the_picture_itself(folder: Path) -> None:
    (view,) = plain_views(read_pictures(folder)[-1:])
    assert view.picture is not None
    with Image.open(folder / view.picture.file) as stored:
        assert np.array_equal(render(folder, view).pixels, np.asarray(stored.convert("RGB")))


@pytest.mark.parametrize("kind", [Kind.PLAIN, Kind.VARIED])
def test_a_picture_keeps_its_label_and_nobody_knows_where_its_gore_is(folder: Path, kind: Kind) -> None:
    for picture in read_pictures(folder)[::5]:
        rendered = render(folder, View(kind, (3,), picture))
        assert rendered.gore == picture.gore
        assert np.array_equal(rendered.classes, class_targets(picture.category, gore=picture.gore), equal_nan=True)
        assert np.isnan(rendered.cells).all() if picture.gore else nothing_in_it(rendered)


def test_a_picture_beside_an_ordinary_one_keeps_its_label(folder: Path, recipes: Recipes) -> None:
    beside = [view for view in recipes(Kind.VARIED, 200) if view.other is not None]
    for view in beside[:6]:
        assert view.picture is not None
        assert render(folder, view).gore == view.picture.gore


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_only_looks_like_gore_is_none(folder: Path, recipes: Recipes, kind: Kind) -> None:
    for view in recipes(kind, 3):
        assert nothing_in_it(render(folder, view))


@pytest.mark.parametrize("kind", list(LAID_OVER))
def test_what_is_laid_over_an_ordinary_picture_makes_it_gore_of_its_class(
    folder: Path, recipes: Recipes, kind: Kind
) -> None:
    made = 0
    for view in recipes(kind, 8):
        rendered = render(folder, view)
        if not rendered.gore:
            assert nothing_in_it(rendered)
            continue
        made += 1
        assert rendered.classes[CLASSES.index(LAID_OVER[kind])] == 1.0
        assert rendered.classes[CLASSES.index("drawn")] == 0.0
        assert np.isnan(rendered.cells).all() or (rendered.cells == 1.0).any()
    assert made >= 2


@pytest.mark.parametrize("kind", [Kind.BLOOD, Kind.FLESH])
def test_what_could_not_be_seen_leaves_the_picture_ordinary(folder: Path, kind: Kind) -> None:
    # Without colour nobody tells blood from a shadow.
    Image.fromarray(night(1)).save(folder / "night.png")
    camera = Picture("night.png", False, "surveillance", "night/camera", "MIT", "train")
    for seed in range(4):
        rendered = render(folder, View(kind, (seed,), camera))
        assert nothing_in_it(rendered)
        assert np.ptp(rendered.pixels, axis=2).max() == 0


def test_the_cells_that_are_told_are_where_the_blood_is(folder: Path) -> None:
    wall = of_one_colour(folder, (150, 170, 190))
    told = right = 0
    for seed in range(36):
        rendered = render(folder, View(Kind.BLOOD, (5, seed), wall))
        cells = rendered.cells
        if not ((cells == 1.0).any() and (cells == 0.0).any()):
            continue
        told += 1
        pixels = rendered.pixels.astype(np.float64) + 1.0
        red = (pixels[..., 0] / pixels.sum(axis=2)).reshape(CELLS, SIDE // CELLS, CELLS, -1).mean(axis=(1, 3))
        # Overlays and lenses change a few cells; the middle one of many is as it was.
        right += bool(np.median(red[cells == 1.0]) > np.median(red[cells == 0.0]))
    assert told >= 10
    assert right >= 0.85 * told


def test_a_clean_view_changes_in_the_cells_that_are_told_and_hardly_elsewhere(folder: Path) -> None:
    wall = of_one_colour(folder, (150, 170, 190))
    clean = right = 0
    for seed in range(24):
        rendered = render(folder, View(Kind.BLOOD, (6, seed), wall))
        untouched = (rendered.pixels == (150, 170, 190)).all(axis=2)
        by_cell = untouched.reshape(CELLS, SIDE // CELLS, CELLS, -1).mean(axis=(1, 3))
        if not (rendered.cells == 0.0).any() or by_cell.max() < 1.0:
            continue
        clean += 1
        assert by_cell[rendered.cells == 1.0].max() < 1.0
        # A vignette leaves the middle alone; all others that change a cell change all.
        right += bool(np.median(by_cell[rendered.cells == 0.0]) > 0.9)
    assert clean >= 4
    assert right >= 0.75 * clean


PLAINLY = 20
"""Levels that a channel differs by where a person sees it."""


def scene_in(folder: Path, seed: int, category: str = "ordinary_coco") -> Picture:
    name = f"{category}-scene-{seed}.png"
    Image.fromarray(skin(seed) if category == "people_faces" else scene(seed)).save(folder / name)
    return Picture(name, False, category, "drawn/scenes", "MIT", "val")


@pytest.mark.parametrize("category", ["ordinary_coco", "people_faces"])
def test_a_probe_of_blood_covers_about_the_share_and_leaves_the_rest_as_it_was(folder: Path, category: str) -> None:
    seen: dict[float, list[float]] = {0.02: [], 0.2: []}
    for share, covered in seen.items():
        for seed in range(8):
            probe = Probe(Kind.BLOOD, (seed,), scene_in(folder, seed, category), share=share)
            ground = render(folder, View(Kind.PLAIN, (0,), probe.picture)).pixels
            rendered = render(folder, probe)
            changed = (rendered.pixels != ground).any(axis=2)
            if not rendered.gore:
                assert nothing_in_it(rendered)
                assert not changed.any()
                continue
            assert rendered.classes[CLASSES.index("blood")] == 1.0
            # Nothing else was done: droplets and thin edges aside, cells without blood are as they were, to the pixel.
            by_cell = changed.reshape(CELLS, SIDE // CELLS, CELLS, -1).mean(axis=(1, 3))
            assert by_cell[rendered.cells == 0.0].max(initial=0.0) < 0.5
            assert by_cell.min() == 0.0
            assert by_cell[rendered.cells == 1.0].max() > 0.0
            apart = np.abs(rendered.pixels.astype(int) - ground).max(axis=2)
            covered.append(float((apart >= PLAINLY).mean()))
    assert all(len(covered) >= 4 for covered in seen.values())
    for share, covered in seen.items():
        assert share / 2.0 < np.median(covered) < share * 2.0
    assert max(seen[0.02]) < min(0.5, 2.0 * np.median(seen[0.2]))


def test_a_probe_of_paint_is_seen_and_stays_ordinary(folder: Path) -> None:
    for category in ("ordinary_coco", "people_faces"):
        covered = []
        for seed in range(5):
            probe = Probe(Kind.PAINT, (seed,), scene_in(folder, seed, category), share=0.1)
            ground = render(folder, View(Kind.PLAIN, (0,), probe.picture)).pixels
            rendered = render(folder, probe)
            assert nothing_in_it(rendered)
            covered.append(float((rendered.pixels != ground).any(axis=2).mean()))
        assert 0.05 < np.median(covered) < 0.2
        assert max(covered) < 0.5


def test_a_probe_that_could_not_be_seen_stays_ordinary(folder: Path) -> None:
    Image.fromarray(night(2)).save(folder / "night-probe.png")
    camera = Picture("night-probe.png", False, "ordinary_coco", "night/camera", "MIT", "val")
    rendered = render(folder, Probe(Kind.BLOOD, (1,), camera, share=0.1))
    assert nothing_in_it(rendered)
    assert np.array_equal(rendered.pixels, render(folder, View(Kind.PLAIN, (0,), camera)).pixels)


def test_a_picture_that_is_gone_is_named(folder: Path) -> None:
    gone = Picture("gone.png", False, "ordinary_coco", "a/b", "MIT", "train")
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        render(folder, View(Kind.VARIED, (1,), gone))
