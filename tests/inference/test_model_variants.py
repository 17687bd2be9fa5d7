"""Which of a model's files is used: the one that suits the device, or that is asked for."""

from pathlib import Path

import pytest

from inference.model import Model, ModelError
from tests.inference.onnx_models import write_detailed, write_tiny
from tests.inference.test_model import detailed, pictures, refusal, sigmoid


@pytest.fixture
def with_variants(tmp_path: Path) -> Path:
    """A model whose int8 file scores the grey 128 at logit -2, and whose fp16 file at 4."""
    int8 = write_detailed(tmp_path / "tiny.int8.onnx", divisor=64.0)
    fp16 = write_detailed(tmp_path / "tiny.fp16.onnx", divisor=16.0)
    return detailed(tmp_path, variants={"int8": int8, "fp16": fp16})


@pytest.mark.parametrize(
    ("asked", "used", "logit"), [("auto", "int8", -2), ("fp32", "fp32", 0), ("int8", "int8", -2), ("fp16", "fp16", 4)]
)
def test_the_variant_that_suits_a_cpu_or_is_asked_for_is_used(
    with_variants: Path, asked: str, used: str, logit: float
) -> None:
    model = Model.load(with_variants, provider="cpu", variant=asked)
    assert model.variant == used
    assert model.score(pictures(128))[0] == pytest.approx(sigmoid(logit), abs=1e-5)


def test_auto_takes_the_variant_of_the_device_that_is_really_had(with_variants: Path, cuda_works: bool) -> None:
    # ONNX Runtime is built for CUDA on many machines that have none; the file for GPUs is not even opened there.
    if not cuda_works:
        with_variants.with_name("tiny.fp16.onnx").unlink()
    model = Model.load(with_variants)
    assert model.variant == ("int8" if model.provider == "cpu" else "fp16")
    assert model.provider == "cpu" or cuda_works


def test_a_model_of_one_file_is_its_own_variant(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path)
    assert Model.load(manifest, provider="cpu").variant == "fp32"
    with pytest.raises(ModelError, match="has no variant int8; use one of auto, fp32"):
        Model.load(manifest, provider="cpu", variant="int8")
    with pytest.raises(ModelError, match="Unknown variant 'int4'; use one of auto, fp32, int8, fp16"):
        Model.load(manifest, provider="cpu", variant="int4")


def test_a_variant_that_is_missing_or_changed_is_refused(with_variants: Path) -> None:
    file = with_variants.with_name("tiny.int8.onnx")
    file.write_bytes(file.read_bytes() + b"\0")
    assert "tiny.int8.onnx is not the one its manifest describes" in refusal(with_variants)
    file.unlink()
    assert "tiny.int8.onnx cannot be read" in refusal(with_variants)
    assert Model.load(with_variants, provider="cpu", variant="fp32").variant == "fp32"


def test_a_variant_with_other_outputs_is_refused(tmp_path: Path) -> None:
    int8 = write_detailed(tmp_path / "tiny.int8.onnx", classes=3)
    assert "tiny.int8.onnx gives" in refusal(detailed(tmp_path, variants={"int8": int8}))
