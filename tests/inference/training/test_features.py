"""What the trunk makes of views: in order, from several processes, made once and then read back."""

from pathlib import Path

import numpy as np
import pytest

from inference.training.data import read_pictures
from inference.training.features import Extractor, Shown
from inference.training.render import render
from inference.training.targets import CELLS, CLASSES
from inference.training.views import Kind, View, plain_views, training_views
from tests.inference.onnx_models import write_trunk
from tests.inference.training.folders import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture
def trunk(tmp_path: Path) -> Path:
    return write_trunk(tmp_path / "trunk.onnx")


def as_rendered(folder: Path, views: list[View], shown: Shown) -> None:
    """Assert that each row holds its own view."""
    assert len(shown) == len(views)
    assert shown.cells.shape == (len(views), 3, CELLS, CELLS)
    assert shown.classes.shape == (len(views), len(CLASSES))
    for index, view in enumerate(views):
        rendered = render(folder, view)
        side = rendered.pixels.shape[0] // CELLS
        means = rendered.pixels.reshape(CELLS, side, CELLS, side, 3).mean(axis=(1, 3)).transpose(2, 0, 1) / 255.0
        assert shown.cells[index] == pytest.approx(means, abs=1e-3)
        assert shown.gore[index] == rendered.gore
        assert np.array_equal(shown.classes[index], rendered.classes, equal_nan=True)
        assert np.array_equal(shown.map[index], rendered.cells, equal_nan=True)


def test_rows_are_in_order_and_read_back_without_the_pictures(folder: Path, trunk: Path, tmp_path: Path) -> None:
    pictures = read_pictures(folder)
    blood = [view for view in training_views(pictures, 0, seed=7) if view.kind is Kind.BLOOD][:4]
    # More than two batches, of which the last is short.
    views = [*plain_views(pictures)[:35], *blood]
    scratch = tmp_path / "scratch"
    made = Extractor(trunk, folder, scratch, processes=2).shown(views, "made")
    as_rendered(folder, views, made)
    again = Extractor(trunk, tmp_path / "no pictures here", scratch, processes=2).shown(views, "again")
    assert np.array_equal(again.cells, made.cells)
    assert np.array_equal(again.gore, made.gore)
    assert np.array_equal(again.classes, made.classes, equal_nan=True)
    assert np.array_equal(again.map, made.map, equal_nan=True)


def test_what_broke_off_is_told_and_made_anew(tmp_path: Path, trunk: Path) -> None:
    folder = write_folder(tmp_path)
    views = plain_views(read_pictures(folder)[:3])
    hidden = (folder / "blood_pattern_white-1.png").rename(folder / "elsewhere.png")
    extractor = Extractor(trunk, folder, tmp_path / "scratch", processes=1)
    with pytest.raises(FileNotFoundError, match=r"blood_pattern_white-1\.png"):
        extractor.shown(views, "broken")
    hidden.rename(folder / "blood_pattern_white-1.png")
    as_rendered(folder, views, extractor.shown(views, "whole"))


def test_another_trunk_or_other_views_are_not_read_back(tmp_path: Path, trunk: Path) -> None:
    folder = write_folder(tmp_path)
    views = plain_views(read_pictures(folder)[:3])
    scratch = tmp_path / "scratch"
    Extractor(trunk, folder, scratch, processes=1).shown(views, "first")
    absent = Extractor(trunk, tmp_path / "no pictures here", scratch, processes=1)
    with pytest.raises(FileNotFoundError):
        absent.shown(views[:2], "fewer")
    coarser = write_trunk(tmp_path / "coarser.onnx", cells=4)
    shown = Extractor(coarser, folder, scratch, processes=1).shown(views, "coarser")
    assert shown.cells.shape == (3, 3, 4, 4)
