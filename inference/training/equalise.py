"""Channels between two convolutions brought to one reach, so that a scale they share in 8 bits suits each of them.

Where nothing but sums stands between convolutions, a channel may be multiplied by any factor as long as what reads it
divides by the same: the network computes what it did. Channels that reach far less than the widest would be rounded
most coarsely. This is the equalisation of Nagel et al. 2019, over all convolutions that a chain of sums joins.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx

from inference.training.watch import Frames, watched

Floats = npt.NDArray[np.float32]
_SHARE = 0.9995
"""Of the values of a channel that lie within its reach."""
_MOST = 16.0
"""Times that a channel is multiplied by: one that never moves has no reach."""
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Stream:
    """Values that sums join: all have the same channels."""

    values: tuple[str, ...]
    makers: tuple[onnx.NodeProto, ...]
    """Convolutions."""
    readers: tuple[onnx.NodeProto, ...]
    """Convolutions that see all channels at once."""


def streams(graph: onnx.GraphProto) -> list[Stream]:
    """Every stream that only convolutions and sums make and read."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    given = {output.name for output in graph.output}
    found = []
    for values in _joined(graph):
        made = [makers.get(name) for name in values]
        read = [node for name in values for node in readers[name] if node.op_type != "Add"]
        convs = [node for node in made if node is not None and node.op_type == "Conv"]
        closed = all(node is not None and node.op_type in ("Conv", "Add") for node in made) and not given & values
        # A depthwise convolution has a weight for each channel alone, and a scale for each: it is no reader here.
        whole = all(node.op_type == "Conv" and shapes[node.input[1]][1] == _channels(convs, shapes) for node in read)
        if closed and whole and read and convs:
            unique = {node.name: node for node in read}
            found.append(Stream(tuple(sorted(values)), tuple(convs), tuple(unique.values())))
    return found


def equalised(model: onnx.ModelProto, frames: Frames) -> onnx.ModelProto:
    """The network with every stream's channels brought to the reach of its widest over these pictures."""
    found = streams(model.graph)
    reaches = _reaches(model, [name for stream in found for name in stream.values], frames)
    result = onnx.ModelProto()
    result.CopyFrom(model)
    stored = {tensor.name: tensor for tensor in result.graph.initializer}
    for stream in found:
        reach = np.max([reaches[name] for name in stream.values], axis=0)
        factors = np.clip(reach.max() / np.maximum(reach, _LEAST), 1.0, _MOST).astype(np.float32)
        for conv in stream.makers:
            _multiply(stored[conv.input[1]], factors[:, None, None, None])
            if len(conv.input) > 2:
                _multiply(stored[conv.input[2]], factors)
        for conv in stream.readers:
            _multiply(stored[conv.input[1]], 1.0 / factors[None, :, None, None])
    return result


def _joined(graph: onnx.GraphProto) -> Iterator[set[str]]:
    """The outputs of convolutions and sums, those together that sums join."""
    groups: dict[str, set[str]] = {node.output[0]: {node.output[0]} for node in graph.node if node.op_type == "Conv"}
    for node in graph.node:
        if node.op_type == "Add":
            joined = {node.output[0]}.union(*(groups.get(name, {name}) for name in node.input))
            groups.update(dict.fromkeys(joined, joined))
    seen: set[str] = set()
    for name, values in groups.items():
        if name not in seen:
            seen |= values
            yield values


def _channels(convs: Sequence[onnx.NodeProto], shapes: dict[str, tuple[int, ...]]) -> int | None:
    return shapes[convs[0].input[1]][0] if convs else None


def _reaches(model: onnx.ModelProto, names: Sequence[str], frames: Frames) -> dict[str, Floats]:
    """How far each channel of these values reaches from zero, but for few values."""
    found: dict[str, Floats] = {}
    for values in watched(model, names, frames):
        for name, value in values.items():
            reach = np.quantile(np.abs(value).swapaxes(0, 1).reshape(value.shape[1], -1), _SHARE, axis=1)
            found[name] = np.maximum(found.get(name, np.zeros(1, np.float32)), reach).astype(np.float32)
    return found


def _multiply(tensor: onnx.TensorProto, factors: Floats) -> None:
    values = onnx.numpy_helper.to_array(tensor) * factors
    tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), tensor.name))
