"""A session as a function: prepared pictures in, raw outputs out, in the sizes and buffers that its device likes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from inference.calibrate import Floats
from inference.manifest import InputSpec, Manifest, ModelError
from inference.outputs import VECTORS
from inference.prepare import Array
from inference.session import Device, first_line

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)
"""Batch sizes that a GPU is given. Its memory arena grows with every new shape, so there are only these."""

_TYPES = {"uint8": "tensor(uint8)", "float32": "tensor(float)", "float16": "tensor(float16)"}
_FIX = "mend the manifest, or export the network again as docs/models.md describes"


class Network:
    """Runs a session on batches of any size. On a GPU one thread may use it at a time: its buffers are kept."""

    def __init__(self, session: ort.InferenceSession, manifest: Manifest, device: Device, *, memory: str = "") -> None:
        """`memory`: where buffers are kept, as ONNX Runtime names devices; `cuda` on a GPU, none on a CPU."""
        self.device: Device = device
        self._session = session
        self._name = manifest.name
        self._input = manifest.input.name
        self._outputs = output_names(manifest)
        self._memory = memory or ("" if device == "cpu" else "cuda")
        self._bound: dict[int, _Bound] = {}

    def run(self, fed: Array) -> list[Floats]:
        """Every output of `output_names`, float32, of prepared pictures, N × whatever the network takes.

        Raises `ModelError` when the session fails, or answers another number of pictures than it was given.
        """
        step = max(len(fed), 1) if not self._memory else BATCH_BUCKETS[-1]
        parts = [self._part(fed[at : at + step]) for at in range(0, max(len(fed), 1), step)]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _part(self, fed: Array) -> list[Floats]:
        # Of no picture there is an answer as well, whose shape only the network knows.
        given = fed if len(fed) else np.zeros((1, *fed.shape[1:]), fed.dtype)
        try:
            found = self._bucket(given).run(given) if self._memory else self._plain(given)
        except Exception as error:
            raise ModelError(f"The model {self._name} failed on {self.device}: {first_line(error)}") from error
        for name, output in zip(self._outputs, found, strict=True):
            if len(output) != len(given):
                raise ModelError(f"The model {self._name} answered {len(given)} pictures with {name} {output.shape}.")
        return [output[: len(fed)] for output in found]

    def _plain(self, fed: Array) -> list[Floats]:
        return [np.asarray(output, np.float32) for output in self._session.run(self._outputs, {self._input: fed})]

    def _bucket(self, fed: Array) -> "_Bound":
        size = next(bucket for bucket in BATCH_BUCKETS if bucket >= len(fed))
        if size not in self._bound:
            empty = np.zeros((size, *fed.shape[1:]), fed.dtype)
            shapes = [output.shape for output in self._plain(empty)]
            named = dict(zip(self._outputs, shapes, strict=True))
            self._bound[size] = _Bound(self._session, self._input, empty, named, self._memory)
        return self._bound[size]


class _Bound:
    """One batch size with buffers of its own beside the processor, so that nothing is allocated while it runs."""

    def __init__(
        self,
        session: ort.InferenceSession,
        name: str,
        empty: Array,
        outputs: dict[str, tuple[int, ...]],
        memory: str,
    ) -> None:
        """`empty`: a batch of this size of what the network takes; `outputs`: the shapes that it answers with."""
        self._session = session
        self._host = empty
        self._input = ort.OrtValue.ortvalue_from_numpy(empty.copy(), memory, 0)
        self._outputs = [
            ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, memory, 0) for shape in outputs.values()
        ]
        self._binding = session.io_binding()
        self._binding.bind_ortvalue_input(name, self._input)
        for output, value in zip(outputs, self._outputs, strict=True):
            self._binding.bind_ortvalue_output(output, value)

    def run(self, fed: Array) -> list[Floats]:
        """The outputs of up to as many pictures as there is room for, copied out of the buffers."""
        # Behind a short batch lie pictures of earlier ones: their answers are cut off.
        self._host[: len(fed)] = fed
        self._input.update_inplace(self._host)
        self._binding.synchronize_inputs()
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        return [np.array(value.numpy()[: len(fed)], np.float32) for value in self._outputs]


def output_names(manifest: Manifest) -> list[str]:
    """The outputs that are asked for: the score, then classes and map where the manifest has them."""
    further = [spec.name for spec in (manifest.class_output, manifest.map_output) if spec is not None]
    return [manifest.output.name, *further]


def check_signature(session: ort.InferenceSession, manifest: Manifest, file: Path) -> None:
    """Raise `ModelError` unless the network in `file` takes and gives what its manifest says."""
    inputs = session.get_inputs()
    if len(inputs) != 1 or not _takes(inputs[0], manifest.input):
        wanted = manifest.input
        raise ModelError(
            f"The model file {file} takes {_described(inputs)}, not {wanted.name} {_TYPES[wanted.dtype]} "
            f"{['N', *_sides(wanted)]} with a free N, as its manifest says; {_FIX}."
        )
    score = (1,) if manifest.output.kind not in VECTORS else (len(manifest.classes),)
    _check_output(session, file, manifest.output.name, score, "float a picture")
    if manifest.class_output is not None:
        classes = (len(manifest.class_output.classes),)
        _check_output(session, file, manifest.class_output.name, classes, "float a class")
    if manifest.map_output is not None:
        _check_output(session, file, manifest.map_output.name, (None, None), "float a cell of a map")


def _takes(node: ort.NodeArg, wanted: InputSpec) -> bool:
    shape = node.shape
    if node.name != wanted.name or node.type != _TYPES[wanted.dtype] or len(shape) != 4 or isinstance(shape[0], int):
        return False
    return all(
        found == side or not isinstance(found, int) for found, side in zip(shape[1:], _sides(wanted), strict=True)
    )


def _sides(wanted: InputSpec) -> tuple[int, int, int]:
    if wanted.layout == "NCHW":
        return (3, wanted.height, wanted.width)
    return (wanted.height, wanted.width, 3)


def _check_output(
    session: ort.InferenceSession, file: Path, name: str, tail: tuple[int | None, ...], described: str
) -> None:
    """`tail`: the shape behind N, None where anything goes; a tail of 1 may be missing."""
    nodes = [node for node in session.get_outputs() if node.name == name]
    if len(nodes) == 1 and nodes[0].type == "tensor(float)" and _fits(nodes[0].shape, tail):
        return
    count = f"{tail[0]} numbers, one {described}" if tail[0] not in (None, 1) else f"one {described}"
    raise ModelError(
        f"The model file {file} gives {_described(session.get_outputs())}, not {name} with {count}, as its manifest "
        f"says; {_FIX}."
    )


def _fits(shape: Sequence[int | str | None], tail: tuple[int | None, ...]) -> bool:
    if tail == (1,) and len(shape) == 1:
        return True
    if len(shape) != 1 + len(tail):
        return False
    return all(
        wanted in (None, found) or not isinstance(found, int) for found, wanted in zip(shape[1:], tail, strict=True)
    )


def _described(nodes: Sequence[ort.NodeArg]) -> str:
    return ", ".join(f"{node.name} {node.type} {node.shape}" for node in nodes) or "nothing"
