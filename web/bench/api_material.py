"""What `bench api` sends: a drawn picture in any size, and a clip."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from .clip import repeat, write_clip

_WRITTEN_S, _TIMES = 6, 5
CLIP_S = _WRITTEN_S * _TIMES
_QUALITY = 85
_GRAIN, _TILE_PX = 10, 512
_COMMENT_BYTES = 65_000


def clip_of(folder: Path) -> Path:
    """720p30 H.264 at 3 Mbit/s in MP4."""
    return repeat(write_clip(folder / "clip.mp4", _WRITTEN_S), _TIMES)


def picture(width_px: int, height_px: int) -> bytes:
    """A JPEG of smooth patches with grain: as a photo's, its bytes grow with its pixels."""
    rng = np.random.default_rng(11)
    patches = Image.fromarray(rng.integers(20, 235, (9, 16, 3), np.uint8))
    ground = np.asarray(patches.resize((width_px, height_px), Image.Resampling.BICUBIC))
    tile = rng.integers(0, _GRAIN, (_TILE_PX, _TILE_PX, 1), np.uint8)
    repeats = (height_px // _TILE_PX + 1, width_px // _TILE_PX + 1, 1)
    grain = np.tile(tile, repeats)[:height_px, :width_px]
    buffer = io.BytesIO()
    Image.fromarray(ground // 2 + grain + 60).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def padded(jpeg: bytes, size_bytes: int) -> bytes:
    """The same picture in a file of about that size: with comments, which every decoder passes over."""
    comment = b"\xff\xfe" + (_COMMENT_BYTES + 2).to_bytes(2, "big") + bytes(_COMMENT_BYTES)
    times = max(0, size_bytes - len(jpeg)) // len(comment)
    return jpeg[:2] + comment * times + jpeg[2:]
