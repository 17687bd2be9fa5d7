"""What a .onnx file says of its weights, read without running it: of Protocol Buffers as much as that needs.

ONNX Runtime refuses most of what is wrong with a file by itself. It does not refuse a quantisation whose scale is zero
or no number: such a network runs, and its scores mean nothing.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Protocol Buffers' kinds of field."""
_GRAPH_OF_MODEL = 7
_NODE_OF_GRAPH, _INITIALIZER_OF_GRAPH, _INPUT_OF_GRAPH = 1, 5, 11
_INPUT_OF_NODE, _OUTPUT_OF_NODE, _TYPE_OF_NODE, _ATTRIBUTE_OF_NODE = 1, 2, 4, 5
_TENSOR_OF_ATTRIBUTE = 5
_TYPE_OF_TENSOR, _FLOATS_OF_TENSOR, _NAME_OF_TENSOR, _RAW_OF_TENSOR, _PLACE_OF_TENSOR = 2, 4, 8, 9, 14
_NAME_OF_INPUT = 1
_ELSEWHERE = 1
_RAW_FORMATS = {1: "f", 10: "e", 11: "d"}
"""How float32, float16 and float64 lie in a tensor's raw bytes."""
_SCALES = {"QuantizeLinear": (1,), "DequantizeLinear": (1,), "QLinearConv": (1, 4, 6), "QLinearMatMul": (1, 4, 6)}
"""Which inputs of a node are scales."""

_Field = tuple[int, int | memoryview]


class NotOnnx(Exception):
    """The bytes are no ONNX model."""


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensor: memoryview | None
    """The value of a Constant."""


def fault(content: bytes) -> str | None:
    """What is wrong with the weights of a model's own graph, as the end of a sentence about it; None if nothing is.

    Raises `NotOnnx` for bytes that are no model.
    """
    try:
        return _fault(_graph(memoryview(content)))
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise NotOnnx("it does not read as an ONNX model") from error


def _fault(graph: memoryview) -> str | None:
    nodes: list[_Node] = []
    constants: dict[str, memoryview] = {}
    given: set[str] = set()
    for number, value in _fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _NODE_OF_GRAPH:
            nodes.append(_node(value))
        elif number == _INITIALIZER_OF_GRAPH:
            constants[_text(value, _NAME_OF_TENSOR)] = value
        elif number == _INPUT_OF_GRAPH:
            given.add(_text(value, _NAME_OF_INPUT))
    for node in nodes:
        given |= set(node.outputs)
        if node.tensor is not None:
            constants |= dict.fromkeys(node.outputs, node.tensor)
    if outside := [name for name, tensor in constants.items() if _ELSEWHERE in _numbers(tensor, _PLACE_OF_TENSOR)]:
        return f"keeps its weights ({outside[0]}) in a further file: export it as one file"
    return next((wrong for node in nodes if (wrong := _scale_fault(node, constants, given))), None)


def _scale_fault(node: _Node, constants: dict[str, memoryview], given: set[str]) -> str | None:
    for place in _SCALES.get(node.kind, ()):
        name = node.inputs[place] if place < len(node.inputs) else ""
        if name in constants:
            values = _floats(constants[name])
            if values is not None and not (values and all(math.isfinite(scale) and scale > 0.0 for scale in values)):
                return f"has a scale of {node.kind} ({name}) that is no positive number: quantise it again"
        elif name not in given:
            return f"has no scale for {node.kind} ({name or 'unnamed'}): quantise it again"
    return None


def _graph(model: memoryview) -> memoryview:
    graphs = [value for number, value in _fields(model) if number == _GRAPH_OF_MODEL and isinstance(value, memoryview)]
    if len(graphs) != 1:
        raise ValueError("a model has one graph")
    return graphs[0]


def _node(node: memoryview) -> _Node:
    inputs, outputs, kind, tensor = [], [], "", None
    for number, value in _fields(node):
        if not isinstance(value, memoryview):
            continue
        if number == _INPUT_OF_NODE:
            inputs.append(str(value, "utf-8"))
        elif number == _OUTPUT_OF_NODE:
            outputs.append(str(value, "utf-8"))
        elif number == _TYPE_OF_NODE:
            kind = str(value, "utf-8")
        elif number == _ATTRIBUTE_OF_NODE:
            tensors = [part for of, part in _fields(value) if of == _TENSOR_OF_ATTRIBUTE]
            tensor = next((part for part in tensors if isinstance(part, memoryview)), tensor)
    return _Node(kind, tuple(inputs), tuple(outputs), tensor if kind == "Constant" else None)


def _floats(tensor: memoryview) -> list[float] | None:
    """The numbers of a tensor; None when they are of a kind or in a form that is not read here."""
    kinds = _numbers(tensor, _TYPE_OF_TENSOR)
    form = _RAW_FORMATS.get(kinds[-1]) if kinds else None
    if form is None:
        return None
    raw = [value for number, value in _fields(tensor) if number == _RAW_OF_TENSOR]
    listed = [value for number, value in _fields(tensor) if number == _FLOATS_OF_TENSOR]
    if raw and isinstance(raw[-1], memoryview):
        return [value for (value,) in struct.iter_unpack(f"<{form}", raw[-1])]
    if form != "f":
        return None
    # Packed into one field, or one field a number.
    packed = [value if isinstance(value, memoryview) else memoryview(struct.pack("<I", value)) for value in listed]
    return [value for part in packed for (value,) in struct.iter_unpack("<f", part)]


def _text(message: memoryview, wanted: int) -> str:
    found = [value for number, value in _fields(message) if number == wanted and isinstance(value, memoryview)]
    return str(found[-1], "utf-8") if found else ""


def _numbers(message: memoryview, wanted: int) -> list[int]:
    return [value for number, value in _fields(message) if number == wanted and isinstance(value, int)]


def _fields(message: memoryview) -> Iterator[_Field]:
    """Number and value of every field, in order. Raises `ValueError` or `IndexError` where it is no message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("not a field")
        if at + size > len(message):
            raise ValueError("cut short")
        part = message[at : at + size]
        yield key >> 3, part if kind == _BYTES else int.from_bytes(part, "little")
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("not a number")
