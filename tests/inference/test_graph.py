"""Weights that would make a network's scores meaningless are found before it runs."""

import math
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from inference.graph import NotOnnx, fault
from inference.manifest import shipped_manifest_path
from tests.inference.onnx_models import onnx, write_quantised, write_tiny


def quantised(folder: Path, scale: float | None) -> bytes:
    return write_quantised(folder / "tiny.onnx", scale).with_suffix(".onnx").read_bytes()


def changed(content: bytes, field: str) -> bytes:
    """The same model with its scale's number in another field of the format."""
    model = onnx.load_model_from_string(content)
    (scale,) = [tensor for tensor in model.graph.initializer if tensor.name == "mean_scale"]
    value = float(onnx.numpy_helper.to_array(scale))
    if field == "float_data":
        scale.CopyFrom(onnx.helper.make_tensor("mean_scale", onnx.TensorProto.FLOAT, [], [value]))
    else:
        model.graph.initializer.remove(scale)
        node = onnx.helper.make_node("Constant", [], ["mean_scale"], value=scale)
        model.graph.node.insert(0, node)
    result: bytes = model.SerializeToString()
    return result


def test_models_that_are_whole_have_no_fault(tmp_path: Path) -> None:
    assert fault(write_tiny(tmp_path).with_suffix(".onnx").read_bytes()) is None
    assert fault(quantised(tmp_path, 1.0)) is None
    assert fault(shipped_manifest_path().with_name("gore-lite1.onnx").read_bytes()) is None


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("field", ["raw_data", "float_data", "constant"])
def test_a_scale_that_is_no_positive_number_is_found_wherever_it_stands(
    tmp_path: Path, scale: float, field: str
) -> None:
    content = quantised(tmp_path, scale)
    told = fault(content if field == "raw_data" else changed(content, field))
    assert told == "has a scale of QuantizeLinear (mean_scale) that is no positive number: quantise it again"


@pytest.mark.parametrize("field", ["float_data", "constant"])
def test_a_scale_that_is_right_passes_wherever_it_stands(tmp_path: Path, field: str) -> None:
    assert fault(changed(quantised(tmp_path, 0.5), field)) is None


def test_a_scale_that_is_missing_is_found(tmp_path: Path) -> None:
    assert fault(quantised(tmp_path, None)) == "has no scale for QuantizeLinear (mean_scale): quantise it again"


def test_onnx_runtime_would_run_a_scale_of_zero(tmp_path: Path) -> None:
    # If this fails ONNX Runtime has learnt to refuse it, and there is less for us to look for.
    session = ort.InferenceSession(quantised(tmp_path, 0.0), providers=["CPUExecutionProvider"])
    (logit,) = session.run(None, {"frames": np.full((1, 8, 8, 3), 200, np.uint8)})
    assert np.isfinite(logit).all()


def test_weights_in_a_further_file_are_found(tmp_path: Path) -> None:
    told = fault(write_tiny(tmp_path, fault="external").with_suffix(".onnx").read_bytes())
    assert told == "keeps its weights (divisor) in a further file: export it as one file"


def test_what_is_no_model_is_told_from_one(tmp_path: Path) -> None:
    whole = quantised(tmp_path, 1.0)
    for content in (b"", b"PK\x03\x04 zip", b"\x80\x04\x95 pickle", b"<html>", whole[:-1], whole[1:], b"\xff" * 40):
        with pytest.raises(NotOnnx):
            fault(content)


def test_damage_anywhere_ends_in_an_answer(tmp_path: Path) -> None:
    whole = quantised(tmp_path, 1.0)
    rng = np.random.default_rng(8)
    for _ in range(2000):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = int(rng.integers(256))
        try:
            fault(bytes(damaged))
        except NotOnnx:
            continue
