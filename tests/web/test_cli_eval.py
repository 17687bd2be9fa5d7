"""`gorewatch model eval` on folders made here."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.inference.evaluation.pictures import GORE, OTHER, write_folder, write_grey, write_manifest_csv
from tests.inference.onnx_models import write_tiny
from tests.web.command import assert_one_line, gorewatch, gorewatch_on_a_terminal


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    return write_tiny(folder)


def test_a_summary_and_the_whole_report(tmp_path: Path, tiny: Path) -> None:
    folder, out = write_folder(tmp_path / "data"), tmp_path / "out"
    done = gorewatch("model", "eval", folder, "--model", tiny, "--out", out, "--bootstrap", 50)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tiny 1 (fp32, cpu) on 3 pictures of gore and 4 others in the folder data." in done.stdout
    assert re.search(r"AUROC +│ 0\.\d{3} │ 0\.\d{3} to ", done.stdout)
    assert re.search(r"meat +│ +0 │ +2 │ +– │ 0\.500", done.stdout)
    assert "positive/wound/2.png" in done.stdout
    assert f"The whole report is in {out}." in done.stdout
    assert (out / "report.md").exists()


def test_json_is_one_object_and_names_the_variant(tmp_path: Path, tiny: Path) -> None:
    folder = write_folder(tmp_path / "data")
    (folder / "negative" / "bad.jpg").write_text("no picture")
    done = gorewatch("model", "eval", folder, "--model", tiny, "--json", "--variant", "fp32", "--bootstrap", 10)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert report["setting"]["detector"]["variant"] == "fp32"
    assert report["figures"]["recall"]["value"] == round(2 / 3, 4)
    assert [one["file"] for one in report["unreadable"]] == ["negative/bad.jpg"]


def test_a_picture_scores_what_a_scan_says(tmp_path: Path) -> None:
    """With the detector that ships, on something that is not the same at every size."""
    gradient = Image.merge("RGB", [Image.radial_gradient("L"), Image.linear_gradient("L"), Image.new("L", (256, 256))])
    path = tmp_path / "data" / "gore" / "a.jpg"
    path.parent.mkdir(parents=True)
    gradient.resize((333, 187)).save(path)
    out = tmp_path / "out"
    assert gorewatch("model", "eval", path.parent.parent, "--out", out, "--bootstrap", 0).returncode == 0
    _, row = (out / "scores.csv").read_text().splitlines()
    scanned = json.loads(gorewatch("scan", "--json", path).stdout)
    assert float(row.split(",")[2]) == pytest.approx(scanned["gore"]["prob"], abs=1e-4)


def test_a_split_of_a_manifest(tmp_path: Path, tiny: Path) -> None:
    folder = tmp_path / "data"
    rows = [
        f"{number}.png,{label},{split}" for number, (label, split) in enumerate([("gore", "val"), ("safe", "train")])
    ]
    write_manifest_csv(folder, *rows, header="file,label,split")
    for number, level in enumerate([GORE, OTHER]):
        write_grey(folder / f"{number}.png", level)
    done = gorewatch("model", "eval", folder, "--model", tiny, "--split", "val", "--json")
    report = json.loads(done.stdout)
    assert (report["n_gore"], report["n_other"], report["setting"]["split"]) == (1, 0, "val")
    assert report["figures"]["auroc"]["value"] is None


def test_a_terminal_shows_progress_and_then_tables(tmp_path: Path, tiny: Path) -> None:
    folder = write_folder(tmp_path / "data")
    code, shown = gorewatch_on_a_terminal("model", "eval", folder, "--model", tiny, "--bootstrap", 10)
    assert code == 0
    assert "Scoring" in shown
    assert "threshold" in shown


def test_a_folder_without_labels_is_one_line(tmp_path: Path) -> None:
    write_grey(tmp_path / "data" / "a.png", OTHER)
    assert "have no labels" in assert_one_line(gorewatch("model", "eval", tmp_path / "data"))


def test_a_folder_that_does_not_exist_is_one_line() -> None:
    assert "does not exist" in assert_one_line(gorewatch("model", "eval", "/nowhere"))


def test_a_variant_that_the_model_does_not_have_is_one_line(tmp_path: Path, tiny: Path) -> None:
    folder = write_folder(tmp_path / "data")
    assert "int8" in assert_one_line(gorewatch("model", "eval", folder, "--model", tiny, "--variant", "int8"))
