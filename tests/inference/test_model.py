"""Loading and scoring: right answers from right models, one clear line from anything else."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

from inference.manifest import read_manifest
from inference.model import BATCH_BUCKETS, Batch, Model, ModelError
from tests.inference.onnx_models import SIDE_PX, Fault, write_manifest, write_tiny


def pictures(*levels: int) -> Batch:
    """Grey pictures of these levels."""
    return np.stack([np.full((SIDE_PX, SIDE_PX, 3), level, np.uint8) for level in levels])


def refusal(path: Path, provider: str = "cpu") -> str:
    with pytest.raises(ModelError) as caught:
        Model.load(path, provider=provider)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_scores_are_the_calibrated_output_of_the_network(tmp_path: Path) -> None:
    model = Model.load(write_tiny(tmp_path), provider="cpu")
    prob = model.score(pictures(0, 128, 255))
    assert prob.dtype == np.float32
    assert prob == pytest.approx(1.0 / (1.0 + np.exp(-np.array([-4.0, 0.0, 255 / 32 - 4.0]))), abs=1e-5)


def test_the_manifests_calibration_is_applied(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    write_manifest(tmp_path / "tiny.onnx", calibration={"method": "platt", "scale": 2.0, "offset": 8.0})
    assert Model.load(manifest, provider="cpu").score(pictures(0))[0] == pytest.approx(0.5)


def test_either_file_may_be_named(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    by_manifest = Model.load(manifest, provider="cpu").score(pictures(77))
    assert Model.load(manifest.with_suffix(".onnx"), provider="cpu").score(pictures(77)) == by_manifest


@pytest.mark.parametrize("size", [0, 1, 3, BATCH_BUCKETS[-1] + 1])
def test_a_batch_of_any_size_is_scored(tmp_path: Path, size: int) -> None:
    model = Model.load(write_tiny(tmp_path), provider="cpu")
    model.warm()
    levels = [index * 3 for index in range(size)]
    batch = pictures(*levels) if size else np.zeros((0, SIDE_PX, SIDE_PX, 3), np.uint8)
    prob = model.score(batch)
    assert prob.shape == (size,)
    assert [float(model.score(pictures(level))[0]) for level in levels] == pytest.approx(prob.tolist(), abs=1e-6)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, SIDE_PX, SIDE_PX, 3), np.float32),
        np.zeros((1, SIDE_PX, SIDE_PX + 1, 3), np.uint8),
        np.zeros((1, SIDE_PX, SIDE_PX, 4), np.uint8),
        np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8),
    ],
)
def test_a_batch_of_another_kind_is_refused(tmp_path: Path, batch: Batch) -> None:
    with pytest.raises(ModelError, match="takes uint8 batches"):
        Model.load(write_tiny(tmp_path), provider="cpu").score(batch)


@pytest.mark.parametrize("fault", ["nan", "inf"])
def test_an_output_that_is_no_number_is_an_error(tmp_path: Path, fault: Fault) -> None:
    model = Model.load(write_tiny(tmp_path, fault=fault), provider="cpu")
    with pytest.raises(ModelError, match="not a finite number"):
        model.score(pictures(0 if fault == "nan" else 9))


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("width", "takes frames"),
        ("dtype", "takes frames"),
        ("batch", "takes frames"),
        ("output_shape", "gives logit"),
        ("output_dtype", "gives logit"),
    ],
)
def test_a_network_of_another_shape_than_its_manifest_is_refused(tmp_path: Path, fault: Fault, word: str) -> None:
    message = refusal(write_tiny(tmp_path, fault=fault))
    assert word in message
    assert "tiny.onnx" in message


def test_an_output_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    manifest = write_manifest(tmp_path / "tiny.onnx", output={"name": "score", "kind": "logit"})
    assert "not one float score" in refusal(manifest)


def test_weights_in_further_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = write_tiny(tmp_path, fault="external")
    (tmp_path / "weights.bin").write_bytes(np.array(32.0, np.float32).tobytes())
    monkeypatch.chdir(tmp_path)
    assert "cannot be loaded" in refusal(manifest)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    manifest.with_suffix(".onnx").unlink()
    assert "tiny.onnx cannot be read" in refusal(manifest)
    assert "tiny.json cannot be read" in refusal(tmp_path / "other" / "tiny.onnx")


def test_a_changed_or_truncated_model_is_refused(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    file = manifest.with_suffix(".onnx")
    whole = file.read_bytes()
    for damaged in (whole[:-20], whole[:-1] + b"\0", b""):
        file.write_bytes(damaged)
        assert "changed or cut short" in refusal(manifest)


def test_a_truncated_model_with_a_hash_of_its_own_is_refused(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    file = manifest.with_suffix(".onnx")
    file.write_bytes(file.read_bytes()[:-20])
    write_manifest(file)
    assert "cannot be loaded by ONNX Runtime" in refusal(manifest)


def test_a_manifest_of_another_file_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / "other.onnx").write_bytes((tmp_path / "tiny.onnx").read_bytes())
    (tmp_path / "other.json").write_bytes((tmp_path / "tiny.json").read_bytes())
    assert "describes tiny.onnx, not other.onnx" in refusal(tmp_path / "other.onnx")


class RecordingSession:
    """Stands for a session on a GPU: notes the batch sizes that it is given."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run(self, outputs: list[str], feeds: dict[str, Batch]) -> list[npt.NDArray[np.float32]]:
        (frames,) = feeds.values()
        self.sizes.append(len(frames))
        return [frames.mean(axis=(1, 2, 3)).astype(np.float32) / 32 - 4]


@pytest.mark.parametrize(("size", "given"), [(1, [1]), (3, [4]), (33, [64]), (64, [64]), (70, [64, 8])])
def test_a_gpu_sees_only_the_fixed_batch_sizes(tmp_path: Path, size: int, given: list[int]) -> None:
    session = RecordingSession()
    model = Model(session, read_manifest(write_tiny(tmp_path)), "cuda")
    batch = pictures(*range(size))
    assert model.score(batch) == pytest.approx(Model.load(tmp_path / "tiny.onnx", provider="cpu").score(batch))
    assert session.sizes == given


def test_every_batch_size_of_a_gpu_is_warmed(tmp_path: Path) -> None:
    session = RecordingSession()
    Model(session, read_manifest(write_tiny(tmp_path)), "cuda").warm()
    assert session.sizes == list(BATCH_BUCKETS)


def test_a_closed_model_scores_no_more(tmp_path: Path) -> None:
    model = Model.load(write_tiny(tmp_path), provider="cpu")
    model.close()
    model.close()
    with pytest.raises(ModelError, match="closed"):
        model.score(pictures(0))


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    assert "use one of auto, cuda, tensorrt, cpu" in refusal(write_tiny(tmp_path), provider="gpu")


@pytest.fixture
def cuda_works() -> bool:
    """Whether this machine may be able to give a session the CUDA provider."""
    return "CUDAExecutionProvider" in ort.get_available_providers() and Path("/dev/nvidiactl").exists()


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_is_not_to_be_had_is_an_error(
    tmp_path: Path, provider: str, cuda_works: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    if cuda_works:
        pytest.skip("this machine has an NVIDIA device")
    message = refusal(write_tiny(tmp_path), provider=provider)
    assert "pip install 'gorewatch[cuda]'" in message
    assert capfd.readouterr() == ("", "")


def test_auto_takes_what_there_is_and_says_nothing(
    tmp_path: Path, cuda_works: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    model = Model.load(write_tiny(tmp_path), provider="auto")
    assert model.provider == "cuda" or not cuda_works
    assert model.score(pictures(128))[0] == pytest.approx(0.5)
    assert capfd.readouterr() == ("", "")
