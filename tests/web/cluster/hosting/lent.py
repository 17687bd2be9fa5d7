"""Scorers elsewhere, in the process of the test: the way to them can be cut, and what they are sent is seen."""

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from inference.manifest import InputSpec
from inference.taxonomy import taxonomy
from stream.sample import Sample
from web.cluster.hosting.borrowing import Borrowed
from web.cluster.hosting.lending import Answer, Detector, Pictures, Refused

DETECTOR = Detector("1.0", "gore", "1", "d1e5")
PICTURE = InputSpec(name="frames", layout="NHWC", dtype="uint8", width=4, height=3, color="RGB")


class Scorer:
    """A `web.cluster.hosting.lending.RemoteScorer` whose scores are how bright a picture is."""

    def __init__(self, detector: Detector = DETECTOR) -> None:
        self.detector = detector
        self.gone = False
        """Whoever calls gets an error."""
        self.frozen = asyncio.Event()
        """Whoever sends pictures waits while it is not set."""
        self.frozen.set()
        self.batches: list[list[int]] = []
        """What came, by how bright it was."""

    async def score(
        self, wanted: Detector, pictures: Pictures, told: Sequence[bool], /
    ) -> tuple[Answer, ...] | Refused:
        if self.gone:
            raise ConnectionError("the scorer is gone")
        if wanted != self.detector:
            return Refused(self.detector)
        levels = pictures[:, 0, 0, 0].tolist()
        if levels:
            self.batches.append(levels)
            await self.frozen.wait()
        if self.gone:
            raise ConnectionError("the scorer is gone")
        return tuple(_answer(level, all_told) for level, all_told in zip(levels, told, strict=True))

    @property
    def levels(self) -> list[int]:
        return [level for batch in self.batches for level in batch]


def _answer(level: int, all_told: bool) -> Answer:
    if level == 255:
        return "it is too bright"
    return taxonomy(level / 255) if all_told else level / 255


def borrowed(clock: Callable[[], float] = time.monotonic) -> Borrowed:
    return Borrowed(DETECTOR, PICTURE, clock=clock)


def sample(level: int) -> Sample:
    return Sample(np.full((PICTURE.height, PICTURE.width, 3), level, np.uint8), 0.0, 0.0, 0, 0)
