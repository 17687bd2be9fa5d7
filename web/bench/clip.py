"""The clip that the benchmarks read: 720p30 H.264 with motion and grain, a key frame every two seconds."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 30
_GOP_FRAMES = 60
_BITRATE = 3_000_000
_GRAINS = 4


def write_clip(path: Path, seconds: int) -> Path:
    """Write it and return its path. A pan over a mosaic of smooth patches, with grain that changes every frame."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(20, 235, (HEIGHT_PX // 40 + 1, 2 * WIDTH_PX // 40 + 1, 3), np.uint8)
    ground = np.kron(coarse, np.ones((40, 40, 1), np.uint8))[:HEIGHT_PX]
    grains = rng.integers(0, 16, (_GRAINS, HEIGHT_PX, WIDTH_PX, 1), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.bit_rate = _BITRATE
        stream.codec_context.gop_size = _GOP_FRAMES
        stream.time_base = Fraction(1, FPS)
        for number in range(seconds * FPS):
            shift = 4 * number % WIDTH_PX
            picture = ground[:, shift : shift + WIDTH_PX] + grains[number % _GRAINS]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
