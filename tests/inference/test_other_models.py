"""Classifiers of other makers, by their manifests: every kind of input and output scores as it should."""

import os
from pathlib import Path

import numpy as np
import pytest

from inference.model import Batch, Model, ModelError
from inference.outputs import Kind
from inference.prepare import Dtype, Layout
from tests.inference.onnx_models import IMAGENET, SIDE_PX, write_classifier, write_quantised

COLOURS = [(200, 20, 10), (10, 20, 200), (128, 128, 128), (0, 0, 0), (255, 255, 255), (255, 0, 0)]


def pictures() -> Batch:
    return np.stack([np.full((SIDE_PX, SIDE_PX, 3), colour, np.uint8) for colour in COLOURS])


def wanted(factor: float = 1.0, offset: float = 0.0, *, normalised: bool = True) -> list[float]:
    """What `write_classifier` says of `pictures`, from its description."""
    seen = np.array(COLOURS, np.float64)
    if normalised:
        seen = (seen / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    odds = factor * 4 * (seen[:, 0] - seen[:, 1:].mean(axis=1)) + offset
    result: list[float] = (1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30)))).tolist()
    return result


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Model.load(path, provider="cpu")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["logit", "probability", "logits", "probabilities", "sigmoid_logits", "sigmoids"])
def test_every_kind_of_output_becomes_a_probability(tmp_path: Path, kind: Kind) -> None:
    model = Model.load(write_classifier(tmp_path / "other.onnx", kind), provider="cpu")
    prob = model.score(pictures())
    assert prob.dtype == np.float32
    assert prob == pytest.approx(wanted(0.5, 1.0) if "sigmoid" in kind else wanted(), abs=1e-5)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(("dtype", "off"), [("float32", 1e-5), ("float16", 5e-3)])
def test_every_kind_of_input_is_prepared(tmp_path: Path, layout: Layout, dtype: Dtype, off: float) -> None:
    manifest = write_classifier(tmp_path / "other.onnx", layout=layout, dtype=dtype)
    assert Model.load(manifest, provider="cpu").score(pictures()) == pytest.approx(wanted(), abs=off)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_bytes_are_given_as_they_are(tmp_path: Path, layout: Layout) -> None:
    size = {"width": SIDE_PX, "height": SIDE_PX}
    taken = {"name": "pixels", "layout": layout, "dtype": "uint8", "color": "RGB"} | size
    manifest = write_classifier(tmp_path / "other.onnx", layout=layout, dtype="uint8", changes={"input": taken})
    assert Model.load(manifest, provider="cpu").score(pictures()) == pytest.approx(wanted(normalised=False), abs=1e-5)


def test_a_network_that_wants_blue_first_gets_it_first(tmp_path: Path) -> None:
    # To a network that sees them the other way round, red is blue.
    size = {"width": SIDE_PX, "height": SIDE_PX}
    taken = {"name": "pixels", "layout": "NCHW", "dtype": "float32", "color": "BGR", "scale": 1 / 255} | size
    prob = Model.load(write_classifier(tmp_path / "other.onnx", changes={"input": taken}), provider="cpu").score(
        pictures()
    )
    assert prob[0] < 0.25
    assert prob[1] > 0.75


def test_its_probabilities_can_be_calibrated(tmp_path: Path) -> None:
    curve = {"method": "isotonic", "points": [[0.0, 0.0], [0.5, 0.2], [1.0, 0.6]]}
    manifest = write_classifier(tmp_path / "other.onnx", changes={"calibration": curve})
    raw = np.array(wanted())
    calibrated = np.where(raw < 0.5, raw * 0.4, 0.2 + (raw - 0.5) * 0.8)
    assert Model.load(manifest, provider="cpu").score(pictures()) == pytest.approx(calibrated, abs=1e-5)


def test_its_size_is_its_own(tmp_path: Path) -> None:
    model = Model.load(write_classifier(tmp_path / "other.onnx", side_px=20), provider="cpu")
    assert model.score(np.zeros((1, 20, 20, 3), np.uint8)).shape == (1,)
    with pytest.raises(ModelError, match="takes uint8 batches of N × 20 × 20 × 3, not uint8 1 × 8 × 8 × 3"):
        model.score(np.zeros((1, 8, 8, 3), np.uint8))


@pytest.mark.parametrize(
    ("given", "declared", "instead"),
    [
        ("logit", "probability", "logit"),
        ("logits", "probabilities", "logits"),
        ("sigmoid_logits", "sigmoids", "sigmoid_logits"),
        ("sigmoids", "probabilities", "sigmoids"),
        ("probabilities", "logits", "probabilities"),
    ],
)
def test_an_output_of_another_kind_than_declared_is_refused(
    tmp_path: Path, given: Kind, declared: Kind, instead: str
) -> None:
    manifest = write_classifier(
        tmp_path / "other.onnx", given, changes={"output": {"name": "scores", "kind": declared}}
    )
    assert f"declare kind {instead}" in refusal(manifest)


def test_logits_that_look_like_probabilities_at_first_are_found_out_later(tmp_path: Path) -> None:
    # Without normalisation greys have a log-odds of 0, and so has every picture of the check at the start, nearly.
    size = {"width": SIDE_PX, "height": SIDE_PX}
    taken = {"name": "pixels", "layout": "NCHW", "dtype": "float32", "color": "RGB", "scale": 1e-6} | size
    manifest = write_classifier(
        tmp_path / "other.onnx", "logit", changes={"input": taken, "output": {"name": "scores", "kind": "probability"}}
    )
    model = Model.load(manifest, provider="cpu")
    assert model.score(pictures()[2:3])[0] == pytest.approx(0.0, abs=1e-3)
    loud = pictures()[:1] * 0 + np.array([0, 255, 255], np.uint8)
    with pytest.raises(ModelError, match="declare kind logit in its manifest"):
        model.score(loud)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": ["safe", "blood", "gore"]}, "not scores with 3 floats a picture, one a class"),
        ({"classes": ["safe", "blood"]}, "gore names 'gore', which is none of the classes safe, blood"),
        ({"classes": ["gore", "gore"]}, "the name 'gore' stands twice"),
        ({"gore": ["gore", "gore"]}, "the name 'gore' stands twice"),
        ({"gore": []}, "needs gore: which of its classes"),
        ({"gore": ["safe", "gore"]}, "names every class"),
        ({"output": {"name": "scores", "kind": "logit"}}, "classes must be one name"),
        ({"output": {"name": "score", "kind": "logits"}}, "not score with 2 floats"),
    ],
)
def test_classes_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    assert said in refusal(write_classifier(tmp_path / "other.onnx", changes=changes))


def test_a_file_that_leaves_its_output_open_is_taken_at_what_it_gives(tmp_path: Path) -> None:
    manifest = write_classifier(tmp_path / "other.onnx", told=False)
    assert Model.load(manifest, provider="cpu").score(pictures()) == pytest.approx(wanted(), abs=1e-5)
    write_classifier(tmp_path / "other.onnx", told=False, changes={"classes": ["safe", "blood", "gore"]})
    assert "gives scores [4, 2], not scores with 3 floats" in refusal(manifest)
    write_classifier(
        tmp_path / "other.onnx",
        told=False,
        changes={"classes": ["gore"], "output": {"name": "scores", "kind": "logit"}},
    )
    assert "gives scores [4, 2], not scores with one float a picture" in refusal(manifest)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("width", SIDE_PX + 1, f"not pixels tensor(float) ['N', 3, {SIDE_PX}, {SIDE_PX + 1}] with a free N"),
        ("layout", "NHWC", "not pixels tensor(float) ['N', 8, 8, 3]"),
        ("dtype", "float16", "not pixels tensor(float16)"),
        ("name", "frames", "not frames tensor(float)"),
        ("std", [0.2, 0.0, 0.2], "std must be greater than 0"),
        ("meen", [0, 0, 0], "meen"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(tmp_path: Path, key: str, value: object, said: str) -> None:
    size = {"width": SIDE_PX, "height": SIDE_PX}
    taken = {"name": "pixels", "layout": "NCHW", "dtype": "float32", "color": "RGB"} | size | IMAGENET
    assert said in refusal(write_classifier(tmp_path / "other.onnx", changes={"input": taken | {key: value}}))


@pytest.mark.parametrize("scale", [0.0, float("nan"), None])
def test_an_int8_file_without_its_scale_is_refused(tmp_path: Path, scale: float | None) -> None:
    assert "quantise it again" in refusal(write_quantised(tmp_path / "tiny.onnx", scale))


def test_an_int8_file_with_its_scale_scores(tmp_path: Path) -> None:
    model = Model.load(write_quantised(tmp_path / "tiny.onnx", 1.0), provider="cpu")
    assert model.score(np.full((1, SIDE_PX, SIDE_PX, 3), 128, np.uint8))[0] == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pkl", "model.ckpt", "model"])
def test_what_may_hold_code_is_refused_without_being_opened(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)  # whoever opens it waits for ever
    assert "is no model: give a .onnx file or the .json manifest beside it" in refusal(tmp_path / name)
