"""Loading and scoring: right answers from right models, one clear line from anything else."""

from pathlib import Path

import numpy as np
import pytest

from inference.model import BATCH_BUCKETS, Batch, Model, ModelError
from tests.inference.onnx_models import SIDE_PX, Fault, detailed_keys, write_detailed, write_manifest, write_tiny


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
def test_a_model_that_gives_no_numbers_is_refused_before_it_is_used(tmp_path: Path, fault: Fault) -> None:
    assert "not a finite number" in refusal(write_tiny(tmp_path, fault=fault))


def test_an_extreme_that_gives_no_number_is_an_error(tmp_path: Path) -> None:
    model = Model.load(write_tiny(tmp_path, fault="rare"), provider="cpu")
    with pytest.raises(ModelError, match="not a finite number"):
        model.score(pictures(0, 77, 255))
    assert model.score(pictures(128))[0] == pytest.approx(0.5)


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
    assert "not score with one float a picture" in refusal(manifest)


def test_weights_in_further_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = write_tiny(tmp_path, fault="external")
    (tmp_path / "weights.bin").write_bytes(np.array(32.0, np.float32).tobytes())
    monkeypatch.chdir(tmp_path)
    assert "keeps its weights (divisor) in a further file: export it as one file" in refusal(manifest)


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


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 as torch saves", b"\x80\x04\x95 a pickle", None])
def test_what_is_no_model_but_has_its_hash_is_refused(tmp_path: Path, content: bytes | None) -> None:
    manifest = write_tiny(tmp_path)
    file = manifest.with_suffix(".onnx")
    file.write_bytes(file.read_bytes()[:-20] if content is None else content)
    write_manifest(file)
    assert "tiny.onnx is no ONNX model; export it again" in refusal(manifest)


def test_a_model_that_onnx_runtime_cannot_load_is_refused(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    file = manifest.with_suffix(".onnx")
    file.write_bytes(file.read_bytes().replace(b"ReduceMean", b"ReduceMood"))
    write_manifest(file)
    assert "cannot be loaded by ONNX Runtime" in refusal(manifest)


def test_a_manifest_of_another_file_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / "other.onnx").write_bytes((tmp_path / "tiny.onnx").read_bytes())
    (tmp_path / "other.json").write_bytes((tmp_path / "tiny.json").read_bytes())
    assert "describes tiny.onnx, not other.onnx" in refusal(tmp_path / "other.onnx")


def test_a_closed_model_scores_no_more(tmp_path: Path) -> None:
    model = Model.load(write_tiny(tmp_path), provider="cpu")
    model.close()
    model.close()
    with pytest.raises(ModelError, match="closed"):
        model.score(pictures(0))


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    assert "use one of auto, cuda, tensorrt, cpu" in refusal(write_tiny(tmp_path), provider="gpu")


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


def sigmoid(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-logit)))


def detailed(folder: Path, **changes: object) -> Path:
    write_detailed(folder / "tiny.onnx")
    return write_manifest(folder / "tiny.onnx", **detailed_keys() | changes)


def test_a_model_that_gives_one_number_has_no_detail(tmp_path: Path) -> None:
    model = Model.load(write_tiny(tmp_path), provider="cpu")
    detail = model.detail(pictures(0, 255))
    assert detail.prob.tolist() == model.score(pictures(0, 255)).tolist()
    assert (detail.classes, detail.map) == (None, None)


def test_classes_and_map_are_told_and_each_is_calibrated_by_its_own(tmp_path: Path) -> None:
    model = Model.load(detailed(tmp_path), provider="cpu")
    batch = pictures(128, 160)
    batch[1, :4, :4] = 96  # top left
    detail = model.detail(batch)
    assert detail.prob == pytest.approx(model.score(batch))
    assert detail.classes is not None
    assert detail.classes.dtype == np.float32
    logit = float(batch[1].mean()) / 32 - 4
    assert detail.classes == pytest.approx(
        np.array([[0.5, sigmoid(1.0)], [sigmoid(logit), sigmoid(2 * logit + 1)]]), abs=1e-5
    )
    assert detail.map is not None
    assert detail.map.dtype == np.float32
    assert detail.map == pytest.approx(
        np.array([[[0.5] * 2] * 2, [[sigmoid(-2.0), sigmoid(2.0)], [sigmoid(2.0)] * 2]]), abs=1e-5
    )


def test_of_no_picture_there_is_an_empty_detail(tmp_path: Path) -> None:
    detail = Model.load(detailed(tmp_path), provider="cpu").detail(np.zeros((0, SIDE_PX, SIDE_PX, 3), np.uint8))
    assert detail.classes is not None
    assert detail.map is not None
    assert (detail.prob.shape, detail.classes.shape, detail.map.shape) == ((0,), (0, 2), (0, 2, 2))


def test_an_output_that_the_manifest_does_not_name_is_not_told(tmp_path: Path) -> None:
    detail = Model.load(detailed(tmp_path, map_output=None), provider="cpu").detail(pictures(1))
    assert detail.classes is not None
    assert detail.map is None


def test_a_map_is_told_as_heat_and_a_model_without_one_says_so(tmp_path: Path) -> None:
    model = Model.load(detailed(tmp_path), provider="cpu")
    batch = pictures(160, 96)
    batch[1, :4, 4:] = 200  # top right
    detail = model.detail(batch)
    assert detail.map is not None
    heats = model.heats(batch)
    assert [heat.prob for heat in heats] == detail.prob.tolist()
    assert [heat.cells.tolist() for heat in heats] == detail.map.tolist()
    assert heats[1].region().tolist() == [[False, True], [False, False]]
    assert model.has_map
    without = Model.load(detailed(tmp_path, map_output=None), provider="cpu")
    assert not without.has_map
    with pytest.raises(ModelError, match="has no map_output: it does not tell where"):
        without.heats(batch)


def test_classes_that_do_not_fit_the_network_are_refused(tmp_path: Path) -> None:
    manifest = detailed(tmp_path, **detailed_keys(("blood", "wound", "skull")))
    assert "not classes with 3 floats a picture, one a class" in refusal(manifest)


def test_a_map_that_is_none_is_refused(tmp_path: Path) -> None:
    write_detailed(tmp_path / "tiny.onnx", cells=False)
    manifest = write_manifest(tmp_path / "tiny.onnx", **detailed_keys())
    assert "not map with rows and columns of floats a picture" in refusal(manifest)
