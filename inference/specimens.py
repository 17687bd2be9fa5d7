"""Pictures to compare a detector's variants over: those of a folder, or ones that are drawn here."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference.training import augment, stains
from inference.training.degrade import degraded
from stream.errors import SourceError
from stream.scale import Scaler
from stream.still import least_px_for, looks_like_still, read_still

Pixels = npt.NDArray[np.uint8]

_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".j2k", ".jpx"}
"""A file that ends so is meant to be a picture, whatever its first bytes say."""
_STAINED, _SPECKLED = 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Unreadable:
    file: str
    reason: str
    """One line."""


def drawn(count: int, *, height_px: int, width_px: int, seed: int = 0) -> Iterator[Pixels]:
    """Scenes of gradients, shapes and textures, most with stains, some with noise; uint8 height × width × 3, RGB.

    The same for every call with the same arguments.
    """
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        picture = augment.abstract(rng)
        if rng.random() < _STAINED:
            colour = stains.blood_colour(rng) if rng.random() < 0.5 else stains.other_colour(rng)
            mask = stains.drawn_stain(augment.SIDE_PX, rng)
            picture = Image.fromarray(stains.lay_over(np.asarray(picture, np.uint8), mask, colour, rng))
        pixels = degraded(np.asarray(picture, np.uint8), rng)
        if rng.random() < _SPECKLED:
            grain = rng.normal(0.0, rng.uniform(4.0, 60.0), pixels.shape)
            pixels = np.clip(pixels + grain, 0.0, 255.0).astype(np.uint8)
        yield np.asarray(Image.fromarray(pixels).resize((width_px, height_px), Image.Resampling.BILINEAR), np.uint8)


def in_folder(folder: Path, *, height_px: int, width_px: int) -> Iterator[Pixels | Unreadable]:
    """Every picture below `folder` as the service would sample it, uint8 height × width × 3, RGB, in a fixed order.

    What is meant to be a picture and is none is told. Raises `OSError` where a folder cannot be listed.
    """
    scaler = Scaler()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            if path.suffix.lower() not in _ENDINGS and not looks_like_still(path):
                continue
            target = np.empty((height_px, width_px, 3), np.uint8)
            scaler.scale(read_still(path, least_px_for((height_px, width_px)))[0], target)
        except SourceError as error:
            yield Unreadable(name, str(error))
        except Exception as error:  # what Pillow raises for a hostile file is anybody's guess
            yield Unreadable(name, f"{type(error).__name__}: {' '.join(str(error).split())}")
        else:
            yield target


def _files(folder: Path) -> Iterator[Path]:
    """Every file but the hidden ones."""

    def fail(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(files) if not name.startswith("."))
