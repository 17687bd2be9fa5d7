"""The session as a function: with buffers that are kept, as on a GPU, it answers as it does without."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from inference.manifest import Manifest, ModelError, read_manifest
from inference.model import Model
from inference.network import BATCH_BUCKETS, Network, check_signature, output_names
from inference.prepare import Array
from tests.inference.onnx_models import SIDE_PX, detailed_keys, write_detailed, write_manifest


class Session:
    """An ONNX Runtime session on the CPU that notes the sizes of the batches that it is bound to and runs."""

    def __init__(self, path: Path) -> None:
        self._session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.run = self._session.run
        self.bindings: list[ort.IOBinding] = []
        self.ran: list[int] = []

    def io_binding(self) -> ort.IOBinding:
        self.bindings.append(self._session.io_binding())
        return self.bindings[-1]

    def run_with_iobinding(self, binding: ort.IOBinding) -> None:
        self._session.run_with_iobinding(binding)
        self.ran.append(int(binding.get_outputs()[0].shape()[0]))


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    write_detailed(tmp_path / "tiny.onnx")
    return read_manifest(write_manifest(tmp_path / "tiny.onnx", **detailed_keys()))


@pytest.fixture
def session(tmp_path: Path, manifest: Manifest) -> Session:
    return Session(tmp_path / "tiny.onnx")


@pytest.fixture
def bound(session: Session, manifest: Manifest) -> Network:
    """What runs on a GPU, with its buffers in the processor's memory."""
    return Network(session, manifest, "cuda", memory="cpu")


def noise(count: int) -> Array:
    return np.random.default_rng(count).integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


@pytest.mark.parametrize(("size", "given"), [(1, [1]), (3, [4]), (33, [64]), (64, [64]), (70, [64, 8]), (0, [1])])
def test_a_gpu_sees_only_the_fixed_batch_sizes(
    bound: Network, session: Session, manifest: Manifest, size: int, given: list[int]
) -> None:
    found = bound.run(noise(size))
    plain = Network(session, manifest, "cpu").run(noise(size))
    assert session.ran == given
    for output, wanted in zip(found, plain, strict=True):
        assert output.dtype == np.float32
        assert output.shape == wanted.shape
        assert output == pytest.approx(wanted, abs=1e-6)


def test_buffers_are_made_once_for_a_size_and_answers_outlive_them(bound: Network, session: Session) -> None:
    first = bound.run(noise(4))
    kept = [output.copy() for output in first]
    for count in (3, 4, 3):
        bound.run(noise(count))
    assert len(session.bindings) == 1
    for output, copy in zip(first, kept, strict=True):
        assert (output == copy).all()


def test_every_batch_size_of_a_gpu_is_warmed(bound: Network, session: Session, manifest: Manifest) -> None:
    Model(bound, manifest, "fp32").warm()
    assert session.ran == list(BATCH_BUCKETS)


def test_a_session_that_fails_is_one_line(bound: Network) -> None:
    with pytest.raises(ModelError, match=r"The model tiny failed on cuda: [^\n]+$"):
        bound.run(np.zeros((2, SIDE_PX + 1, SIDE_PX, 3), np.uint8))


def test_a_network_that_loses_pictures_is_found_out(session: Session, manifest: Manifest) -> None:
    network = Network(session, manifest, "cpu")
    whole = session.run
    session.run = lambda *given: [output[:1] for output in whole(*given)]
    with pytest.raises(ModelError, match="answered 3 pictures with logit"):
        network.run(noise(3))


def test_the_outputs_are_those_that_the_manifest_names(manifest: Manifest) -> None:
    assert output_names(manifest) == ["logit", "classes", "map"]
    assert output_names(manifest.model_copy(update={"class_output": None})) == ["logit", "map"]


def test_a_signature_is_told_as_it_is_and_as_it_should_be(tmp_path: Path, manifest: Manifest) -> None:
    session = ort.InferenceSession(tmp_path / "tiny.onnx", providers=["CPUExecutionProvider"])
    other = manifest.model_copy(update={"input": manifest.input.model_copy(update={"layout": "NCHW"})})
    with pytest.raises(ModelError) as caught:
        check_signature(session, other, tmp_path / "tiny.onnx")
    assert "takes frames tensor(uint8) ['n', 8, 8, 3], not frames tensor(uint8) ['N', 3, 8, 8]" in str(caught.value)
