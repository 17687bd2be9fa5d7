"""The blocking half of the scorer, its threads': pictures into one array, that through the model, answers checked."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from inference.heat import Heat
from inference.taxonomy import Taxonomy
from stream.sample import Pixels

_log = logging.getLogger(__name__)


class Scoring(Protocol):
    """What scores: uint8 N × height × width × 3 in, N calibrated probabilities out. Called by any thread."""

    def warm(self) -> None:
        """Called once by each thread that will score, before it does: what is made for a thread is made then."""

    def score(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]: ...

    def taxonomies(self, batch: npt.NDArray[np.uint8], /) -> Sequence[Taxonomy]:
        """The same, and what else gore-2.0 tells."""
        ...

    def heats(self, batch: npt.NDArray[np.uint8], /) -> Sequence[Heat]:
        """The same, and where it is seen. Raises where the detector does not tell that."""
        ...


Ask = Literal["score", "taxonomy", "heat"]
"""What is wanted of a picture."""
Outcome = float | Taxonomy | Heat | str
"""What was asked for of a picture, or what went wrong with it."""


class BatchRunner:
    """Runs a model on batches of pictures. One for each thread: it keeps the array that they are copied into."""

    def __init__(self, model: Scoring, max_batch: int) -> None:
        self._model = model
        self._max_batch = max_batch
        self._array: Pixels = np.empty((max_batch, 0, 0, 3), np.uint8)

    def warm(self) -> Exception | None:
        """Warm the model up for this thread; what went wrong."""
        try:
            self._model.warm()
        except Exception as error:
            return error
        return None

    def run(self, pictures: Sequence[Pixels], ask: Ask = "score") -> list[Outcome]:
        """What is asked for of each picture, or what went wrong with it. Never raises; keeps no picture."""
        outcomes: list[Outcome] = [""] * len(pictures)
        # One shape in practice; a stray picture of another must not fail its neighbours.
        for shape in {picture.shape for picture in pictures}:
            places = [place for place, picture in enumerate(pictures) if picture.shape == shape]
            found = self._answers([pictures[place] for place in places], ask)
            for place, outcome in zip(places, found, strict=True):
                outcomes[place] = outcome
        return outcomes

    def _answers(self, pictures: Sequence[Pixels], ask: Ask) -> Sequence[Outcome]:
        try:
            if self._array.shape[1:] != pictures[0].shape:
                self._array = np.empty((self._max_batch, *pictures[0].shape), np.uint8)
            batch = self._array[: len(pictures)]
            for row, picture in zip(batch, pictures, strict=True):
                row[...] = picture
            if ask == "taxonomy":
                return self._model.taxonomies(batch)
            if ask == "heat":
                return self._model.heats(batch)
            scores = self._model.score(batch)
        except Exception as error:
            _log.exception("scoring a batch of %d failed", len(pictures))
            return [f"{type(error).__name__}: {error}"] * len(pictures)
        if scores.shape != (len(pictures),):
            return [f"the model gave scores of shape {scores.shape} for {len(pictures)} samples"] * len(pictures)
        return [
            score if 0.0 <= score <= 1.0 else f"the model gave {score}, which is no probability"
            for score in scores.tolist()
        ]


def post(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: object) -> bool:
    """Run it on the loop; False when the loop is closed and nobody waits any more."""
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        return False
    return True
