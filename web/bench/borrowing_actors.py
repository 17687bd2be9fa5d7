"""The two ends of `benchmarks/borrowing.py`: a host that borrows, with made-up samples, and a scorer that lends."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.heat import Heat
from inference.manifest import read_manifest, shipped_manifest_path
from inference.model import Model
from inference.scorer import Scorer
from inference.taxonomy import Taxonomy
from stream.sample import Sample

from ..around import SampleLane
from ..cluster.hosting.actors import RayScorer
from ..cluster.hosting.borrowing import Borrowed
from ..cluster.hosting.lending import Answer, Detector, Lender, Pictures, Refused

_BATCH = 32
_WAIT_S = 0.005
"""As the scorer is set up for a GPU, which is what is lent."""
_PAUSE_S = 0.05


class Free:
    """An `inference.scoring.Scoring` that costs nothing: what is left is the way to it."""

    def warm(self) -> None:
        """There is nothing to warm."""

    def score(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        return batch[:, 0, 0, 0].astype(np.float32) / np.float32(255)

    def taxonomies(self, batch: npt.NDArray[np.uint8], /) -> Sequence[Taxonomy]:
        raise NotImplementedError("scores alone are asked for")

    def heats(self, batch: npt.NDArray[np.uint8], /) -> Sequence[Heat]:
        raise NotImplementedError("scores alone are asked for")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one way did."""

    samples: int
    lasted_s: float
    cpu_s: float
    """Of the process that asked."""
    latencies_s: tuple[float, ...]
    """Of each round: from the first sample to the last score."""


class ScorerActor:
    """A `RemoteScorer` whose scores cost nothing."""

    def __init__(self) -> None:
        self._parts = AsyncExitStack()
        self._lender: Lender | None = None

    async def begin(self) -> None:
        scorer = await self._parts.enter_async_context(Scorer(Free(), max_batch=_BATCH, max_wait_s=_WAIT_S))
        self._lender = Lender(scorer, _detector())

    async def score(self, wanted: Detector, pictures: Pictures, told: Sequence[bool]) -> tuple[Answer, ...] | Refused:
        assert self._lender is not None, "it has begun"
        return await self._lender.score(wanted, pictures, told)

    async def cpu_s(self) -> float:
        return time.process_time()


class BorrowerActor:
    """A host with a scorer of its own, and one elsewhere."""

    def __init__(self) -> None:
        self._parts = AsyncExitStack()
        self._lanes: dict[str, Callable[[], SampleLane]] = {}

    async def begin(self, scorer: Any) -> None:
        own = await self._parts.enter_async_context(Scorer(Free(), max_batch=_BATCH, max_wait_s=_WAIT_S))
        borrowed = Borrowed(_detector(), read_manifest(shipped_manifest_path()).input)
        self._parts.push_async_callback(borrowed.aclose)
        borrowed.know({"scorer": RayScorer(scorer)})
        while not borrowed.scorers:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(_PAUSE_S)
        self._lanes = {"own": own.lane, "borrowed": borrowed.lane}

    async def turn(self, way: str, batch: int, seconds: float) -> Turn:
        """So many samples at once, over and over."""
        lanes = [self._lanes[way]() for _ in range(batch)]
        size = read_manifest(shipped_manifest_path()).input
        pixels = np.random.default_rng(7).integers(0, 256, (batch, size.height, size.width, 3), np.uint8)
        samples = [Sample(picture, 0.0, 0.0, 0, number) for number, picture in enumerate(pixels)]
        latencies: list[float] = []
        began_s, cpu_s = time.monotonic(), time.process_time()
        while (now_s := time.monotonic()) < began_s + seconds:
            scores = [lane.submit(sample, live=True) for lane, sample in zip(lanes, samples, strict=True)]
            await asyncio.gather(*scores)
            latencies.append(time.monotonic() - now_s)
        return Turn(batch * len(latencies), time.monotonic() - began_s, time.process_time() - cpu_s, tuple(latencies))


def _detector() -> Detector:
    return Detector.of(read_manifest(shipped_manifest_path()))


def detector_s(seconds: float) -> float:
    """CPU of a sample that the detector scores on this machine, by itself."""
    model = Model.load(provider="cpu")
    try:
        size = model.manifest.input
        picture = np.random.default_rng(7).integers(0, 256, (1, size.height, size.width, 3), np.uint8)
        model.warm()
        began_s, cpu_s, count = time.monotonic(), time.process_time(), 0
        while time.monotonic() < began_s + seconds:
            model.score(picture)
            count += 1
        return (time.process_time() - cpu_s) / count
    finally:
        model.close()
