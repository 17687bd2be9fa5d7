"""Finds pictures that are copies of one another: recompressed, resized, slightly brightened, mirrored or turned.

Two 64-bit hashes and a small thumbnail have to agree. One hash alone takes any two chest radiographs, or any two small
things on white, for one picture: most of its bits then only say "flat here".

The hashes are the two that are in general use. pHash: C. Zauner, "Implementation and Benchmarking of Perceptual Image
Hash Functions" (2010), section 3.2: the signs of the low frequencies of a cosine transform about their median. dHash:
N. Krawetz, "Kind of Like That" (hackerfactor.com, 2013): whether each cell is brighter than its left neighbour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference.training.picture import DataError

_SIDE = 32
"""Side of the grey thumbnail that the hashes are computed from, in pixels."""
_MOST_PHASH_BITS, _MOST_DHASH_BITS = 10, 12
_LEAST_CORRELATION = 0.965
_ROWS_AT_ONCE = 512
_WAYS = 8

Bits = npt.NDArray[np.uint64]
Grey = npt.NDArray[np.float32]
"""float32 N × 32 × 32."""


@dataclass(frozen=True, slots=True)
class Prints:
    """What N pictures look like. A hash has a column for each way to turn and mirror the picture."""

    phash: Bits
    """uint64 N × 8."""
    dhash: Bits
    """uint64 N × 8."""
    thumbnails: Grey
    """Grey, mean 0 and length 1, so that a product is a correlation; zero for a plain picture."""


def fingerprints(files: Iterable[Path]) -> Prints:
    """Read the pictures and hash them. Raises `DataError` for what is no picture."""
    return prints(np.stack([_grey(file) for file in files]))


def _grey(file: Path) -> npt.NDArray[np.float32]:
    try:
        with Image.open(file) as opened:
            # Lets the JPEG decoder scale by powers of two, which is faster; no effect on other formats.
            opened.draft("RGB", (2 * _SIDE, 2 * _SIDE))
            small = opened.convert("RGB").convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{file} cannot be read as a picture ({error}): delete it and its row") from error
    return np.asarray(small, np.float32)


def prints(grey: Grey) -> Prints:
    """The prints of grey thumbnails of 0 to 255."""
    centred = grey - grey.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=(1, 2), keepdims=True))
    plain = length < _SIDE  # less than one grey level of contrast: noise of the compression
    return Prints(
        phash=np.stack([_phash(_turned(grey, way)) for way in range(_WAYS)], axis=1),
        dhash=np.stack([_dhash(_turned(grey, way)) for way in range(_WAYS)], axis=1),
        thumbnails=np.where(plain, 0, centred / np.maximum(length, 1e-6)).astype(np.float32),
    )


def _turned(grey: Grey, way: int) -> Grey:
    """Turned by quarters and, from the fifth way on, mirrored."""
    turned = np.rot90(grey, way % 4, axes=(1, 2))
    return turned[:, :, ::-1] if way >= _WAYS // 2 else turned


def _phash(grey: Grey) -> Bits:
    at, frequency = np.arange(_SIDE), np.arange(1, 9)
    cosine = np.cos(np.pi * np.outer(frequency, 2 * at + 1) / (2 * _SIDE)).astype(np.float32)
    low = (cosine @ grey @ cosine.T).reshape(len(grey), 64)
    return _packed(low > np.median(low, axis=1, keepdims=True))


def _dhash(grey: Grey) -> Bits:
    rows = grey.reshape(len(grey), 8, _SIDE // 8, _SIDE).mean(axis=2)
    edges = np.linspace(0, _SIDE, 10).round().astype(int)[:-1]
    cells = np.add.reduceat(rows, edges, axis=2) / np.diff([*edges, _SIDE])
    return _packed((cells[:, :, 1:] > cells[:, :, :-1]).reshape(len(grey), 64))


def _packed(bits: npt.NDArray[np.bool_]) -> Bits:
    return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)


def near_pairs(found: Prints) -> list[tuple[int, int]]:
    """Which two are one picture, in whatever way turned or mirrored: pairs (i, j), i < j, in order."""
    pairs: set[tuple[int, int]] = set()
    for way in range(_WAYS):
        turned = _turned(found.thumbnails, way)
        for start in range(0, len(turned), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            alike = _distance(found.phash[rows, 0], found.phash[:, way]) <= _MOST_PHASH_BITS
            first, second = np.nonzero(alike)
            first += start
            close = np.bitwise_count(found.dhash[first, 0] ^ found.dhash[second, way]) <= _MOST_DHASH_BITS
            close &= first < second
            first, second = first[close], second[close]
            correlation = np.einsum("nij,nij->n", found.thumbnails[first], turned[second])
            same = correlation >= _LEAST_CORRELATION
            pairs.update(zip(first[same].tolist(), second[same].tolist(), strict=True))
    return sorted(pairs)


def _distance(left: Bits, right: Bits) -> npt.NDArray[np.uint8]:
    bits: npt.NDArray[np.uint8] = np.bitwise_count(left[:, None] ^ right[None, :])
    return bits


def connected(count: int, links: Iterable[Sequence[int]]) -> list[int]:
    """For each of `count` things the least number among all that links join it to, by union-find."""
    parent = list(range(count))

    def root(of: int) -> int:
        while parent[of] != of:
            parent[of] = parent[parent[of]]
            of = parent[of]
        return of

    for link in links:
        for other in link[1:]:
            low, high = sorted((root(link[0]), root(other)))
            parent[high] = low
    return [root(each) for each in range(count)]
