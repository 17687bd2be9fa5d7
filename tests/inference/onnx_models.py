"""Tiny ONNX models for the tests, right and wrong ones, with their manifests."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from inference.outputs import VECTORS, Kind
from inference.prepare import Dtype, Layout

onnx = pytest.importorskip("onnx", reason="needs the package onnx: pip install 'gorewatch[test]'")

SIDE_PX = 8

Fault = Literal["none", "width", "dtype", "batch", "output_shape", "output_dtype", "nan", "inf", "rare", "external"]
"""`nan`, `inf`: for a black and for any other picture. `rare`: not finite for pictures of the grey 77 alone."""
Settings = dict[str, object]
FileOf = dict[str, str]
"""`file` and `sha256`."""


def write_tiny(folder: Path, *, fault: Fault = "none") -> Path:
    """A model whose logit is a picture's mean / 32 - 4, with one fault or none; the path of its manifest."""
    path = folder / "tiny.onnx"
    path.write_bytes(_serialised(fault))
    return write_manifest(path)


def write_detailed(path: Path, *, divisor: float = 32.0, classes: int = 2, cells: bool = True) -> FileOf:
    """Like `write_tiny`, and gives `classes`, its logit × 1, 2, …, and a `map` of 2 × 2; the file's part of a manifest.

    A cell of the map is its quarter's mean / divisor - 4. Without `cells` the map has a dimension too few.
    """
    helper, types = onnx.helper, onnx.TensorProto
    constants: dict[str, npt.NDArray[np.generic]] = {
        "divisor": np.array(divisor, np.float32),
        "shift": np.array(4.0, np.float32),
        "factors": np.arange(1, classes + 1, dtype=np.float32),
        "axes": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["frames"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["grey"], axes=[3], keepdims=0),
        helper.make_node("Unsqueeze", ["grey", "axes"], ["plane"]),
        helper.make_node("AveragePool", ["plane"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Squeeze", ["pooled", "axes"], ["quarters"]),
        helper.make_node("Div", ["quarters", "divisor"], ["divided"]),
        helper.make_node("Sub", ["divided", "shift"], ["map" if cells else "cells"]),
        helper.make_node("ReduceMean", ["map" if cells else "cells"], ["logit"], axes=[1, 2], keepdims=0),
        helper.make_node("Unsqueeze", ["logit", "axes"], ["column"]),
        helper.make_node("Mul", ["column", "factors"], ["classes"]),
    ]
    if not cells:
        nodes.append(helper.make_node("ReduceMean", ["cells"], ["map"], axes=[2], keepdims=0))
    outputs: dict[str, list[int | str]] = {
        "logit": ["n"],
        "classes": ["n", classes],
        "map": ["n", "rows", "columns"] if cells else ["n", 2],
    }
    frames = helper.make_tensor_value_info("frames", types.UINT8, ["n", SIDE_PX, SIDE_PX, 3])
    path.write_bytes(_model(nodes, [frames], outputs, constants))
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def detailed_keys(classes: tuple[str, ...] = ("blood", "skull")) -> Settings:
    """The keys of a manifest for what `write_detailed` gives beyond the logit; the last class is calibrated apart."""
    plain: Settings = {"method": "platt", "scale": 1.0, "offset": 0.0}
    curves = [plain] * (len(classes) - 1) + [plain | {"offset": 1.0}]
    return {
        "class_output": {"name": "classes", "kind": "logit", "classes": classes, "calibration": curves},
        "map_output": {"name": "map", "kind": "logit", "calibration": plain | {"scale": 2.0}},
    }


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


IMAGENET: Settings = {
    "scale": 1 / 255,
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}
"""The normalisation that most classifiers were trained with."""


def write_classifier(
    path: Path,
    kind: Kind = "logits",
    *,
    layout: Layout = "NCHW",
    dtype: Dtype = "float32",
    side_px: int = SIDE_PX,
    told: bool = True,
    changes: Settings | None = None,
) -> Path:
    """A classifier of another maker: (safe, gore) from the mean redness of a picture; the path of its manifest.

    Its log-odds of gore are 4 × (red - (green + blue) / 2) of the channels' means as it is given them; it wants RGB.
    As an independent class gore has half of that and 1 more. Unless `told` its file leaves open how many it gives.
    """
    helper, types = onnx.helper, onnx.TensorProto
    vector = kind in VECTORS
    weights = [[-2.0, 2.0], [1.0, -1.0], [1.0, -1.0]] if vector else [[4.0], [-2.0], [-2.0]]
    shape: list[int | str] = ["n", 3, side_px, side_px] if layout == "NCHW" else ["n", side_px, side_px, 3]
    ending = {"probabilities": "Softmax", "sigmoids": "Sigmoid", "probability": "Sigmoid"}.get(kind, "Identity")
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["means"], axes=[2, 3] if layout == "NCHW" else [1, 2], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sums"]),
        helper.make_node("Compress", ["sums", "every"], ["chosen"], axis=1),
        helper.make_node(ending, ["sums" if told else "chosen"], ["scores"]),
    ]
    taken = {"float32": types.FLOAT, "float16": types.FLOAT16, "uint8": types.UINT8}[dtype]
    pixels = helper.make_tensor_value_info("pixels", taken, shape)
    outputs: dict[str, list[int | str]] = {"scores": ["n", (2 if vector else 1) if told else "scores"]}
    constants: dict[str, npt.NDArray[np.generic]] = {
        "weights": np.array(weights, np.float32),
        "bias": np.array(1.0 if vector else 0.0, np.float32),
    }
    constants["every"] = np.ones(2 if vector else 1, np.bool_)
    path.write_bytes(_model(nodes, [pixels], outputs, constants))
    size: Settings = {"width": side_px, "height": side_px}
    keys: Settings = {
        "input": {"name": "pixels", "layout": layout, "dtype": dtype, "color": "RGB"} | size | IMAGENET,
        "output": {"name": "scores", "kind": kind},
        "classes": ["safe", "gore"] if vector else ["gore"],
        "gore": ["gore"],
        "calibration": {"method": "none"},
    }
    return write_manifest(path, **keys | (changes or {}))


def write_trunk(path: Path, *, side_px: int = 224, cells: int = 7) -> Path:
    """What stands in for a trunk: `cells`, N × 3 × cells × cells, is the mean colour of each, in [0, 1]."""
    helper, types = onnx.helper, onnx.TensorProto
    size = side_px // cells
    nodes = [
        helper.make_node("Cast", ["frames"], ["float"], to=types.FLOAT),
        helper.make_node("Transpose", ["float"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["means"], kernel_shape=[size, size], strides=[size, size]),
        helper.make_node("Div", ["means", "white"], ["cells"]),
    ]
    frames = helper.make_tensor_value_info("frames", types.UINT8, ["n", side_px, side_px, 3])
    white: dict[str, npt.NDArray[np.generic]] = {"white": np.array(255.0, np.float32)}
    path.write_bytes(_model(nodes, [frames], {"cells": ["n", 3, cells, cells]}, white))
    return path


def write_quantised(path: Path, scale: float | None) -> Path:
    """`write_tiny` with its mean rounded to 8 bits with `scale`, or with none; the path of its manifest."""
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["frames"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("QuantizeLinear", ["mean", "mean_scale", "zero"], ["quantised"]),
        helper.make_node("DequantizeLinear", ["quantised", "mean_scale", "zero"], ["again"]),
        helper.make_node("Div", ["again", "divisor"], ["divided"]),
        helper.make_node("Sub", ["divided", "shift"], ["logit"]),
    ]
    constants: dict[str, npt.NDArray[np.generic]] = {
        "divisor": np.array(32.0, np.float32),
        "shift": np.array(4.0, np.float32),
        "zero": np.array(0, np.uint8),
    }
    if scale is not None:
        constants["mean_scale"] = np.array(scale, np.float32)
    frames = helper.make_tensor_value_info("frames", types.UINT8, ["n", SIDE_PX, SIDE_PX, 3])
    path.write_bytes(_model(nodes, [frames], {"logit": ["n"]}, constants))
    return write_manifest(path)


def _model(
    nodes: list[object],
    inputs: list[object],
    outputs: dict[str, list[int | str]],
    constants: Mapping[str, npt.NDArray[np.generic]],
) -> bytes:
    helper = onnx.helper
    given = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in outputs.items()]
    initializers = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, given, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    content: bytes = model.SerializeToString()
    return content


def _serialised(fault: Fault) -> bytes:
    helper, types = onnx.helper, onnx.TensorProto
    width = SIDE_PX + 1 if fault == "width" else SIDE_PX
    taken = types.FLOAT if fault == "dtype" else types.UINT8
    given = types.DOUBLE if fault == "output_dtype" else types.FLOAT
    batch = 2 if fault == "batch" else "n"
    divisor = np.array(0.0 if fault in ("nan", "inf") else 32.0, np.float32)
    shift = np.array(0.0 if fault in ("nan", "inf") else 4.0, np.float32)
    keep = 1 if fault == "output_shape" else 0
    rare = [
        helper.make_node("Equal", ["mean", "grey"], ["hit"]),
        helper.make_node("Where", ["hit", "zero", "divisor"], ["rare"]),
    ]
    nodes = [
        helper.make_node("Cast", ["frames"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2, 3], keepdims=keep),
        *(rare if fault == "rare" else []),
        helper.make_node("Div", ["mean", "rare" if fault == "rare" else "divisor"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "shift"], ["shifted"]),
        helper.make_node("Cast", ["shifted"], ["logit"], to=given),
    ]
    constants = [onnx.numpy_helper.from_array(divisor, "divisor"), onnx.numpy_helper.from_array(shift, "shift")]
    if fault == "rare":
        constants.append(onnx.numpy_helper.from_array(np.array(77.0, np.float32), "grey"))
        constants.append(onnx.numpy_helper.from_array(np.array(0.0, np.float32), "zero"))
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
