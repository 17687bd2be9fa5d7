"""Scores as blocks of bytes: exact, so that a replay judges what was judged. Pure.

A block is a byte for its version and, compressed, four columns of 8 bytes a sample: position, epoch, raw and prob. Of
positions and epochs the differences are kept, taken of their bits as whole numbers, so that nothing is rounded; and
bytes of one rank lie together, since those are alike.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.scores import Point, downsample

MOST_SAMPLES = 256
"""In one block."""

_VERSION = b"\x01"
_COLUMNS = 4
_WIDTH = 8
_LARGEST_BYTES = 4096 * _COLUMNS * _WIDTH
_Words = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One sample as the judge took it and what it made of it, in full precision."""

    position_s: float
    epoch: int
    raw: float
    prob: float


def encode(samples: Sequence[Judged]) -> bytes:
    """A block of at most `MOST_SAMPLES`, at least one."""
    assert 0 < len(samples) <= MOST_SAMPLES, "a block is neither empty nor without bound"
    reals = np.array([(sample.position_s, sample.raw, sample.prob) for sample in samples], "<f8").T.copy().view("<i8")
    epochs = np.array([sample.epoch for sample in samples], "<i8")
    columns = np.stack([_differences(reals[0]), _differences(epochs), reals[1], reals[2]])
    ranks = columns.view(np.uint8).reshape(_COLUMNS, len(samples), _WIDTH).transpose(0, 2, 1)
    return _VERSION + zlib.compress(ranks.tobytes())


def decode(block: bytes) -> list[Judged]:
    """Raises ValueError for bytes that are no block."""
    if block[:1] != _VERSION:
        raise ValueError("it is of no known version")
    inflating = zlib.decompressobj()
    try:
        plain = inflating.decompress(block[1:], _LARGEST_BYTES)
    except zlib.error as error:
        raise ValueError("it is not compressed as it should be") from error
    if not inflating.eof or not plain or len(plain) % (_COLUMNS * _WIDTH):
        raise ValueError("it is cut off or too long")
    ranks = np.frombuffer(plain, np.uint8).reshape(_COLUMNS, _WIDTH, -1)
    columns = ranks.transpose(0, 2, 1).copy().view("<i8")[:, :, 0]
    positions = np.cumsum(columns[0]).view("<f8").tolist()
    epochs = np.cumsum(columns[1]).tolist()
    raws = columns[2].copy().view("<f8").tolist()
    probs = columns[3].copy().view("<f8").tolist()
    return [Judged(*values) for values in zip(positions, epochs, raws, probs, strict=True)]


def joined(blocks: Iterable[bytes], *, from_s: float, to_s: float) -> list[Judged]:
    """The samples of a media's blocks from one position to another, both included, each once. Raises ValueError."""
    return [sample for sample in samples_of(blocks) if from_s <= sample.position_s <= to_s]


def samples_of(blocks: Iterable[bytes], *, damaged: Callable[[ValueError], None] | None = None) -> Iterator[Judged]:
    """The samples of a media's blocks, each once, decoded as they are asked for.

    `damaged` is told of a block that is none, which is passed over; without it ValueError is raised.
    """
    last_s = -math.inf
    for block in blocks:
        try:
            samples = decode(block)
        except ValueError as error:
            if damaged is None:
                raise
            damaged(error)
            continue
        for sample in samples:
            # What was written twice, since nobody knew whether it had been, overlaps.
            if sample.position_s > last_s:
                last_s = sample.position_s
                yield sample


def thinned(samples: Sequence[Judged], *, step_s: float) -> list[Judged]:
    """At most two samples for each `step_s` of media time: its highest prob and its highest raw are among them."""
    by_position = {sample.position_s: sample for sample in samples}
    buckets: dict[int, list[Point]] = {}
    for sample in samples:
        point = Point(sample.position_s, sample.raw, sample.prob)
        buckets.setdefault(int(sample.position_s // step_s), []).append(point)
    return [by_position[point.position_s] for bucket in buckets.values() for point in downsample(bucket, 2)]


def _differences(words: _Words) -> _Words:
    return np.diff(words, prepend=np.int64(0))
