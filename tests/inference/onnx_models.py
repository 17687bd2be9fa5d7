"""Tiny ONNX models for the tests, right and wrong ones, with their manifests."""

import hashlib
import json
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

onnx = pytest.importorskip("onnx", reason="needs the package onnx: pip install 'gorewatch[test]'")

SIDE_PX = 8

Fault = Literal["none", "width", "dtype", "batch", "output_shape", "output_dtype", "nan", "inf", "external"]
Settings = dict[str, object]


def write_tiny(folder: Path, *, fault: Fault = "none") -> Path:
    """A model whose logit is a picture's mean / 32 - 4, with one fault or none; the path of its manifest."""
    path = folder / "tiny.onnx"
    path.write_bytes(_serialised(fault))
    return write_manifest(path)


def write_manifest(path: Path, **changes: object) -> Path:
    """A manifest for the .onnx at `path`, with top-level keys replaced."""
    content: Settings = {
        "name": "tiny",
        "version": "1",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": {
            "name": "frames",
            "layout": "NHWC",
            "dtype": "uint8",
            "width": SIDE_PX,
            "height": SIDE_PX,
            "color": "RGB",
        },
        "output": {"name": "logit", "kind": "logit"},
        "classes": ["gore"],
        "calibration": {"method": "platt", "scale": 1.0, "offset": 0.0},
        "licence": "CC0-1.0",
        "metrics": {"validation": {"auroc": 0.9}},
    }
    manifest = path.with_suffix(".json")
    manifest.write_text(json.dumps(content | changes), encoding="utf-8")
    return manifest


def _serialised(fault: Fault) -> bytes:
    helper, types = onnx.helper, onnx.TensorProto
    width = SIDE_PX + 1 if fault == "width" else SIDE_PX
    taken = types.FLOAT if fault == "dtype" else types.UINT8
    given = types.DOUBLE if fault == "output_dtype" else types.FLOAT
    batch = 2 if fault == "batch" else "n"
    divisor = np.array(0.0 if fault in ("nan", "inf") else 32.0, np.float32)
    shift = np.array(0.0 if fault in ("nan", "inf") else 4.0, np.float32)
    keep = 1 if fault == "output_shape" else 0
    nodes = [
        helper.make_node("Cast", ["frames"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2, 3], keepdims=keep),
        helper.make_node("Div", ["mean", "divisor"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "shift"], ["shifted"]),
        helper.make_node("Cast", ["shifted"], ["logit"], to=given),
    ]
    constants = [onnx.numpy_helper.from_array(divisor, "divisor"), onnx.numpy_helper.from_array(shift, "shift")]
    if fault == "external":
        constants[0] = _moved_out(divisor, "divisor")
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("frames", taken, [batch, SIDE_PX, width, 3])],
        [helper.make_tensor_value_info("logit", given, [batch, 1, 1, 1] if keep else [batch])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    content: bytes = model.SerializeToString()
    return content


def _moved_out(value: npt.NDArray[np.float32], name: str) -> object:
    """A tensor that says that its four bytes are in weights.bin, beside the model."""
    tensor = onnx.numpy_helper.from_array(value, name)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, text in (("location", "weights.bin"), ("length", "4")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, text
    result: object = tensor
    return result
