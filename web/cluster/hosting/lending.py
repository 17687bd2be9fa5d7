"""A detector that scores for hosts that have none: batches of pictures in, what is asked for of each out."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

import numpy as np
import numpy.typing as npt

from inference.manifest import Manifest
from inference.scorer import Scorer, ScoringFailed
from inference.taxonomy import Taxonomy
from stream.sample import Sample

ANSWER_S = 4.0
"""A batch takes no longer: what is not scored by then is taken back."""

Pictures = npt.NDArray[np.uint8]
"""N × height × width × 3, RGB."""
Answer = float | Taxonomy | str
"""The score of a picture, all that is told of it, or what went wrong with it."""


@dataclass(frozen=True, slots=True)
class Detector:
    """What scores. Two that are equal score alike, but for what each device makes of it by rounding."""

    release: str
    """Of gorewatch: both sides exchange values of their own."""
    name: str
    version: str
    digest: str
    """Of all that its manifest says: files, calibration and what the pictures are like."""

    @classmethod
    def of(cls, manifest: Manifest) -> "Detector":
        digest = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()
        return cls(version("gorewatch"), manifest.name, manifest.version, digest)

    def __str__(self) -> str:
        return f"{self.name} {self.version} (manifest {self.digest[:8]}, gorewatch {self.release})"


@dataclass(frozen=True, slots=True)
class Refused:
    """It has another detector than is asked for, and scores nothing."""

    has: Detector


class RemoteScorer(Protocol):
    """A `Lender`, wherever it is. Raises an exception of any kind when it is not reached."""

    async def score(
        self, wanted: Detector, pictures: Pictures, told: Sequence[bool], /
    ) -> tuple[Answer, ...] | Refused: ...


class Lender:
    """Lives on the event loop of its scorer, which may have streams of its own."""

    def __init__(self, scorer: Scorer, detector: Detector) -> None:
        self._scorer = scorer
        self._detector = detector

    async def score(
        self, wanted: Detector, pictures: Pictures, told: Sequence[bool], /
    ) -> tuple[Answer, ...] | Refused:
        """An answer for each picture, with all that the detector tells of those that are `told`.

        Of no pictures it tells whether it would. Raises TimeoutError when it has too much to do, and `SampleDropped`
        when it ends.
        """
        if wanted != self._detector:
            return Refused(self._detector)
        # How many may be under way is bounded by who sends them. Each has its own turn, as streams of this host have.
        asked = [self._asked(picture, all_told) for picture, all_told in zip(pictures, told, strict=True)]
        try:
            async with asyncio.timeout(ANSWER_S):
                return tuple([await _answer(future) for future in asked])
        finally:
            for future in asked:
                future.cancel()

    def _asked(self, pixels: Pictures, all_told: bool) -> asyncio.Future[float] | asyncio.Future[Taxonomy]:
        lane = self._scorer.lane()
        sample = Sample(pixels, position_s=0.0, captured_s=0.0, epoch=0, number=0)
        return lane.tell(sample) if all_told else lane.submit(sample, live=False)


async def _answer(future: asyncio.Future[float] | asyncio.Future[Taxonomy]) -> Answer:
    try:
        return await future
    except ScoringFailed as error:
        return str(error)
