"""Sources left out: nothing of a held source, nor a copy of it, is trained or calibrated on; each picture is scored."""

from tests.inference.training.needs import need_training

need_training()

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from inference.calibrate import Platt
from inference.training import recipe
from inference.training.data import read_pictures
from inference.training.features import Shown
from inference.training.folds import leave_out
from inference.training.network import Tail, backbone
from inference.training.picture import Picture
from inference.training.recipe import Pass, Runs, licence_cost, sources_left_out
from inference.training.targets import CELLS, CLASSES
from inference.training.train import Recipe, Rows
from inference.training.views import Kind, View, training_views
from tests.inference.training.folders import write_folder

VIEWS, FOLDS = 400, 2


class Heard(Runs):
    """Notes what each tail is trained on and calibrated on instead of training it; a picture's score tells the fold."""

    trained: list[Rows]
    fitted: list[Rows]

    def __init__(self, pictures: list[Picture]) -> None:
        super().__init__(torch.nn.Identity(), Recipe(14), pictures, told(pictures), Path(), 1)
        object.__setattr__(self, "trained", [])
        object.__setattr__(self, "fitted", [])

    def tail(self, passes: Sequence[Pass], label: str, rows: Sequence[Rows] | None = None) -> Tail:
        assert rows is not None
        self.trained.append(rows[0])
        blank: Tail = torch.nn.Identity()
        return blank

    def platt(self, tail: Tail, known: Rows) -> Platt:
        self.fitted.append(known)
        return Platt()

    def probabilities(self, tail: Tail, rows: Rows, platt: Platt) -> npt.NDArray[np.float32]:
        return np.full(len(rows), len(self.trained) / 10.0, np.float32)


def told(pictures: Sequence[Picture | View], channels: int = 1) -> Shown:
    """Noise, brighter where there is gore."""
    gore = np.array(
        [each.gore if isinstance(each, Picture) else bool(each.picture and each.picture.gore) for each in pictures]
    )
    rng = np.random.default_rng(1)
    cells = rng.normal(gore[:, None, None, None], 1.0, (len(gore), channels, CELLS, CELLS)).astype(np.float16)
    nothing = np.full((len(gore), CELLS, CELLS), np.nan, np.float32)
    return Shown(cells, gore, np.zeros((len(gore), len(CLASSES)), np.float32), nothing)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    """Of which the first of one source is a copy of the first of another."""
    read = read_pictures(write_folder(tmp_path_factory.mktemp("data")))
    twice = {read[0].file, next(each.file for each in read if each.source == "food_meat/1")}
    return [replace(each, copies="x.png") if each.file in twice else each for each in read]


@pytest.fixture(scope="module")
def shown(pictures: list[Picture]) -> Pass:
    views = training_views(pictures, 0, seed=7)
    return views, told(views)


def test_nothing_of_a_held_source_is_trained_or_calibrated_on(pictures: list[Picture], shown: Pass) -> None:
    runs = Heard(pictures)
    prob = sources_left_out(runs, shown, VIEWS, FOLDS)
    folds = leave_out(pictures, FOLDS)
    assert len(runs.trained) == len(folds) == FOLDS
    for number, (fold, rows, known) in enumerate(zip(folds, runs.trained, runs.fitted, strict=True), 1):
        parts = [part for row in rows for part in shown[0][row].parts]
        assert not {part.source for part in parts} & fold.sources
        assert not {part.copies for part in parts if part.copies} & fold.copies
        assert {part.split for part in parts} == {"train"}
        # All that it may see of the first views, and nothing beyond those.
        assert max(rows) < VIEWS
        others = set(range(VIEWS)) - set(rows.tolist())
        assert others
        assert not any(all(fold.shows(part) for part in shown[0][row].parts) for row in others)
        assert any(shown[0][row].kind is Kind.ABSTRACT for row in rows)
        for row in known:
            assert pictures[row].split == "val"
            assert pictures[row].source not in fold.sources
        held = [at for at, picture in enumerate(pictures) if picture.source in fold.sources]
        assert prob[held] == pytest.approx(number / 10.0)
    assert (prob > 0.0).all()


def test_the_price_of_clear_terms_is_told_for_both(pictures: list[Picture], shown: Pass) -> None:
    unclear = [
        replace(each, licence="who knows") if each.source.endswith("/1") else replace(each, licence="MIT")
        for each in pictures
    ]
    by_file = {each.file: each for each in unclear}

    def own(part: Picture | None) -> Picture | None:
        return None if part is None else by_file[part.file]

    views = [
        replace(view, picture=own(view.picture), other=own(view.other), stain=own(view.stain)) for view in shown[0]
    ]
    runs = Heard(unclear)
    lines = licence_cost(runs, (views, shown[1]), VIEWS).splitlines()
    everything, clear = runs.trained
    assert len(everything) == VIEWS
    assert {part.licence for row in clear for part in views[row].parts} == {"MIT"}
    assert {unclear[row].licence for row in runs.fitted[1]} == {"MIT"}
    assert lines[2].startswith(f"| all sources | {VIEWS} |")
    assert lines[3].startswith(f"| sources of clear terms | {len(clear)} |")


def test_without_any_source_of_clear_terms_their_column_is_empty(pictures: list[Picture], shown: Pass) -> None:
    unclear = [replace(each, licence="who knows") for each in pictures]
    lines = licence_cost(Heard(unclear), shown, VIEWS).splitlines()
    assert [line.split("|")[4].strip() for line in lines[2:]] == ["–", "–"]


def test_real_tails_are_trained_kept_and_give_the_same_again(
    pictures: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = training_views(pictures, 0, seed=7)
    shown = views, told(views, channels=192)
    runs = Runs(backbone(), Recipe(14), pictures, told(pictures, channels=192), tmp_path, 1)
    first = sources_left_out(runs, shown, 200, FOLDS)
    assert first.dtype == np.float32
    assert ((first > 0.0) & (first < 1.0)).all()
    monkeypatch.setattr(recipe, "train_tail", None)
    assert np.array_equal(sources_left_out(runs, shown, 200, FOLDS), first)
    # Another seed, or more to be seen, is another tail.
    for other, count in ((replace(runs, seed=2), 200), (runs, 300)):
        with pytest.raises(TypeError):
            sources_left_out(other, shown, count, FOLDS)
