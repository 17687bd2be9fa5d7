"""A decoded frame to the pixels of a sample: upright, at the model's input size, RGB."""

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from stream.sample import Pixels

_CHANNELS = 3
_THUMB_ROWS, _THUMB_COLUMNS = 18, 32


class Scaler:
    """Keeps one scaling context: they are heavy. To be used by one thread."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def upright_size(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height of a frame as a player shows it."""
        turned = _quarter_turns(frame) % 2
        return (frame.height, frame.width) if turned else (frame.width, frame.height)

    def scale(self, frame: VideoFrame, target: Pixels) -> None:
        """Write a frame into `target`, height × width × 3, squashed to its shape and turned as its metadata says."""
        height_px, width_px, _ = target.shape
        turns = _quarter_turns(frame)
        if turns % 2:
            height_px, width_px = width_px, height_px
        scaled = self._reformatter.reformat(
            frame, width=width_px, height=height_px, format="rgb24", interpolation=Interpolation.AREA, threads=1
        )
        np.copyto(target, np.rot90(_rgb(scaled), turns))


def thumbnail(frame: VideoFrame) -> npt.NDArray[np.float32]:
    """A few rows of a frame's brightness, averaged along each: enough to see that a picture changed, for 0.05 ms.

    Of packed colours the channels are mixed; what has more than eight bits is looked at by its high bytes.
    """
    plane, kind = frame.planes[0], frame.format
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
    packed = 1 if kind.is_planar else max(1, kind.padded_bits_per_pixel // 8)
    if kind.is_planar and kind.components[0].bits > 8:
        lines = lines[:, 1::2]
    rows, columns = min(_THUMB_ROWS, frame.height), min(_THUMB_COLUMNS, frame.width)
    width = frame.width * packed // columns * columns
    picked = lines[(2 * np.arange(rows) + 1) * frame.height // (2 * rows), :width]
    cells: npt.NDArray[np.float32] = picked.reshape(rows, columns, -1).mean(axis=2, dtype=np.float32)
    return cells


def _quarter_turns(frame: VideoFrame) -> int:
    """Counter-clockwise. Phones store video as the sensor lies and say how it is to be turned."""
    return round(_rotation(frame) / 90) % 4


def _rotation(frame: VideoFrame) -> int:
    """Degrees."""
    return frame.rotation


def _rgb(frame: VideoFrame) -> Pixels:
    """A view on an RGB frame's pixels; its rows may be padded."""
    plane = frame.planes[0]
    rows: Pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)
    return rows[:, : frame.width * _CHANNELS].reshape(frame.height, frame.width, _CHANNELS)
