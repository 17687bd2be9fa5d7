"""Pictures in blocks in which nothing can be made out, the whole of them or a region."""

import io
from typing import Protocol

import numpy as np
from PIL import Image

from inference.heat import Marked
from stream.sample import Pixels

from .reports.values import PeakFrame

_ACROSS = 16
_TALLEST = 3.0


class Sized(Protocol):
    """What has the size of the source's picture."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def ratio_of(source: Sized | None) -> float:
    """Height over width, within what can be shown; samples have the detector's, which is 1."""
    ratio = source.height / source.width if source is not None and source.width > 0 else 1.0
    return min(max(ratio, 1.0 / _TALLEST), _TALLEST)


def in_blocks(picture: Image.Image, source: Sized | None) -> Image.Image:
    """One pixel a block, 16 across, at the source's aspect ratio."""
    return picture.resize((_ACROSS, max(round(_ACROSS * ratio_of(source)), 1)), Image.Resampling.BOX)


def covered(picture: Image.Image, source: Sized | None, cover: Marked, size_px: tuple[int, int]) -> Image.Image:
    """In grey and of this size: as it is, and in blocks where the cells of `cover` are, which span the picture."""
    seen = picture.resize(size_px, Image.Resampling.BILINEAR).convert("L")
    blocks = in_blocks(picture, source).resize(size_px, Image.Resampling.NEAREST).convert("L")
    mask = Image.fromarray(cover.astype(np.uint8) * 255).resize(size_px, Image.Resampling.NEAREST)
    return Image.composite(blocks, seen, mask)


def peak_frame(pixels: Pixels, source: Sized | None) -> PeakFrame:
    """As reports have it: in grey."""
    picture = in_blocks(Image.fromarray(pixels), source).convert("L")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return PeakFrame(png=out.getvalue(), width=picture.width, height=picture.height)
