"""The clip that the benchmarks read: 720p30 H.264 with motion and grain, a key frame every two seconds."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 30
_GOP_FRAMES = 60
_BITRATE = 3_000_000
_GRAINS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a clip is encoded; the defaults are those of the other benchmarks."""

    codec: str = "libx264"
    width_px: int = WIDTH_PX
    height_px: int = HEIGHT_PX
    gop_frames: int = _GOP_FRAMES
    bitrate: int = _BITRATE
    options: tuple[tuple[str, str], ...] = (("preset", "veryfast"),)


def write_clip(path: Path, seconds: int, encoding: Encoding = Encoding()) -> Path:
    """Write it and return its path. A pan over a mosaic of smooth patches, with grain that changes every frame."""
    width_px, height_px = encoding.width_px, encoding.height_px
    rng = np.random.default_rng(7)
    coarse = rng.integers(20, 235, (height_px // 40 + 1, 2 * width_px // 40 + 1, 3), np.uint8)
    ground = np.kron(coarse, np.ones((40, 40, 1), np.uint8))[:height_px]
    grains = rng.integers(0, 16, (_GRAINS, height_px, width_px, 1), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoding.codec, rate=FPS, options=dict(encoding.options))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.bit_rate = encoding.bitrate
        stream.codec_context.gop_size = encoding.gop_frames
        stream.time_base = Fraction(1, FPS)
        for number in range(seconds * FPS):
            shift = 4 * number % width_px
            picture = ground[:, shift : shift + width_px] + grains[number % _GRAINS]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def repeat(path: Path, times: int, *, suffix: str | None = None) -> Path:
    """A clip that is this one so many times over, written beside it without encoding anything again.

    `suffix` names another container, such as `.ts`.
    """
    target = path.with_stem(f"{path.stem}-{times}").with_suffix(suffix or path.suffix)
    with av.open(str(target), "w") as output:
        stream, shift, end = None, 0, 0
        for _ in range(times):
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                stream = stream or output.add_stream_from_template(source)
                for packet in container.demux(source):
                    if packet.pts is None or packet.time_base is None:
                        continue
                    if packet.dts is None:  # the first one, where frames are reordered: Matroska tells none
                        packet.dts = packet.pts
                    end = max(end, shift + packet.pts + round(1 / (FPS * packet.time_base)))
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    output.mux(packet)
            shift = end
    return target
