"""A manifest is read whole or refused with one line that says which file and why."""

import json
from pathlib import Path

import pytest

from inference.manifest import (
    Manifest,
    ModelError,
    PlattSpec,
    manifest_path,
    read_manifest,
    read_model,
    shipped_manifest_path,
)

VALID: dict[str, object] = {
    "name": "tiny",
    "version": "1",
    "file": "tiny.onnx",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  # of b"test"
    "input": {"name": "frames", "layout": "NHWC", "dtype": "uint8", "width": 8, "height": 6, "color": "RGB"},
    "output": {"name": "logit", "kind": "logit"},
    "classes": ["gore"],
    "calibration": {"method": "platt", "scale": 1.5, "offset": -0.5},
    "licence": "CC0-1.0",
    "metrics": {"validation": {"auroc": 0.9}},
}


def write(folder: Path, content: object) -> Path:
    path = folder / "tiny.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_manifest(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_every_part_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, VALID))
    assert (manifest.input.width, manifest.input.height) == (8, 6)
    assert manifest.calibration == PlattSpec(method="platt", scale=1.5, offset=-0.5)
    assert manifest.classes == ("gore",)
    assert manifest.metrics == {"validation": {"auroc": 0.9}}


def test_it_survives_a_round_through_json(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, VALID))
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


@pytest.mark.parametrize("key", sorted(set(VALID) - {"metrics"}))
def test_a_missing_part_is_named(tmp_path: Path, key: str) -> None:
    assert key in refusal(write(tmp_path, {name: value for name, value in VALID.items() if name != key}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("file", "../tiny.onnx"),
        ("file", "/etc/passwd.onnx"),
        ("file", "tiny.bin"),
        ("sha256", "9F86"),
        ("classes", []),
        ("classes", ["gore", "other"]),
        ("output", {"name": "logit", "kind": "softmax"}),
        ("calibration", {"method": "isotonic", "scale": 1.0, "offset": 0.0}),
        ("calibration", {"method": "platt", "scale": -1.0, "offset": 0.0}),
        ("calibration", {"method": "platt", "scale": 1.0, "offset": "NaN"}),
        ("input", {"name": "frames", "layout": "CHW", "dtype": "uint8", "width": 8, "height": 6, "color": "RGB"}),
        ("input", {"name": "frames", "layout": "NHWC", "dtype": "float32", "width": 8, "height": 6, "color": "RGB"}),
        ("input", {"name": "frames", "layout": "NHWC", "dtype": "int8", "width": 8, "height": 6, "color": "RGB"}),
        ("input", {"name": "frames", "layout": "NHWC", "dtype": "uint8", "width": 0, "height": 6, "color": "RGB"}),
        ("input", {"name": "frames", "layout": "NHWC", "dtype": "uint8", "width": 8, "height": 6, "color": "grey"}),
    ],
)
def test_a_part_that_cannot_be_used_is_named(tmp_path: Path, key: str, value: object) -> None:
    assert key in refusal(write(tmp_path, VALID | {key: value}))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"null"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tiny.json"
    path.write_bytes(content)
    refusal(path)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "tiny.json")


def test_a_manifest_is_found_from_either_file() -> None:
    assert manifest_path(Path("a/tiny.onnx")) == Path("a/tiny.json")
    assert manifest_path(Path("a/tiny.json")) == Path("a/tiny.json")
    with pytest.raises(ModelError, match=r"\.onnx file or the \.json manifest"):
        manifest_path(Path("a/tiny.pt"))


def test_the_model_is_read_when_its_hash_is_right(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(b"test")
    assert read_model(read_manifest(write(tmp_path, VALID)), tmp_path) == b"test"


def test_a_changed_or_missing_model_is_refused(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, VALID))
    with pytest.raises(ModelError, match="put the model file beside its manifest"):
        read_model(manifest, tmp_path)
    (tmp_path / "tiny.onnx").write_bytes(b"tes")
    with pytest.raises(ModelError, match="changed or cut short"):
        read_model(manifest, tmp_path)


def test_the_shipped_manifest_is_there() -> None:
    manifest = read_manifest(shipped_manifest_path())
    assert manifest.classes == ("gore",)
    assert (shipped_manifest_path().parent / manifest.file).is_file()
