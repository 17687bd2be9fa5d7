"""Streams that hardly do anything but begin and end incidents, without a pause: a flood of events that matter."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.inference.onnx_models import write_tiny

FPS = 4
_SIDE_PX = 64
_ENCODER = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "scenecut=0"}


def write_flicker(path: Path, *, minutes: float = 60, rate: int = FPS) -> Path:
    """Black for half a second, white for the next, and so on, a key frame each second. Returns `path`."""
    pictures = [np.full((_SIDE_PX, _SIDE_PX, 3), level, np.uint8) for level in (0, 255)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options=dict(_ENCODER))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = _SIDE_PX, _SIDE_PX, "yuv420p"
        stream.codec_context.gop_size = rate
        for number in range(round(minutes * 60 * rate)):
            frame = av.VideoFrame.from_ndarray(pictures[2 * number // rate % 2], format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def flickering(folder: Path) -> Mapping[str, str]:
    """Settings of a service for which every white picture is an incident of its own; its detector is in `folder`."""
    return {
        "GOREWATCH_MODEL": str(write_tiny(folder)),
        "GOREWATCH_WORKERS": "1",
        "GOREWATCH_POLICY__FPS": str(FPS),
        "GOREWATCH_POLICY__ADAPTIVE": "false",
        "GOREWATCH_POLICY__DECODE": "all",
        "GOREWATCH_POLICY__WINDOW": "0.1",
        "GOREWATCH_POLICY__COOLDOWN": "0",
        "GOREWATCH_POLICY__EVENT_INTERVAL": "1",
    }
