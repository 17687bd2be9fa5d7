"""Pictures through the same door as video: one frame, upright, without its alpha channel."""

from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageOps, UnidentifiedImageError

from stream.errors import DecodeFailed, NotMedia
from stream.sample import SourceInfo

_MAX_PIXELS = 64_000_000
_MIN_SIDE_PX = 8
_FORMATS = ("JPEG", "JPEG2000", "PNG", "WEBP", "BMP", "TIFF")
"""GIF is left to the video decoder: it may move."""

_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  \r\n",
    b"\xff\x4f\xff\x51",
)


def looks_like_still(path: Path) -> bool:
    """Whether the first bytes are those of a picture format. The name's ending is not asked."""
    with path.open("rb") as file:
        head = file.read(16)
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_still(path: Path) -> tuple[VideoFrame, SourceInfo]:
    """The picture as one frame. Raises `NotMedia` or `DecodeFailed`."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            width, height, codec = image.width, image.height, (image.format or "image").lower()
            if width * height > _MAX_PIXELS or min(width, height) < _MIN_SIDE_PX:
                raise NotMedia(
                    f"{path.name} is {width} × {height} pixels; at most {_MAX_PIXELS:,} in all "
                    f"and at least {_MIN_SIDE_PX} on each side are read."
                )
            upright = ImageOps.exif_transpose(image)
            pixels = np.asarray(_eight_bit(upright).convert("RGB"))
    except UnidentifiedImageError as error:
        raise NotMedia(f"{path.name} is no picture that can be read.") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DecodeFailed(f"{path.name} is damaged: {error}.") from error
    info = SourceInfo(codec=codec, width=width, height=height, fps=None, live=False, duration_s=0.0)
    return VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24"), info


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit greys are cut off, not scaled, when Pillow converts them."""
    if not image.mode.startswith("I"):
        return image
    wide = np.asarray(image).astype(np.int64)
    return Image.fromarray((np.clip(wide, 0, 65_535) >> 8).astype(np.uint8))
