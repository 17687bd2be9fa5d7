"""Timelines as real video: stills under a moving camera, grain, H.264 at a quality drawn by lot."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ...commands.common import CommandError
from .motion import Motion
from .plan import Shot, Timeline

WIDTH_PX, HEIGHT_PX = 320, 180
_CANVAS_PX = (448, 252)
"""Larger than a frame, so that a zoomed view is sharp."""
_MOST_CUT = 1.5
"""A still that would lose a larger part to fill the frame is shown whole, with bars or a blurred copy beside it."""
_MOST_ZOOM, _MOST_GORE_ZOOM = 1.6, 1.35
_GRAINS = 6
_CRF = (23, 35)
_GOP_S = 2

_LEVELS = np.arange(256)

Rgb = npt.NDArray[np.uint8]
Grains = npt.NDArray[np.int16]


def write_film(path: Path, timeline: Timeline, folder: Path) -> Path:
    """Write the timeline as MP4, 320 × 180, and return its path. `folder` is where its stills lie. Blocks.

    Raises `CommandError` for a still that cannot be read.
    """
    rng = np.random.default_rng(timeline.seed)
    options = {"preset": "ultrafast", "crf": str(rng.integers(*_CRF))}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=timeline.fps, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.gop_size = _GOP_S * timeline.fps
        stream.codec_context.thread_count = 1
        for number, pixels in enumerate(_frames(timeline, folder, rng)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, timeline.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def canvas(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture on a ground of the frame's shape: cut to fill it, or whole between black or blurred bars."""
    width, height = _CANVAS_PX
    across, down = width / picture.width, height / picture.height
    # Rounding must not carry the box over the still's edges.
    left = max(0.0, (picture.width - width / max(across, down)) / 2)
    top = max(0.0, (picture.height - height / max(across, down)) / 2)
    box = (left, top, picture.width - left, picture.height - top)
    fill = picture.resize(_CANVAS_PX, Image.Resampling.BILINEAR, box)
    if max(across, down) / min(across, down) <= _MOST_CUT:
        return fill
    ground = fill.filter(ImageFilter.BoxBlur(12)) if rng.uniform() < 0.5 else Image.new("RGB", _CANVAS_PX)
    fit = min(across, down)
    size = (max(1, round(picture.width * fit)), max(1, round(picture.height * fit)))
    ground.paste(picture.resize(size, Image.Resampling.BILINEAR), ((width - size[0]) // 2, (height - size[1]) // 2))
    return ground


def _frames(timeline: Timeline, folder: Path, rng: np.random.Generator) -> Iterator[Rgb]:
    strength = int(rng.integers(0, 7))
    grey = rng.integers(-strength, strength + 1, (_GRAINS, HEIGHT_PX, WIDTH_PX, 1), np.int16)
    grains = np.repeat(grey, 3, axis=3)
    for shot in timeline.shots:
        try:
            with Image.open(folder / shot.still.file) as opened:
                picture = opened.convert("RGB")
        except (OSError, SyntaxError, ValueError) as error:
            raise CommandError(f"{folder / shot.still.file} is no picture that can be read; take it out.") from error
        ground = canvas(picture, rng)
        yield from _animated(ground, shot, timeline.fps, grains, rng)


def _animated(ground: Image.Image, shot: Shot, fps: int, grains: Grains, rng: np.random.Generator) -> Iterator[Rgb]:
    motion = Motion.drawn(rng, most_zoom=_MOST_GORE_ZOOM if shot.still.gore else _MOST_ZOOM)
    frame_px = (WIDTH_PX, HEIGHT_PX)
    for number in range(round(shot.length_s * fps)):
        seconds = number / fps
        view = motion.view(seconds, canvas_px=_CANVAS_PX, frame_px=frame_px)
        seen = ground.transform(frame_px, Image.Transform.AFFINE, view, Image.Resampling.BILINEAR)
        light = motion.light.at(seconds)
        seen = seen.point(np.minimum(_LEVELS * light, 255.0).astype(int).tolist() * 3)
        grainy = np.asarray(seen, np.int16) + grains[rng.integers(_GRAINS)]
        yield np.clip(grainy, 0, 255).astype(np.uint8)
