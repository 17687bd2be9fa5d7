"""The trunk's output and the targets of many views, made once: the trunk is not trained, so they are read back."""

import hashlib
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from inference.training.render import render
from inference.training.targets import CELLS, CLASSES, Targets
from inference.training.views import View

Cells = npt.NDArray[np.float16]
"""N × channels × rows × columns, the trunk's output."""
_BATCH = 16
_PIECES = ("gore", "classes", "map")


@dataclass(frozen=True, slots=True)
class Shown:
    """Views as the tail sees them. `cells` may lie on disk; the others are small."""

    cells: Cells
    gore: npt.NDArray[np.bool_]
    """N."""
    classes: Targets
    """N × `CLASSES`."""
    map: Targets
    """N × 7 × 7."""

    def __len__(self) -> int:
        return len(self.gore)


class Extractor:
    """Renders views and runs an exported trunk on them, in processes of its own."""

    def __init__(self, trunk: Path, folder: Path, scratch: Path, *, processes: int) -> None:
        """`scratch` keeps what was made: the same views are read back from it. It may grow to some gigabytes."""
        self._trunk = trunk
        self._folder = folder
        self._scratch = scratch
        self._processes = processes
        scratch.mkdir(parents=True, exist_ok=True)

    def shown(self, views: Sequence[View], label: str) -> Shown:
        """The views, in order."""
        kept = self._scratch / hashlib.sha256(self._trunk.read_bytes() + repr(views).encode()).hexdigest()[:24]
        if not (kept / "done").exists():
            kept.mkdir(exist_ok=True)
            self._make(views, kept, label)
            (kept / "done").touch()
        gore, classes, regions = (np.load(kept / f"{piece}.npy") for piece in _PIECES)
        return Shown(np.load(kept / "cells.npy", mmap_mode="r"), gore, classes, regions)

    def _make(self, views: Sequence[View], kept: Path, label: str) -> None:
        gore = np.zeros(len(views), np.bool_)
        classes = np.zeros((len(views), len(CLASSES)), np.float32)
        regions = np.zeros((len(views), CELLS, CELLS), np.float32)
        cells: Cells | None = None
        at = 0
        for batch in self._batches(views):
            if cells is None:
                shape = (len(views), *batch.cells.shape[1:])
                cells = np.lib.format.open_memmap(kept / "cells.npy", "w+", np.float16, shape)
            here = slice(at, at + len(batch))
            cells[here], gore[here], classes[here], regions[here] = batch.cells, batch.gore, batch.classes, batch.map
            at += len(batch)
            sys.stderr.write(f"\r{label}: {at} of {len(views)} views ")
        sys.stderr.write("\n")
        for piece, values in zip(_PIECES, (gore, classes, regions), strict=True):
            np.save(kept / f"{piece}.npy", values)

    def _batches(self, views: Sequence[View]) -> Iterator[Shown]:
        batches = [list(views[at : at + _BATCH]) for at in range(0, len(views), _BATCH)]
        # Spawned, not forked: torch has threads by now.
        with ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_open,
            initargs=(self._trunk, self._folder),
        ) as pool:
            yield from pool.map(_batch, batches)


@dataclass(slots=True)
class _Process:
    """What a process keeps between batches."""

    session: ort.InferenceSession
    folder: Path


_own: list[_Process] = []


def _open(trunk: Path, folder: Path) -> None:
    os.nice(5)  # training itself goes first
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    _own[:] = [_Process(ort.InferenceSession(trunk, options, providers=["CPUExecutionProvider"]), folder)]


def _batch(views: list[View]) -> Shown:
    own = _own[0]
    rendered = [render(own.folder, view) for view in views]
    (cells,) = own.session.run(["cells"], {"frames": np.stack([each.pixels for each in rendered])})
    return Shown(
        np.asarray(cells, np.float16),
        np.array([each.gore for each in rendered]),
        np.stack([each.classes for each in rendered]),
        np.stack([each.cells for each in rendered]),
    )
