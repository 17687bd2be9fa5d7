"""What encoding, scaling and showing a picture on its way do to it.

Each takes uint8 H × W × 3 RGB, a strength in [0, 1] and a generator, and gives the same shape and dtype.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from PIL import Image

from inference.training.stains import Rgb

_LEAST_SIDE_PX = 32
"""Encoders refuse frames much smaller than this."""
_FRAME_S = Fraction(1, 25)
_Packet: TypeAlias = "av.Packet[av.VideoStream]"


@dataclass(frozen=True, slots=True)
class _Codec:
    encoder: str
    decoder: str
    quantisers: tuple[int, int]
    """From weak to strong."""
    options: Callable[[int], dict[str, str]]


_H264 = _Codec(
    "libx264",
    "h264",
    (26, 46),
    lambda q: {"preset": "superfast", "tune": "zerolatency", "qp": str(q), "x264-params": "subme=0:me=dia:scenecut=0"},
)
_VP8 = _Codec(
    "libvpx",
    "vp8",
    (24, 57),
    # A positive cpu-used would follow the clock, and the same seed would give other pixels.
    lambda q: {"deadline": "realtime", "cpu-used": "-12", "qmin": str(q), "qmax": str(q), "b": "100k"},
)
_MPEG2 = _Codec("mpeg2video", "mpeg2video", (8, 31), lambda q: {"qmin": str(q), "qmax": str(q), "b": "100k"})


def video_h264(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """After H.264 as live encoders make it: blocks, smears, and colours that lag behind."""
    return _through_video(_H264, picture, strength, rng)


def video_vp8(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """After VP8 as browsers send it over WebRTC."""
    return _through_video(_VP8, picture, strength, rng)


def video_mpeg2(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """After MPEG-2 as old cameras and television send it: 8 × 8 blocks and ringing."""
    return _through_video(_MPEG2, picture, strength, rng)


def _through_video(codec: _Codec, picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """The last of two frames of a slow pan that ends at the picture, at a fixed quantiser."""
    image = Image.fromarray(picture)
    # Low rates come with small frames; they cost less to encode, too.
    scale = rng.uniform(1.0 - 0.4 * strength, 1.0)
    width, height = (max(_LEAST_SIDE_PX, 2 * round(side * scale / 2)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BILINEAR)
    across, down = (int(value) for value in rng.integers(-3, 4, 2))
    before = small.transform(small.size, Image.Transform.AFFINE, (1, 0, across, 0, 1, down))
    quantiser = round(codec.quantisers[0] + strength * (codec.quantisers[1] - codec.quantisers[0]))
    shown = _decoded(codec.decoder, _encoded(codec, quantiser, (before, small)))
    return np.asarray(shown.resize(image.size, Image.Resampling.BILINEAR), np.uint8)


def _encoded(codec: _Codec, quantiser: int, images: tuple[Image.Image, ...]) -> list[_Packet]:
    context = av.CodecContext.create(codec.encoder, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = images[0].size
    context.pix_fmt = "yuv420p"
    context.time_base = _FRAME_S
    context.thread_count = 1
    context.max_b_frames = 0
    context.options = codec.options(quantiser)
    packets: list[_Packet] = []
    for number, image in enumerate(images):
        frame = _to_frame(image)
        frame.pts = number
        packets += context.encode(frame)
    return packets + context.encode(None)


def _decoded(decoder: str, packets: list[_Packet]) -> Image.Image:
    context = av.CodecContext.create(decoder, "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1
    frames = [frame for packet in (*packets, None) for frame in context.decode(packet)]
    return _from_frame(frames[-1])


def _to_frame(image: Image.Image) -> av.VideoFrame:
    """Planes by hand: it costs less than a scaling context for each picture."""
    frame = av.VideoFrame(image.width, image.height, "yuv420p")
    light, blue, red = image.convert("YCbCr").split()
    for plane, source in zip(frame.planes, (light, blue.reduce(2), red.reduce(2)), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: source.height, : source.width] = np.asarray(source)
    return frame


def _from_frame(frame: av.VideoFrame) -> Image.Image:
    parts = []
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        part = Image.fromarray(np.ascontiguousarray(rows[: plane.height, : plane.width]))
        parts.append(part.resize((frame.width, frame.height), Image.Resampling.BILINEAR))
    return Image.merge("YCbCr", parts).convert("RGB")


def jpeg(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """After JPEG, of quality 85 down to 10."""
    return _through_file(picture, "JPEG", round(85 - 75 * strength))


def webp(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """After WebP, of quality 70 down to 0."""
    return _through_file(picture, "WEBP", round(70 - 70 * strength), method=0)


def _through_file(picture: Rgb, kind: str, quality: int, **options: int) -> Rgb:
    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, kind, quality=quality, **options)
    with Image.open(memory) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


def small_smooth(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Scaled down to a quarter at most and smoothly up again."""
    return _rescaled(picture, 1.0 - 0.75 * strength, Image.Resampling.BILINEAR)


def small_blocky(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Scaled down to a quarter at most and up again in blocks."""
    return _rescaled(picture, 1.0 - 0.75 * strength, Image.Resampling.NEAREST)


def _rescaled(picture: Rgb, scale: float, up: Image.Resampling) -> Rgb:
    image = Image.fromarray(picture)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, up), np.uint8)


def chroma_bleed(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Coarse colour planes that lie beside the light, as on analogue video and after heavy subsampling."""
    image = Image.fromarray(picture)
    light, *colours = image.convert("YCbCr").split()
    width, height = image.size
    across = max(1, min(width, round(width / (2.0 + 12.0 * strength))))
    down = max(1, min(height, round(height / (2.0 + 4.0 * strength))))
    shift = rng.uniform(-5.0, 5.0) * strength * width / 224
    for index, plane in enumerate(colours):
        coarse = plane.resize((across, down), Image.Resampling.BOX).resize(image.size, Image.Resampling.BILINEAR)
        colours[index] = coarse.transform(image.size, Image.Transform.AFFINE, (1, 0, shift, 0, 1, 0), fillcolor=128)
    return np.asarray(Image.merge("YCbCr", (light, *colours)).convert("RGB"), np.uint8)


def interlaced(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """Every other line from another moment: a comb at each edge that moved."""
    height, width = picture.shape[:2]
    moved = max(1, round((1.0 + 9.0 * strength) * width / 224)) * int(rng.choice([-1, 1]))
    lines = int(rng.choice([1, 1, 2]))
    columns = np.clip(np.arange(width) - moved, 0, width - 1)
    odd = np.arange(height) // lines % 2 == 1
    result = picture.copy()
    result[odd] = picture[odd][:, columns]
    return result


def banded(picture: Rgb, strength: float, _: np.random.Generator) -> Rgb:
    """Few steps of each colour: 48 down to 6."""
    steps = 6.0 + 42.0 * (1.0 - strength) ** 2
    table = np.round(np.round(np.arange(256) / 255.0 * (steps - 1.0)) * 255.0 / (steps - 1.0))
    return np.clip(table, 0, 255).astype(np.uint8)[picture]


def moire(picture: Rgb, strength: float, rng: np.random.Generator) -> Rgb:
    """A screen filmed off a screen: slow waves where two grids of pixels meet, each colour a little off."""
    height, width = picture.shape[:2]
    angle, waves = rng.uniform(0.0, np.pi), rng.uniform(6.0, 45.0)
    rows = (np.arange(height, dtype=np.float32) / height * np.float32(np.sin(angle) * waves))[:, None]
    columns = (np.arange(width, dtype=np.float32) / width * np.float32(np.cos(angle) * waves))[None]
    bend = np.float32(rng.uniform(0.0, 3.0)) * np.sin(rows / np.float32(waves) * 6.0)
    phase = np.float32(2.0 * np.pi) * (rows + columns) + bend
    lag = np.array([0.0, rng.uniform(0.3, 1.5), rng.uniform(1.5, 3.0)], np.float32)
    depth = np.float32(0.02 + 0.16 * strength)
    light = 1.0 - depth + depth * np.cos(phase[..., None] + lag)
    result: Rgb = (picture * light).astype(np.uint8)
    return result
