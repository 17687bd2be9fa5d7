"""A small network of the detector's kind: inverted residuals with ReLU6, a map of cells, classes and a logit."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.inference.onnx_models import onnx

SIDE_PX = 32
CLASSES = 3


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[object] = []
        self.constants: list[object] = []
        self._rng = np.random.default_rng(5)

    def add(self, kind: str, *inputs: str, gives: str = "", **attributes: object) -> str:
        name = gives or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weights(self, *shape: int) -> str:
        fan = int(np.prod(shape[1:])) or 1
        return self.constant(self._rng.normal(0.0, 1.4 / fan**0.5, shape))

    def conv(self, given: str, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> str:
        weights = self.weights(outputs, inputs // groups, kernel, kernel)
        bias = self.constant(self._rng.normal(0.2, 0.3, outputs))
        pads = [kernel // 2] * 4
        return self.add("Conv", given, weights, bias, pads=pads, strides=[stride] * 2, group=groups)

    def clipped(self, given: str) -> str:
        return self.add("Clip", given, self.constant(0.0), self.constant(6.0))

    def block(self, given: str, inputs: int, outputs: int) -> str:
        wide = self.clipped(self.conv(given, inputs, 4 * inputs))
        deep = self.clipped(self.conv(wide, 4 * inputs, 4 * inputs, kernel=3, groups=4 * inputs))
        narrow = self.conv(deep, 4 * inputs, outputs)
        return self.add("Add", narrow, given) if inputs == outputs else narrow


def write_conv(path: Path, *, convolutions: bool = True) -> Path:
    """`frames`, uint8 N × 32 × 32 × 3, to float32 `logit` N, `classes` N × 3 and `map` N × 8 × 8; the path.

    Without `convolutions` the one that makes the map is the only one.
    """
    graph = _Graph()
    planes = graph.add("Transpose", "frames", perm=[0, 3, 1, 2])
    planes = graph.add("Cast", planes, to=onnx.TensorProto.FLOAT)
    cells = graph.add("Div", graph.add("Sub", planes, graph.constant(127.0)), graph.constant(128.0))
    channels = 3
    if convolutions:
        cells, channels = _trunk(graph, cells)
    else:
        cells = graph.add("AveragePool", cells, kernel_shape=[4, 4], strides=[4, 4])
    first = graph.constant([1], np.int64)
    regions = graph.add("Squeeze", graph.conv(cells, channels, 1), first, gives="map")
    strongest = graph.add("ReduceMax", regions, axes=[1, 2], keepdims=0)
    mean = graph.add("ReduceMean", cells, axes=[2, 3], keepdims=0)
    whole = graph.add("Gemm", mean, graph.weights(1, channels), transB=1)
    graph.add("Gemm", mean, graph.weights(CLASSES, channels), transB=1, gives="classes")
    graph.add("Add", strongest, graph.add("Squeeze", whole, first), gives="logit")
    path.write_bytes(_serialised(graph))
    return path


def _trunk(graph: _Graph, planes: str) -> tuple[str, int]:
    cells = graph.clipped(graph.conv(planes, 3, 8, kernel=3, stride=2))
    cells = graph.block(cells, 8, 8)
    cells = graph.clipped(graph.conv(cells, 8, 8, kernel=3, stride=2))
    cells = graph.block(graph.block(cells, 8, 12), 12, 12)
    return graph.clipped(graph.conv(cells, 12, 32)), 32


def _serialised(graph: _Graph) -> bytes:
    helper, types = onnx.helper, onnx.TensorProto
    frames = helper.make_tensor_value_info("frames", types.UINT8, ["n", SIDE_PX, SIDE_PX, 3])
    shapes: dict[str, list[int | str]] = {"logit": ["n"], "classes": ["n", CLASSES], "map": ["n", 8, 8]}
    outputs = [helper.make_tensor_value_info(name, types.FLOAT, shape) for name, shape in shapes.items()]
    made = helper.make_graph(graph.nodes, "conv", [frames], outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    content: bytes = model.SerializeToString()
    return content


def pictures(count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Soft patches of colour with grain, uint8 N × 32 × 32 × 3."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 256, (count, 4, 4, 3)).repeat(SIDE_PX // 4, axis=1).repeat(SIDE_PX // 4, axis=2)
    return np.clip(patches + rng.normal(0.0, 12.0, patches.shape), 0, 255).astype(np.uint8)
