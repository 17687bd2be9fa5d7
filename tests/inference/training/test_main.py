"""The whole training on a small drawn folder: files that load and score, and the same file again from what was kept."""

from tests.inference.training.needs import need_training

need_training()

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.evaluation.plots import PRECISION_RECALL, RELIABILITY
from inference.model import Model
from inference.training import __main__ as command
from inference.training import data
from inference.training.card import figure
from inference.training.targets import CELLS, CLASSES
from tests.inference.training.folders import write_folder
from tests.inference.training.scenes import scene

FEW = {"_LAID_FOR": 30, "_PROBES": 2, "_CALIBRATED_ON": (4, 4, 2), "_COMPARED_ON": (8, 4)}
"""Of what a training of hours measures by the thousand."""
BLOCKS = {
    *("data", "cost", "targets", "rule", "variants", "figures", "tones", "licences", "laid-over", "probes", "classes"),
    *(f"{part}-{table}" for part in ("validation", "left-out") for table in ("thresholds", "categories", "sources")),
}


def options(folder: Path, out: Path, scratch: Path) -> command.Options:
    return command.Options(
        data=folder,
        out=out,
        scratch=scratch,
        seed=1,
        passes=1,
        folds=2,
        fold_views=64,
        threads=1,
        without=[],
        licence=[],
    )


def train(asked: command.Options) -> bytes:
    """The network's file."""
    assert asked.scratch is not None
    command._Training(asked, data.prepare(asked.data), asked.scratch).run()
    return (asked.out / "gore-lite1.onnx").read_bytes()


def card() -> str:
    return "".join(f"<!-- begin {name} -->\n<!-- end {name} -->\n" for name in sorted(BLOCKS))


@pytest.mark.timeout(400)  # a minute by itself; several where other work fills the cores
def test_a_folder_becomes_a_detector_and_the_same_one_again(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in FEW.items():
        monkeypatch.setattr(command, name, count)
    monkeypatch.setattr(data, "_SHOWN_PER_PASS", {"ordinary_imagenet": 12})
    # Variants of a whole network take minutes, and have tests of their own.
    monkeypatch.setattr(command, "write_variants", lambda *_, **__: {})
    folder = write_folder(tmp_path_factory.mktemp("data"))

    first = train(options(folder, tmp_path / "first", tmp_path / "scratch"))
    model = Model.load(tmp_path / "first" / "gore-lite1.json", provider="cpu")
    found = model.detail(np.stack([scene(1), scene(2)]))
    model.close()
    assert found.prob.shape == (2,)
    assert found.classes is not None
    assert found.classes.shape == (2, len(CLASSES))
    assert found.map is not None
    assert found.map.shape == (2, CELLS, CELLS)
    for part, pictures in (("validation", 4), ("sources_left_out", 16)):
        assert figure(model.manifest.metrics, part, "n_gore") == pictures
    assert figure(model.manifest.metrics, "probes", "bloody faces") is not None
    # Where there is no card the tables lie beside the model.
    assert set(re.findall(r"^## (.+)$", (tmp_path / "first" / "tables.md").read_text(), re.MULTILINE)) >= BLOCKS

    again = tmp_path / "again"
    again.mkdir()
    (again / "README.md").write_text(card(), encoding="utf-8")
    tails = {path: path.stat().st_mtime_ns for path in (tmp_path / "scratch").glob("tail-*")}
    second = train(options(folder, again, tmp_path / "scratch"))
    assert hashlib.sha256(second).hexdigest() == hashlib.sha256(first).hexdigest()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "scratch").glob("tail-*")} == tails
    assert "| recall, bloody faces | ≥ 0.9 |" in (again / "README.md").read_text(encoding="utf-8")
    assert not (again / "tables.md").exists()
    for plot in (PRECISION_RECALL, RELIABILITY):
        assert (again / plot).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("option", "value"), [("--passes", "0"), ("--threads", "-1"), ("--fold-views", "x")])
def test_a_number_that_cannot_be_is_told_before_anything_is_read(
    option: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["training", "--data", "/nowhere", "--out", "/nowhere", option, value])
    with pytest.raises(SystemExit) as left:
        command.main()
    assert left.value.code == 2
    assert f"argument {option}: '{value}' must be a whole number from" in capsys.readouterr().err


def test_what_could_not_be_measured_at_the_end_is_told_at_the_beginning(tmp_path: Path) -> None:
    pictures = data.read_pictures(write_folder(tmp_path))
    command._check(pictures, 0)
    command._check(pictures, 2)
    with pytest.raises(data.DataError, match="in 1 folds"):
        command._check(pictures, 1)
    for kept, said in (
        ([each for each in pictures if each.split == "train"], "of the split val is positive"),
        ([each for each in pictures if each.gore or each.split == "val"], "of the split train is negative"),
    ):
        with pytest.raises(data.DataError, match=said):
            command._check(kept, 2)


def test_a_folder_without_pictures_is_one_line(tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "inference.training", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"error: {tmp_path}/manifest.csv is not there: --data takes a folder of labelled pictures with a manifest.csv"
    ]
    assert not (tmp_path / "out").exists()
