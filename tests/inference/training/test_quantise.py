"""A small network in 8-bit integers and in 16-bit floats: it answers as before, and from what it should."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from tests.inference.conv_models import CLASSES, pictures, write_conv
from tests.inference.onnx_models import onnx

from inference.training.halve import write_fp16  # isort: skip
from inference.training.quantise import heads, outputs, simplified, write_int8  # isort: skip


def optimised(path: Path, folder: Path) -> Counter[str]:
    """What ONNX Runtime really runs, by kind of node."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conv(tmp_path_factory.mktemp("conv") / "conv.onnx")


@pytest.fixture(scope="module")
def int8(reference: Path) -> Path:
    calibration = np.split(pictures(48, seed=1), 3)
    return write_int8(reference, reference.with_suffix(".int8.onnx"), calibration, accepts=lambda _: True)


def spread(reference: Path, variant: Path) -> list[float]:
    """How far each output moves on pictures that were not calibrated on, in standard deviations."""
    fresh = pictures(64, seed=2)
    return [
        float(np.sqrt(np.square(found - wanted).mean()) / wanted.std())
        for found, wanted in zip(outputs(onnx.load(variant), fresh), outputs(onnx.load(reference), fresh), strict=True)
    ]


def test_int8_answers_as_the_reference_does(reference: Path, int8: Path) -> None:
    assert max(spread(reference, int8)) < 0.2
    model = onnx.load(int8)
    assert [output.name for output in model.graph.output] == ["logit", "classes", "map"]
    shapes = [output.shape for output in outputs(model, pictures(5, seed=3))]
    assert shapes == [(5,), (5, CLASSES), (5, 8, 8)]


def test_convolutions_run_in_integers_but_for_the_first_and_last(int8: Path, tmp_path: Path) -> None:
    kinds = optimised(int8, tmp_path)
    # Of 13 two at the beginning and the one that makes the map stay float, and the sum that the first goes into.
    assert (kinds["QLinearConv"], kinds["QLinearAdd"]) == (10, 1)
    assert kinds["Conv"] + kinds["FusedConv"] == 3
    assert kinds["Clip"] == 0
    assert kinds["Gemm"] == 2


def test_integers_give_what_floats_of_the_same_steps_give(int8: Path) -> None:
    plain = ort.SessionOptions()
    plain.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(int8, plain, providers=["CPUExecutionProvider"])
    fresh = pictures(32, seed=4)
    in_floats = session.run(None, {"frames": fresh})[0]
    assert np.abs(outputs(onnx.load(int8), fresh)[0] - in_floats).max() < 0.05 * in_floats.std()


def test_fp16_answers_as_the_reference_does_and_takes_and_gives_the_same(reference: Path) -> None:
    written = write_fp16(reference, reference.with_suffix(".fp16.onnx"))
    assert max(spread(reference, written)) < 0.01
    sessions = [ort.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in (reference, written)]
    of_reference, of_variant = (
        [(node.name, node.type) for node in (*s.get_inputs(), *s.get_outputs())] for s in sessions
    )
    assert of_variant == of_reference
    assert written.stat().st_size < 0.9 * reference.stat().st_size


def test_heads_are_the_last_weighted_layers_and_what_follows(reference: Path) -> None:
    model = simplified(reference)
    kinds = Counter(node.op_type for node in model.graph.node if node.name in heads(model.graph))
    assert (kinds["Conv"], kinds["Gemm"], kinds["Clip"]) == (1, 2, 0)


def test_more_stays_in_float_until_it_is_accepted(reference: Path, tmp_path: Path) -> None:
    asked: list[int] = []
    heard: list[str] = []

    def accepts(model: object) -> bool:
        asked.append(len(asked))
        return len(asked) == 2

    written = write_int8(reference, tmp_path / "int8.onnx", [pictures(16, seed=1)], accepts=accepts, say=heard.append)
    assert len(asked) == 2
    assert optimised(written, tmp_path)["QLinearConv"] == 6
    assert [line for line in heard if "6 convolutions in float" in line]


def test_without_pictures_nothing_is_quantised(reference: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs pictures"):
        write_int8(reference, tmp_path / "int8.onnx", [])


def test_a_network_of_heads_alone_is_refused(tmp_path: Path) -> None:
    plain = write_conv(tmp_path / "plain.onnx", convolutions=False)
    with pytest.raises(ValueError, match="no convolution"):
        write_int8(plain, tmp_path / "int8.onnx", [pictures(4, seed=1)])
