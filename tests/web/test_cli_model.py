"""Models on the command line: the one that ships, one of another maker as the document tells it, and wrong ones."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import StartService
from tests.inference.onnx_models import detailed_keys, write_classifier, write_detailed, write_manifest
from tests.web.command import assert_one_line, gorewatch

DOCUMENT = Path(__file__).parents[2] / "docs" / "models.md"
RED, GREY, BLACK, PURE_RED = (200, 20, 10), (128, 128, 128), (0, 0, 0), (255, 0, 0)


def picture(path: Path, colour: tuple[int, int, int], side_px: int = 64) -> Path:
    Image.new("RGB", (side_px, side_px), colour).save(path)
    return path


def blocks(language: str) -> list[str]:
    """Code of the document's worked example."""
    example = DOCUMENT.read_text(encoding="utf-8").partition("## A worked example")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w*)\n(.*?)^```", example, re.MULTILINE | re.DOTALL)
    return [code for written_in, code in found if written_in == language]


def test_the_worked_example_works(tmp_path: Path) -> None:
    write_classifier(tmp_path / "other.onnx", side_px=224).unlink()  # the example writes its manifest itself
    picture(tmp_path / "red.png", RED)
    picture(tmp_path / "grey.png", GREY)
    export, manifest = blocks("python")
    compile(export, "export.py", "exec")
    subprocess.run([sys.executable, "-c", manifest], check=True, cwd=tmp_path)
    (commands,) = blocks("")
    told, scanned = [line.split()[1:] for line in commands.splitlines()]
    info = gorewatch(*[tmp_path / word if "." in word else word for word in told])
    assert (info.returncode, info.stderr) == (0, "")
    assert re.search(r"^name +other$", info.stdout, re.MULTILINE)
    assert re.search(r"^gore +gore$", info.stdout, re.MULTILINE)
    done = gorewatch(*[tmp_path / word if "." in word else word for word in scanned], "--json")
    assert (done.returncode, done.stderr) == (1, "")
    red, grey = [json.loads(line)["gore"]["prob"] for line in done.stdout.splitlines()]
    assert red > 0.99
    # Of grey 128 the normalised channels are 0.07, 0.21 and 0.43: 1 / (1 + exp(4 × 0.244)).
    assert grey == pytest.approx(0.274, abs=0.01)


def test_info_tells_what_the_shipped_model_is() -> None:
    done = gorewatch("model", "info", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["provider"] == "cpu"
    assert told["variant"] in told["variants"]
    assert Path(told["file"]).stat().st_size == told["bytes"]
    assert told["input"]["width"] == 224


@pytest.fixture
def with_variants(tmp_path: Path) -> Path:
    int8 = write_detailed(tmp_path / "tiny.int8.onnx", divisor=64.0)
    write_detailed(tmp_path / "tiny.onnx")
    return write_manifest(tmp_path / "tiny.onnx", **detailed_keys(), variants={"int8": int8})


def test_a_variant_is_chosen_by_a_flag_or_a_variable(with_variants: Path) -> None:
    model = ("--model", with_variants)
    whole = json.loads(gorewatch("model", "info", "--json", *model, "--variant", "fp32").stdout)
    small = json.loads(gorewatch("model", "info", "--json", *model, env={"GOREWATCH_VARIANT": "int8"}).stdout)
    assert (whole["variant"], Path(whole["file"]).name) == ("fp32", "tiny.onnx")
    assert (small["variant"], Path(small["file"]).name) == ("int8", "tiny.int8.onnx")
    assert whole["sha256"] != small["sha256"]
    assert whole["variants"] == ["fp32", "int8"]
    assert whole["class_output"]["classes"] == ["blood", "skull"]
    assert "has no variant fp16" in assert_one_line(gorewatch("model", "info", *model, "--variant", "fp16"))


def test_frames_are_scaled_to_the_size_of_the_model_in_use(tmp_path: Path) -> None:
    manifest = write_classifier(tmp_path / "other.onnx", side_px=20)
    done = gorewatch("scan", "--json", "--model", manifest, picture(tmp_path / "red.png", RED))
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["gore"]["prob"] > 0.99


def test_the_service_runs_on_the_model_that_it_is_given(tmp_path: Path, start_service: StartService) -> None:
    manifest = write_classifier(tmp_path / "other.onnx", side_px=20)
    service = start_service("--model", str(manifest), "--workers", "1")
    status, answer = service.request("GET", "/readyz")
    assert status == 200
    assert answer["model"] == {"name": "tiny", "version": "1", "provider": "cpu", "variant": "fp32"}


@pytest.mark.parametrize("name", ["model.pt", "model.pkl"])
@pytest.mark.parametrize("command", [("scan", "x.png"), ("model", "info"), ("serve", "--log-level", "error")])
def test_what_may_hold_code_is_refused_unopened_with_one_line(
    tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    os.mkfifo(tmp_path / name)  # whoever opens it waits for ever
    line = assert_one_line(gorewatch(*command, "--model", tmp_path / name, env={"GOREWATCH_DATA_DIR": str(tmp_path)}))
    assert "is no model: give a .onnx file or the .json manifest beside it" in line


def test_a_model_of_another_kind_than_declared_is_one_line_that_says_what_to_declare(tmp_path: Path) -> None:
    declared = {"name": "scores", "kind": "probabilities"}
    manifest = write_classifier(tmp_path / "other.onnx", changes={"output": declared})
    line = assert_one_line(gorewatch("scan", "--model", manifest, picture(tmp_path / "grey.png", GREY)))
    assert "declare kind logits in its manifest" in line


def test_pictures_of_one_colour_are_clear(tmp_path: Path) -> None:
    plain = [picture(tmp_path / f"{place}.png", colour) for place, colour in enumerate((GREY, BLACK, PURE_RED, RED))]
    done = gorewatch("scan", "--json", *plain)
    assert (done.returncode, done.stderr) == (0, "")
    probs = [json.loads(line)["gore"]["prob"] for line in done.stdout.splitlines()]
    assert len(probs) == 4
    assert all(0.0 <= prob < 0.5 for prob in probs)


def test_a_picture_of_one_pixel_is_told_to_be_too_small(tmp_path: Path) -> None:
    line = assert_one_line(gorewatch("scan", picture(tmp_path / "dot.png", PURE_RED, side_px=1)))
    assert "dot.png is 1 × 1 pixels" in line
    assert "at least 8 on each side" in line
