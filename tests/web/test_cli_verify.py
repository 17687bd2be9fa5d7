"""`gorewatch model verify`: what agrees, what does not, and what cannot be read."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.inference.onnx_models import write_detailed, write_manifest
from tests.web.command import assert_one_line, gorewatch, gorewatch_on_a_terminal

CLOSE, FAR = 32.05, 36.0
"""Divisors of the brightness: the reference's is 32."""


def model(folder: Path, **variants: float) -> Path:
    """A reference and variants of it, by their divisors."""
    write_detailed(folder / "tiny.onnx")
    files = {name: write_detailed(folder / f"tiny.{name}.onnx", divisor=divisor) for name, divisor in variants.items()}
    return write_manifest(folder / "tiny.onnx", variants=files)


def greys(folder: Path, *levels: int) -> Path:
    folder.mkdir()
    for level in levels:
        Image.new("RGB", (16, 16), (level,) * 3).save(folder / f"{level:03}.png")
    return folder


def test_variants_that_agree_over_drawn_pictures(tmp_path: Path) -> None:
    code, shown = gorewatch_on_a_terminal("model", "verify", "--model", model(tmp_path, int8=CLOSE, fp16=CLOSE))
    assert code == 0
    assert "over 256 pictures drawn here" in shown
    assert shown.count("within limits") == 2


def test_a_variant_beyond_its_limits_is_told_with_its_figures(tmp_path: Path) -> None:
    pictures = greys(tmp_path / "pictures", 20, 100, 130, 200)
    manifest = model(tmp_path, int8=FAR, fp16=CLOSE)
    done = gorewatch("model", "verify", pictures, "--model", manifest, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert (told["pictures"], told["unreadable"]) == (4, [])
    int8, fp16 = told["variants"]["int8"], told["variants"]["fp16"]
    # Of grey 130 the log-odds are 0.0625 and -0.389.
    assert int8["flips"] == 0.25
    assert int8["largest"] == pytest.approx(0.515620 - 0.403999, abs=0.03)
    assert not int8["within_limits"]
    assert len(int8["faults"]) == 2
    assert fp16["within_limits"]
    assert fp16["p99"] < 0.01


def test_a_picture_that_cannot_be_read_is_named_and_the_others_compared(tmp_path: Path) -> None:
    pictures = greys(tmp_path / "pictures", 20, 200)
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    done = gorewatch("model", "verify", pictures, "--model", model(tmp_path, int8=CLOSE))
    line = assert_one_line(done)
    assert "broken.jpg cannot be read" in line
    assert "over 2 pictures in" in done.stdout


def test_a_model_without_variants_has_nothing_to_compare(tmp_path: Path) -> None:
    done = gorewatch("model", "verify", greys(tmp_path / "pictures", 20), "--model", model(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to compare" in done.stdout


@pytest.mark.parametrize("trouble", ["no folder", "no pictures", "no variant file", "damaged variant"])
def test_what_cannot_be_read_is_one_line(tmp_path: Path, trouble: str) -> None:
    pictures = greys(tmp_path / "pictures", 20)
    manifest = model(tmp_path, int8=CLOSE)
    variant = tmp_path / "tiny.int8.onnx"
    if trouble == "no folder":
        pictures = tmp_path / "nowhere"
    elif trouble == "no pictures":
        (pictures / "020.png").unlink()
    elif trouble == "no variant file":
        variant.unlink()
    else:
        variant.write_bytes(variant.read_bytes()[:-1])
    line = assert_one_line(gorewatch("model", "verify", pictures, "--model", manifest))
    assert (pictures.name if trouble in ("no folder", "no pictures") else variant.name) in line
