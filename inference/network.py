"""A session as a function: prepared pictures in, raw outputs out, in the sizes and buffers that its device likes."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    return [answer.name for answer in _answers(manifest)]


def check_signature(session: ort.InferenceSession, manifest: Manifest, file: Path) -> None:
    """Raise `ModelError` unless the network in `file` says that it takes and gives what its manifest says."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or not _takes(inputs[0], manifest.input):
        wanted = manifest.input
        raise ModelError(
            f"The model file {file} takes {_described(inputs)}, not {wanted.name} {_TYPES[wanted.dtype]} "
            f"{['N', *_sides(wanted)]} with a free N, as its manifest says; {_FIX}."
        )
    for answer in _answers(manifest):
        found = [node for node in outputs if node.name == answer.name and node.type == "tensor(float)"]
        if len(found) != 1 or not answer.fits(found[0].shape):
            raise _unfit(file, _described(outputs), answer)


def check_shapes(outputs: Sequence[Floats], manifest: Manifest, file: Path) -> None:
    """Raise `ModelError` unless what the network in `file` gave, as `Network.run` returns it, is as its manifest says.

    A file may leave open what it gives; here it has answered.
    """
    for output, answer in zip(outputs, _answers(manifest), strict=True):
        if not answer.fits(output.shape):
            raise _unfit(file, f"{answer.name} {list(output.shape)}", answer)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An output as the manifest has it."""

    name: str
    tail: tuple[int | None, ...]
    """Its shape behind N; None where any number will do. Nothing stands for one number, N or N × 1."""
    described: str

    def fits(self, shape: Sequence[int | str | None]) -> bool:
        tails = (self.tail,) if self.tail else ((), (1,))
        return any(_same(shape[1:], tail) for tail in tails if len(shape) == 1 + len(tail))


def _answers(manifest: Manifest) -> list[_Answer]:
    """In the order of `output_names`."""
    answers = [_Answer(manifest.output.name, (), "one float a picture")]
    if manifest.output.kind in VECTORS:
        answers = [_classes(manifest.output.name, len(manifest.classes))]
    if (of_classes := manifest.class_output) is not None:
        answers.append(_classes(of_classes.name, len(of_classes.classes)))
    if manifest.map_output is not None:
        answers.append(_Answer(manifest.map_output.name, (None, None), "rows and columns of floats a picture"))
    return answers


def _classes(name: str, count: int) -> _Answer:
    return _Answer(name, (count,), f"{count} floats a picture, one a class")


def _same(found: Sequence[int | str | None], wanted: Sequence[int | None]) -> bool:
    """Whether a shape is the wanted one, as far as both say."""
    pairs = zip(found, wanted, strict=True)
    return all(not isinstance(side, int) or (side > 0 and need in (None, side)) for side, need in pairs)


def _takes(node: ort.NodeArg, wanted: InputSpec) -> bool:
    shape = node.shape
    if node.name != wanted.name or node.type != _TYPES[wanted.dtype] or len(shape) != 4 or isinstance(shape[0], int):
        return False
    return _same(shape[1:], _sides(wanted))


def _sides(wanted: InputSpec) -> tuple[int, int, int]:
    if wanted.layout == "NCHW":
        return (3, wanted.height, wanted.width)
    return (wanted.height, wanted.width, 3)


def _unfit(file: Path, given: str, answer: _Answer) -> ModelError:
    return ModelError(
        f"The model file {file} gives {given}, not {answer.name} with {answer.described}, as its manifest says; {_FIX}."
    )


def _described(nodes: Sequence[ort.NodeArg]) -> str:
    return ", ".join(f"{node.name} {node.type} {node.shape}" for node in nodes) or "nothing"
