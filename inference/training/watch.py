"""What a network computes on its way to its outputs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from inference.session import open_session

Frames = npt.NDArray[np.uint8]
_AT_ONCE = 4
"""Pictures whose values are in memory together."""


def watched(
    model: onnx.ModelProto, names: Sequence[str], frames: Frames
) -> Iterator[dict[str, npt.NDArray[np.float32]]]:
    """These values of the network by their names, for a few of the pictures (uint8 N × H × W × 3) at a time."""
    if not names:
        return
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    del opened.graph.output[:]
    opened.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session, _ = open_session(opened.SerializeToString(), "cpu", Path("the network"))
    (given,) = session.get_inputs()
    for at in range(0, len(frames), _AT_ONCE):
        values = session.run(list(names), {given.name: frames[at : at + _AT_ONCE]})
        yield dict(zip(names, values, strict=True))
