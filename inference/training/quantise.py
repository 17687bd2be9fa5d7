# mypy: allow-subclassing-any
"""The int8 variant of a detector, for CPUs: activations and weights of 8 bits, weights with a scale for each channel.

Instructions older than VNNI add two products of a byte and a weight in 16 bits, and cut off what does not fit. Weights
of full convolutions are kept so small that it always fits; depthwise ones are computed in another way. `rounding` sees
to that. The last layers before each output stay float. onnxruntime ships no types, hence the first line.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QDQQuantizer,
    QuantType,
    create_calibrator,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from inference.session import open_session
from inference.training.equalise import equalised
from inference.training.rounding import Floats, Geometry, Moments, Rounded, pairs, patches, rounded
from inference.training.watch import Frames, watched

_WEIGHTED = ("Conv", "Gemm", "MatMul")
_QUANTISED = ["Conv", "Clip", "Relu", "Add"]
_METHODS: dict[CalibrationMethod, dict[str, float]] = {
    CalibrationMethod.MinMax: {},
    CalibrationMethod.Percentile: {"percentile": 99.995},
    CalibrationMethod.Entropy: {},
}
_FIRST_IN_FLOAT = (2, 6, 9, 12, 16, 20, 26, 32, 40)
"""How many of the first convolutions may be left in float. They see large planes of few channels: their errors are
alike all over a flat picture and make most of the whole error, and they gain least from integers."""
_ENOUGH = 0.03
_FRAMES_AT_ONCE = 8
"""The calibrators keep every activation of the pictures that they are given at once."""


def write_int8(
    fp32: Path,
    out: Path,
    calibration: Iterable[Frames],
    *,
    accepts: Callable[[onnx.ModelProto], bool] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Quantise the network at `fp32` into `out`, and return that.

    `calibration`: batches of pictures, uint8 N × H × W × 3, of the training split alone. How activations are measured
    is chosen by how far the outputs for these pictures move. `accepts` is asked of candidates with more and more of the
    first convolutions left in float; the first that it takes is written, or the last; without it, the one of which the
    outputs move by little enough. `say` hears of each. Raises `ValueError` where there are no pictures, or no
    convolution that could be quantised.
    """
    batches = list(calibration)
    if not sum(map(len, batches)):
        raise ValueError("calibration needs pictures")
    search = _Search(simplified(fp32), np.concatenate(batches), say)
    for candidate in search.candidates():
        onnx.save(candidate.model, out)
        if candidate.error <= _ENOUGH if accepts is None else accepts(candidate.model):
            break
    return out


def simplified(path: Path) -> onnx.ModelProto:
    """The network with its constants folded, its shapes inferred and every node named."""
    with tempfile.TemporaryDirectory(prefix="gorewatch-") as folder, silence():
        written = Path(folder) / "simplified.onnx"
        quant_pre_process(path, written)
        model = onnx.load(written)
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{number}"
    return model


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """ONNX Runtime's tools announce on standard output what they do."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def heads(graph: onnx.GraphProto) -> set[str]:
    """Names of the nodes between the last weighted layers and the outputs, those layers among them."""
    makers = {output: node for node in graph.node for output in node.output}
    found: set[str] = set()
    open_ends = [output.name for output in graph.output]
    while open_ends:
        node = makers.get(open_ends.pop())
        if node is not None and node.name not in found:
            found.add(node.name)
            if node.op_type not in _WEIGHTED:
                open_ends += node.input
    return found


@dataclass(frozen=True, slots=True)
class _Candidate:
    model: onnx.ModelProto
    error: float
    """Root mean square of how far the outputs move, in standard deviations of each, the mean over the outputs."""


class _Search:
    """What there is to choose from, tried on the pictures."""

    def __init__(self, model: onnx.ModelProto, frames: Frames, say: Callable[[str], None]) -> None:
        self._frames, self._say = frames, say
        self._heads = heads(model.graph)
        self._convs = [node for node in model.graph.node if node.op_type == "Conv" and node.name not in self._heads]
        if not self._convs:
            raise ValueError("the network has no convolution before its last layers that could be quantised")
        self._wanted = outputs(model, frames)
        self._overrides: dict[str, list[dict[str, object]]] = {}
        self._exact = equalised(model, frames)
        self._model = self._round(self._exact)

    def candidates(self) -> Iterator[_Candidate]:
        """By the best way to measure activations; with few convolutions in float at first, then with more."""
        counts = [count for count in _FIRST_IN_FLOAT if count < len(self._convs)] or [0]
        ranges = {method: _ranges(self._model, self._frames, method) for method in _METHODS}
        tried = {method: self._tried(ranges[method], counts[0], method.name) for method in _METHODS}
        best = min(tried, key=lambda method: tried[method].error)
        yield tried[best]
        for count in counts[1:]:
            yield self._tried(ranges[best], count, best.name)

    def _tried(self, ranges: object, count: int, name: str) -> _Candidate:
        model = self._quantised(ranges, _with_sums(self._model.graph, {conv.name for conv in self._convs[:count]}))
        error = self._error(model)
        self._say(f"int8, {name.lower()}, {count} convolutions in float: outputs move by {error:.4f} of their spread")
        return _Candidate(model, error)

    def _round(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """The network with weights that integers stand for, whose scales go into `_overrides`."""
        shown = _moments(model, self._convs, self._frames)
        result = onnx.ModelProto()
        result.CopyFrom(model)
        stored = {tensor.name: tensor for tensor in result.graph.initializer}
        for conv in self._convs:
            weights = stored[conv.input[1]]
            values = onnx.numpy_helper.to_array(weights)
            full = _geometry(conv, values).groups == 1
            partner = pairs(values.shape[1], int(np.prod(values.shape[2:]))) if full else None
            found = rounded(values, shown[conv.name], partner)
            weights.CopyFrom(onnx.numpy_helper.from_array(found.weights, weights.name))
            if len(conv.input) > 2:
                bias = stored[conv.input[2]]
                moved = onnx.numpy_helper.to_array(bias) + found.shift
                bias.CopyFrom(onnx.numpy_helper.from_array(moved, bias.name))
            self._overrides[weights.name] = _override(found)
        return result

    def _quantised(self, ranges: object, left_out: set[str]) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        exact = {tensor.name: tensor for tensor in self._exact.graph.initializer}
        kept = self._heads | left_out
        spared = {name for conv in self._convs if conv.name in kept for name in conv.input[1:]}
        for tensor in model.graph.initializer:
            if tensor.name in spared:
                tensor.CopyFrom(exact[tensor.name])
        quantizer = QDQQuantizer(
            model,
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=ranges,
            nodes_to_quantize=[],
            nodes_to_exclude=sorted(kept),
            op_types_to_quantize=_QUANTISED,
            extra_options={
                "TensorQuantOverrides": {
                    conv.input[1]: self._overrides[conv.input[1]] for conv in self._convs if conv.name not in kept
                }
            },
        )
        quantizer.quantize_model()
        quantised: onnx.ModelProto = quantizer.model.model
        return quantised

    def _error(self, model: onnx.ModelProto) -> float:
        return float(
            np.mean(
                [
                    np.sqrt(np.square(found - wanted).mean()) / max(float(wanted.std()), 1e-6)
                    for found, wanted in zip(outputs(model, self._frames), self._wanted, strict=True)
                ]
            )
        )


def _with_sums(graph: onnx.GraphProto, names: set[str]) -> set[str]:
    """These convolutions, and the sums that their outputs go into.

    A sum in integers would have its terms rounded, and ONNX Runtime rounds the weights of a convolution between them.
    """
    found, floats = set(names), set[str]()
    for node in graph.node:
        if node.name in names or (node.op_type in ("Clip", "Relu") and node.input[0] in floats):
            floats.update(node.output)
        elif node.op_type == "Add" and not floats.isdisjoint(node.input):
            found.add(node.name)
    return found


def outputs(model: onnx.ModelProto, frames: Frames) -> list[Floats]:
    """All outputs of the network, one array an output."""
    session, _ = open_session(model.SerializeToString(), "cpu", Path("the network"))
    (given,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    found = [session.run(names, {given.name: part}) for part in _parts(frames)]
    return [np.concatenate(output) for output in zip(*found, strict=True)]


def _parts(frames: Frames) -> Iterator[Frames]:
    yield from (frames[at : at + _FRAMES_AT_ONCE] for at in range(0, len(frames), _FRAMES_AT_ONCE))


def _geometry(conv: onnx.NodeProto, weights: Floats) -> Geometry:
    told = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in conv.attribute}
    return Geometry(
        kernel=weights.shape[2:],
        strides=tuple(told.get("strides", (1, 1))),
        pads=tuple(told.get("pads", (0, 0, 0, 0))),
        groups=told.get("group", 1),
    )


def _moments(model: onnx.ModelProto, convs: Sequence[onnx.NodeProto], frames: Frames) -> dict[str, Moments]:
    """What each convolution is shown by these pictures."""
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    names = sorted({conv.input[0] for conv in convs})
    geometries = {conv.name: _geometry(conv, stored[conv.input[1]]) for conv in convs}
    found: dict[str, Moments] = {}
    for values in watched(model, names, frames):
        for conv in convs:
            shown = patches(values[conv.input[0]], geometries[conv.name])
            found.setdefault(conv.name, Moments.empty(*shown.shape[:2])).add(shown)
    return found


def _override(found: Rounded) -> list[dict[str, object]]:
    """The scales as the quantizer wants them: a dictionary for each output channel."""
    zero = np.array(0, np.int8)
    channels: list[dict[str, object]] = [
        {"scale": scale, "zero_point": zero, "quant_type": QuantType.QInt8} for scale in found.scales
    ]
    channels[0]["axis"] = 0
    return channels


class _Reader(CalibrationDataReader):
    def __init__(self, name: str, frames: Frames) -> None:
        self._fed = iter([{name: frames[at : at + 1]} for at in range(len(frames))])

    def get_next(self) -> dict[str, Frames] | None:
        return next(self._fed, None)


def _ranges(model: onnx.ModelProto, frames: Frames, method: CalibrationMethod) -> object:
    """The range of each activation over these pictures."""
    with tempfile.TemporaryDirectory(prefix="gorewatch-") as folder, silence():
        path = Path(folder) / "rounded.onnx"
        onnx.save(model, path)
        calibrator = create_calibrator(
            path,
            _QUANTISED,
            augmented_model_path=str(Path(folder) / "augmented.onnx"),
            calibrate_method=method,
            extra_options=_METHODS[method],
        )
        for part in _parts(frames):
            calibrator.collect_data(_Reader(model.graph.input[0].name, part))
        return calibrator.compute_data()
