"""The pictures of a folder through the same steps as in the service: decoded, squashed, scored."""

import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.evaluation.folder import Labelled
from inference.evaluation.labelled import EvaluationError, Picture, Unreadable, printable
from inference.model import Model
from inference.sizing import sizing
from stream.errors import SourceError
from stream.sample import Pixels
from stream.scale import Scaler
from stream.still import least_px_for, read_still

_Probs = npt.NDArray[np.float32]

_AHEAD = 3
"""Chunks under way for each thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The pictures that could be read and their probabilities, float32, in the same order; and the others."""

    pictures: tuple[Picture, ...]
    prob: _Probs
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    pictures: list[Picture]
    pixels: list[Pixels]
    unreadable: list[Unreadable]


def read_picture(path: Path, scaler: Scaler, target: Pixels) -> None:
    """Write the picture at `path` into `target`, height × width × 3, exactly as the service would sample it.

    Raises `SourceError` when it cannot be read.
    """
    try:
        frame, _ = read_still(path, least_px_for(target.shape[:2]))
    except SourceError:
        raise
    except Exception as error:  # what Pillow raises for a hostile file is anybody's guess
        raise SourceError(f"{path.name} cannot be decoded ({type(error).__name__}).") from error
    scaler.scale(frame, target)


def score_pictures(
    labelled: Labelled, model: Model, *, threads: int = 1, told: Callable[[int], None] = lambda _: None
) -> Scored:
    """Score every picture of a folder with at most `threads` threads; `told` hears how many more are done.

    Pictures that cannot be read are named in the answer. Raises `EvaluationError` when not one can be, and
    `ModelError` when the model fails.
    """
    size = sizing(model.provider, cpus=threads).max_batch
    reader = _Reader(labelled.folder, model)
    chunks = [labelled.pictures[at : at + size] for at in range(0, len(labelled.pictures), size)]
    pictures: list[Picture] = []
    probs = [np.zeros(0, np.float32)]
    unreadable = list(labelled.unreadable)
    with warnings.catch_warnings():
        # Pillow warns of odd but readable files on standard error.
        warnings.simplefilter("ignore")
        for batch, prob in _in_order(reader, chunks, threads):
            pictures += batch.pictures
            probs.append(prob)
            unreadable += batch.unreadable
            told(len(batch.pictures) + len(batch.unreadable))
    if not pictures:
        first = unreadable[0]
        raise EvaluationError(
            f"Not one of the {len(unreadable)} pictures in {labelled.folder} could be read "
            f"({printable(first.file)}: {first.reason})."
        )
    return Scored(tuple(pictures), np.concatenate(probs), tuple(unreadable))


def _in_order(reader: "_Reader", chunks: Sequence[Sequence[Picture]], threads: int) -> Iterator[tuple[_Batch, _Probs]]:
    """Each chunk's pictures with their probabilities, in order; a few chunks are under way at a time."""
    waiting: deque[Future[tuple[_Batch, _Probs | None]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="gorewatch-evaluate")
    try:
        for chunk in chunks:
            waiting.append(pool.submit(reader.take, chunk))
            if len(waiting) >= _AHEAD * threads:
                yield reader.finished(*waiting.popleft().result())
        while waiting:
            yield reader.finished(*waiting.popleft().result())
    finally:
        pool.shutdown(cancel_futures=True)


class _Reader:
    """Reads and scores chunks of pictures. Its `take` may be called by any thread."""

    def __init__(self, folder: Path, model: Model) -> None:
        self._folder = folder
        self._model = model
        self._shape = (model.manifest.input.height, model.manifest.input.width, 3)
        self._kept = threading.local()

    def take(self, chunk: Sequence[Picture]) -> tuple[_Batch, _Probs | None]:
        """Read a chunk; on a CPU score it as well. A GPU's session belongs to the thread that loaded it."""
        batch = self._read(chunk)
        return batch, self._score(batch) if self._model.provider == "cpu" else None

    def finished(self, batch: _Batch, prob: _Probs | None) -> tuple[_Batch, _Probs]:
        """What `take` gave, scored if it was not. To be called by the thread that owns the model."""
        return batch, self._score(batch) if prob is None else prob

    def _read(self, chunk: Sequence[Picture]) -> _Batch:
        scaler = self._scaler()
        batch = _Batch([], [], [])
        for picture in chunk:
            target = np.empty(self._shape, np.uint8)
            try:
                read_picture(self._folder / picture.file, scaler, target)
            except SourceError as error:
                batch.unreadable.append(Unreadable(picture.file, printable(str(error))))
                continue
            batch.pictures.append(picture)
            batch.pixels.append(target)
        return batch

    def _score(self, batch: _Batch) -> _Probs:
        prob = self._model.score(np.stack(batch.pixels)) if batch.pixels else np.zeros(0, np.float32)
        batch.pixels.clear()
        return prob

    def _scaler(self) -> Scaler:
        """This thread's own: scaling contexts are heavy."""
        if not hasattr(self._kept, "scaler"):
            self._kept.scaler = Scaler()
        scaler: Scaler = self._kept.scaler
        return scaler
