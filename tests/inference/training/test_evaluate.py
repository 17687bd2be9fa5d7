"""The rows of the model card, and the command that evaluates as `gorewatch model eval` does."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from inference.training.evaluate import figures, headline, table
from tests.inference.evaluation.pictures import write_folder
from tests.inference.onnx_models import write_tiny


def test_tables_name_every_group_with_its_count() -> None:
    prob, gore = np.array([0.9, 0.1, 0.8]), np.array([True, True, False])
    assert table("source", ["a", "a", "b"], prob, gore).splitlines()[2:] == [
        "| a | gore | 2 | 0.500 |",
        "| b | other | 1 | 1.000 |",
    ]
    assert headline("all", figures(prob, gore)).startswith("| all | 2 + 1 | 0.500 |")


def test_a_headline_of_one_kind_of_picture_says_what_it_can() -> None:
    assert headline("gore", figures(np.array([0.9, 0.1]), np.ones(2, bool))).startswith(
        "| gore | 2 + 0 | – | – | – | 0.500 |"
    )


def _run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "inference.training.evaluate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_prints_the_tables_and_writes_the_report(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    manifest = write_tiny(model)
    folder, out = write_folder(tmp_path / "data"), tmp_path / "out"
    done = _run("--data", folder, "--model", manifest, "--bootstrap", 20, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| recall at 0.5 | 0.667 |" in done.stdout
    assert json.loads((out / "report.json").read_text())["n_gore"] == 3


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    for arguments in (("--data", tmp_path), ("--data", write_folder(tmp_path / "data"), "--model", "/nowhere.onnx")):
        done = _run(*arguments)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
