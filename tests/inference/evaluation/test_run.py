"""One evaluation from a folder to its files."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.evaluation.labelled import EvaluationError
from inference.evaluation.metrics import figures
from inference.evaluation.run import Audience, Options, evaluate
from inference.model import Model
from tests.inference.evaluation.pictures import GORE, write_folder, write_grey
from tests.inference.onnx_models import write_tiny


class Counting(Audience):
    def __init__(self) -> None:
        self.begun_with = 0
        self.done = 0

    def begun(self, pictures: int) -> None:
        self.begun_with = pictures

    def advanced(self, pictures: int) -> None:
        self.done += pictures


@pytest.fixture
def load(tmp_path: Path) -> Callable[[], Model]:
    folder = tmp_path / "model"
    folder.mkdir()
    manifest = write_tiny(folder)
    return lambda: Model.load(manifest, provider="cpu")


def test_everything_is_written(tmp_path: Path, load: Callable[[], Model]) -> None:
    folder, out, audience = write_folder(tmp_path / "data"), tmp_path / "deep" / "out", Counting()
    (folder / "positive" / "broken.jpg").write_text("no picture")
    report = evaluate(Options(folder=folder, out=out, resamples=20), load, audience)
    assert (report.n_gore, report.n_other, len(report.unreadable)) == (3, 4, 1)
    assert (audience.begun_with, audience.done) == (8, 8)
    assert sorted(path.name for path in out.iterdir()) == [
        "precision_recall.png",
        "reliability.png",
        "report.json",
        "report.md",
        "scores.csv",
    ]
    assert json.loads((out / "report.json").read_text()) == json.loads(json.dumps(report.json()))
    text = (out / "report.md").read_text()
    assert "| recall at 0.5 | 0.667 |" in text
    assert "![Reliability](reliability.png)" in text
    assert "positive/broken.jpg" in text


def test_the_figures_can_be_computed_anew_from_the_scores(tmp_path: Path, load: Callable[[], Model]) -> None:
    report = evaluate(Options(folder=write_folder(tmp_path / "data"), out=tmp_path / "out", resamples=0), load)
    with (tmp_path / "out" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    prob = np.array([float(row["prob"]) for row in rows])
    found = figures(prob, np.array([row["label"] == "positive" for row in rows]))
    assert report.figures.auroc.value == pytest.approx(found.auroc)
    assert report.figures.ece.value == pytest.approx(found.ece, abs=1e-5)


@pytest.mark.parametrize("kinds", [("gore",), ("safe",), ("gore", "safe")])
def test_plots_are_pictures_whatever_there_is_to_show(
    tmp_path: Path, load: Callable[[], Model], kinds: tuple[str, ...]
) -> None:
    for kind in kinds:
        write_grey(tmp_path / "data" / kind / "a.png", GORE)
    evaluate(Options(folder=tmp_path / "data", out=tmp_path / "out", resamples=5), load)
    for name in ("precision_recall.png", "reliability.png"):
        with Image.open(tmp_path / "out" / name) as plot:
            colours = np.unique(np.asarray(plot.convert("L")))
            assert min(plot.size) > 600
            assert len(colours) > 10


def test_a_folder_that_cannot_be_used_is_said_before_the_model_is_loaded(tmp_path: Path) -> None:
    def load() -> Model:
        raise AssertionError("the model was loaded")

    with pytest.raises(EvaluationError, match="does not exist"):
        evaluate(Options(folder=tmp_path / "nowhere"), load)
    folder = write_folder(tmp_path / "data")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match="cannot be written to"):
        evaluate(Options(folder=folder, out=tmp_path / "file" / "out"), load)


def test_the_same_folder_and_seed_give_the_same_report(tmp_path: Path, load: Callable[[], Model]) -> None:
    options = Options(folder=write_folder(tmp_path / "data"), resamples=50, seed=3)
    assert evaluate(options, load) == evaluate(options, load)
