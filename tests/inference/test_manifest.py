"""A manifest is read whole or refused with one line that says which file and why."""

import json
from pathlib import Path

import pytest

from inference.calibrate import Calibration, Isotonic, Platt
from inference.manifest import (
    FileSpec,
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


PLATT = {"method": "platt", "scale": 1.0, "offset": 0.0}
CLASSES = {"name": "classes", "kind": "logit", "classes": ["blood", "skull"], "calibration": [PLATT, PLATT]}
SHA = "0" * 64


def test_variants_classes_and_a_map_are_read(tmp_path: Path) -> None:
    further = {
        "variants": {"int8": {"file": "tiny.int8.onnx", "sha256": SHA}},
        "class_output": CLASSES,
        "map_output": {"name": "map", "kind": "logit", "calibration": PLATT | {"offset": -1.0}},
    }
    manifest = read_manifest(write(tmp_path, VALID | further))
    assert manifest.file_of("fp32") == FileSpec(file="tiny.onnx", sha256=str(VALID["sha256"]))
    assert manifest.file_of("int8") == FileSpec(file="tiny.int8.onnx", sha256=SHA)
    assert manifest.file_of("fp16") is None
    assert manifest.class_output is not None
    assert manifest.class_output.classes == ("blood", "skull")
    assert manifest.map_output is not None
    assert manifest.map_output.calibration.curve == Platt(1.0, -1.0)
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


@pytest.mark.parametrize(
    ("calibration", "curve"),
    [
        ({"method": "none"}, Platt()),
        ({"method": "platt", "scale": 0.5, "offset": 0.0}, Platt(0.5, 0.0)),
        (
            {"method": "isotonic", "points": [[0.0, 0.1], [0.4, 0.1], [1, 1]]},
            Isotonic((0.0, 0.4, 1.0), (0.1, 0.1, 1.0)),
        ),
    ],
)
def test_every_method_of_calibration_is_read(tmp_path: Path, calibration: object, curve: Calibration) -> None:
    assert read_manifest(write(tmp_path, VALID | {"calibration": calibration})).calibration.curve == curve


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("variants", {"int4": {"file": "tiny.int4.onnx", "sha256": SHA}}, "'int8' or 'fp16'"),
        ("variants", {"int8": {"file": "../tiny.int8.onnx", "sha256": SHA}}, "variants.int8.file"),
        ("variants", {"int8": {"file": "tiny.int8.onnx"}}, "variants.int8.sha256: Field required"),
        ("class_output", CLASSES | {"calibration": [PLATT]}, "2 classes need as many calibrations, not 1"),
        ("class_output", CLASSES | {"classes": ["skull", "skull"]}, "the name 'skull' stands twice"),
        ("class_output", CLASSES | {"kind": "softmax"}, "class_output.kind"),
        ("map_output", {"name": "map", "kind": "logit"}, "map_output.calibration: Field required"),
        ("calibration", {"method": "isotonic", "points": [[0.0, 0.0]]}, "at least 2 items"),
        ("calibration", {"method": "isotonic", "points": [[0.5, 0.0], [0.5, 1.0]]}, "x strictly increasing"),
        ("calibration", {"method": "isotonic", "points": [[0.0, 0.6], [1.0, 0.5]]}, "y never falling"),
        ("calibration", {"method": "isotonic", "points": [[0.0, 0.0], [1.5, 1.0]]}, "between 0 and 1"),
        ("calibration", {"method": "temperature", "scale": 2.0}, "'none', 'platt', 'isotonic'"),
        ("clases", ["gore"], "clases"),
    ],
)
def test_what_is_wrong_with_a_further_part_is_said(tmp_path: Path, key: str, value: object, said: str) -> None:
    assert said in refusal(write(tmp_path, VALID | {key: value}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dtype": "float32"}, "say scale: 0.00392156862745098 (1/255) where pixels are to be 0 to 1, else 1"),
        ({"dtype": "float32", "scale": 1.0, "std": [1, 1]}, "input.std"),
        ({"dtype": "float16", "scale": 1.0, "std": [1, -1, 1]}, "std must be greater than 0"),
        ({"dtype": "float16", "scale": 0.0}, "input.scale"),
        ({"mean": [1, 2, 3]}, "takes uint8 normalises by itself: leave scale, mean and std out"),
    ],
)
def test_a_normalisation_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    taken = {"name": "frames", "layout": "NHWC", "dtype": "uint8", "width": 8, "height": 6, "color": "RGB"}
    assert said in refusal(write(tmp_path, VALID | {"input": taken | changes}))


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
