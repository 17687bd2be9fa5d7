"""Pictures through the same door as video: one frame, upright, without its alpha channel."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from av.video.frame import VideoFrame
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from stream import jpeg2000
from stream.errors import DecodeFailed, NotMedia, TooLarge, TooSmall
from stream.sample import Pixels, SourceInfo

MAX_PIXELS = 64_000_000
"""Of one picture or frame; a decoder needs a few times as many bytes for each."""
MIN_SIDE_PX = 8
_MOST_AT_A_HALT = 16_000_000
"""Pixels in JPEG 2000 for Pillow, while which decodes no other thread runs: the worker would be taken to hang."""
FORMATS = ("JPEG", "JPEG2000", "PNG", "WEBP", "BMP", "TIFF")
"""GIF is left to who reads every frame of it: it may move."""

_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  \r\n",
    b"\xff\x4f\xff\x51",
)
HEAD_BYTES = 16
"""Enough to tell the format by."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by its EXIF orientation."""


def is_still(head: bytes) -> bool:
    """Whether a file that begins like this is of a picture format that does not move."""
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def looks_like_still(path: Path) -> bool:
    """Whether the first bytes are those of a picture format. The name's ending is not asked."""
    with path.open("rb") as file:
        return is_still(file.read(HEAD_BYTES))


def least_px_for(size_px: tuple[int, int]) -> int:
    """What a picture's shorter side needs at least to be scaled to a height and width without a loss that shows.

    All who sample pictures ask for the same, so that a picture has one score.
    """
    return 2 * max(size_px)


def read_still(path: Path, least_px: int | None = None) -> tuple[VideoFrame, SourceInfo]:
    """The picture as one frame. Raises `NotMedia` or `DecodeFailed`.

    `least_px`: it need not be larger than that on its shorter side, so that a large one is decoded in less time.
    """
    try:
        with open_still(path, path.name) as image:
            width, height, codec = image.width, image.height, (image.format or "image").lower()
            frame = frame_of(image, least_px)
    except (OSError, ValueError, SyntaxError) as error:
        raise DecodeFailed(f"{path.name} is damaged: {error}.") from error
    return frame, SourceInfo(codec=codec, width=width, height=height, fps=None, live=False, duration_s=0.0)


def open_still(file: Path | BinaryIO, name: str, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """A picture whose size is known and allowed, and of which nothing is decoded yet. Raises `NotMedia`."""
    try:
        image = Image.open(file, formats=formats)
    except UnidentifiedImageError as error:
        raise NotMedia(f"{name} is no picture that can be read.") from error
    except Image.DecompressionBombError as error:
        raise TooLarge(f"{name} has far more than {MAX_PIXELS:,} pixels.") from error
    try:
        check_size(image, name)
    except NotMedia:
        image.close()
        raise
    return image


def check_size(image: Image.Image, name: str) -> None:
    """Raises `TooLarge` or `TooSmall`. To be called again where another frame of it may be larger."""
    width, height = image.size
    rule = f"at most {MAX_PIXELS:,} in all and at least {MIN_SIDE_PX} on each side are read"
    if width * height > MAX_PIXELS:
        raise TooLarge(f"{name} is {width} × {height} pixels; {rule}.")
    if min(width, height) < MIN_SIDE_PX:
        raise TooSmall(f"{name} is {width} × {height} pixels; {rule}.")


def frame_of(image: Image.Image, least_px: int | None = None) -> VideoFrame:
    """What an open picture shows now. Raises what Pillow does."""
    if least_px is not None:
        # JPEG alone: its blocks are decoded to fewer pixels in the first place.
        image.draft(None, (least_px, least_px))
    return VideoFrame.from_numpy_buffer(_upright(image, least_px), format="rgb24")


def _upright(image: Image.Image, least_px: int | None) -> Pixels:
    plain = _reduced_jpeg2000(image, least_px) if image.format == "JPEG2000" else None
    if plain is None:
        image.load()
        plain = _eight_bit(image)
    # Some formats are set upright by loading them; only then does their orientation say so.
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    if plain.mode != "RGB":
        # Before it is made smaller: what an alpha channel hides must count as much as what it shows.
        plain = plain.convert("RGB")
    shrink = 1 if least_px is None else min(plain.size) // least_px
    if shrink > 1:
        plain = plain.reduce(shrink)
    if turn is not None:
        plain = plain.transpose(turn)
    return np.ascontiguousarray(np.asarray(plain))


def _reduced_jpeg2000(image: Image.Image, least_px: int | None) -> Image.Image | None:
    """By the other decoder, where it has less to do or the picture is large; None where Pillow's is to have it."""
    assert isinstance(image, ImageFile.ImageFile)
    assert image.fp is not None, "nothing of it is decoded yet"
    large = image.width * image.height > _MOST_AT_A_HALT
    if image.mode not in jpeg2000.MODES:
        if large:
            raise TooLarge(f"In JPEG 2000 of this kind ({image.mode}) at most {_MOST_AT_A_HALT:,} pixels are read.")
        return None
    data = jpeg2000.whole(image.fp)
    side_px = min(image.size)
    halvings = jpeg2000.halvings(data, side_px=side_px, least_px=side_px if least_px is None else least_px)
    return Image.fromarray(jpeg2000.decode(data, halvings)) if halvings or large else None


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit greys are cut off, not scaled, when Pillow converts them."""
    if not image.mode.startswith("I"):
        return image
    wide = np.asarray(image).astype(np.int64)
    return Image.fromarray((np.clip(wide, 0, 65_535) >> 8).astype(np.uint8))
