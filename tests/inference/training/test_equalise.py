"""Channels of a stream are brought to one reach, and the network answers as before."""

from pathlib import Path

import numpy as np
import pytest

from tests.inference.conv_models import pictures, write_conv
from tests.inference.onnx_models import onnx

from inference.training.equalise import Floats, equalised, streams  # isort: skip
from inference.training.quantise import outputs, simplified  # isort: skip
from inference.training.watch import watched  # isort: skip


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    return simplified(write_conv(tmp_path_factory.mktemp("conv") / "conv.onnx"))


def reach(model: onnx.ModelProto, name: str) -> Floats:
    found: Floats = np.max(
        [np.abs(each[name]).max(axis=(0, 2, 3)) for each in watched(model, [name], pictures(32, seed=1))], 0
    )
    return found


def test_what_is_computed_stays(reference: onnx.ModelProto) -> None:
    fresh = pictures(16, seed=2)
    changed = equalised(reference, pictures(32, seed=1))
    for before, after in zip(outputs(reference, fresh), outputs(changed, fresh), strict=True):
        assert np.abs(after - before).max() < 1e-4 * max(1.0, float(np.abs(before).max()))


def test_channels_reach_about_as_far(reference: onnx.ModelProto) -> None:
    changed = equalised(reference, pictures(32, seed=1))
    found = streams(reference.graph)
    assert found
    for stream in found:
        before = np.max([reach(reference, name) for name in stream.values], axis=0)
        after = np.max([reach(changed, name) for name in stream.values], axis=0)
        assert after.max() / after.min() < 0.8 * before.max() / before.min() or before.max() / before.min() < 1.5


def test_streams_have_one_kind_of_maker_and_reader(reference: onnx.ModelProto) -> None:
    of_outputs = {output.name for output in reference.graph.output}
    for stream in streams(reference.graph):
        assert not of_outputs & set(stream.values)
        assert {node.op_type for node in (*stream.makers, *stream.readers)} == {"Conv"}


def test_a_network_without_streams_stays_as_it_is(tmp_path: Path) -> None:
    frames = onnx.helper.make_tensor_value_info("frames", onnx.TensorProto.UINT8, ["n", 8, 8, 3])
    logit = onnx.helper.make_tensor_value_info("logit", onnx.TensorProto.FLOAT, ["n"])
    nodes = [
        onnx.helper.make_node("Cast", ["frames"], ["floats"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("ReduceMean", ["floats"], ["logit"], axes=[1, 2, 3], keepdims=0),
    ]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "mean", [frames], [logit]),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )
    assert equalised(model, np.zeros((2, 8, 8, 3), np.uint8)) == model
