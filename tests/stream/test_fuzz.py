"""Damaged bytes in every container that is read: whatever they do, the outcome is an error of ours or frames.

A few seeds each; GOREWATCH_FUZZ_SEEDS=200 makes a run of some minutes of it.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stream.errors import Failure, SourceError, error_from
from tests.media import Clips
from tests.stream.reading import a_pool, read, trusted

_SEEDS = range(int(os.environ.get("GOREWATCH_FUZZ_SEEDS", "2")))
_ONES = 1 << np.arange(8, dtype=np.uint8)


def _video(ending: str, codec: str = "libx264") -> Callable[[Clips], Path]:
    return lambda clips: clips.video(f"fuzzed.{ending}", codec=codec, width=320, height=180, seconds=2)


CONTAINERS: dict[str, Callable[[Clips], Path]] = {
    "mp4": _video("mp4"),
    "ts": _video("ts"),
    "flv": _video("flv"),
    "mkv": _video("mkv"),
    "webm": _video("webm", "libvpx"),
    "avi": _video("avi", "mpeg4"),
    "mpg": _video("mpg", "mpeg2video"),
    "jpg": lambda clips: clips.jpeg,
    "png": lambda clips: clips.png,
}


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """One bit in some thousands turned over, more of them in the first kilobyte, where a container says what it is."""
    damaged = np.frombuffer(content, np.uint8).copy()
    places = rng.integers(0, len(damaged), max(1, len(damaged) // int(rng.integers(500, 20_000))))
    head = rng.integers(0, min(1024, len(damaged)), int(rng.integers(0, 6)))
    for place in (*places, *head):
        damaged[place] ^= _ONES[rng.integers(8)]
    return damaged.tobytes()


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    """A piece taken out of the middle."""
    first, last = sorted(rng.integers(0, len(content), 2))
    return content[:first] + content[last:]


def noise(content: bytes, rng: np.random.Generator) -> bytes:
    """The beginning as it was, then random bytes."""
    kept = int(rng.integers(0, 64))
    return content[:kept] + rng.bytes(len(content) - kept)


@pytest.mark.parametrize("container", CONTAINERS)
async def test_damage_is_told_or_read_over(container: str, clips: Clips, tmp_path: Path) -> None:
    whole = CONTAINERS[container](clips)
    content = whole.read_bytes()
    async with a_pool() as pool:
        for seed in _SEEDS:
            for damage in (flipped, cut, noise):
                path = tmp_path / f"{damage.__name__}{seed}{whole.suffix}"
                path.write_bytes(damage(content, np.random.default_rng([seed, len(container)])))
                reading = await read(pool, str(path), trusted(deadline_s=20.0), colours=False)
                assert reading.states[-1].final, (damage, seed)
                assert reading.failure is None or is_ours(reading.failure), (damage, seed, reading.failure)
                path.unlink()
        # The worker, or the one in its place, goes on.
        after = await read(pool, str(whole), trusted(deadline_s=20.0), colours=False)
        assert after.failure is None
        assert after.counters.samples > 0


_FOUND = [
    ("webm", flipped, 14),  # a track without a codec
    ("mpg", noise, 7),  # the same
    ("mkv", flipped, 49),  # a title that is no UTF-8
    ("ts", flipped, 39),  # a track that appears later
    ("flv", flipped, 68),  # minus thirty frames a second
]


@pytest.mark.parametrize(("container", "damage", "seed"), _FOUND)
async def test_damage_that_was_once_a_fault_of_ours(
    container: str, damage: Callable[[bytes, np.random.Generator], bytes], seed: int, clips: Clips, tmp_path: Path
) -> None:
    whole = CONTAINERS[container](clips)
    path = tmp_path / whole.name
    path.write_bytes(damage(whole.read_bytes(), np.random.default_rng([seed, len(container)])))
    async with a_pool() as pool:
        reading = await read(pool, str(path), trusted(deadline_s=20.0), colours=False)
    assert reading.failure is None or is_ours(reading.failure)


def is_ours(failure: Failure) -> bool:
    """One that says what is wrong with the bytes; not a fault of ours, and not a worker that broke on them."""
    known = type(error_from(failure)) is not SourceError
    return known and failure.code not in ("internal", "worker_lost", "timeout")
