"""Stand-ins with gates: a model that scores when it is allowed to, and samples whose pixels say their score."""

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stream.sample import Sample


def sample(
    raw: float = 0.0, *, number: int = 0, epoch: int = 0, size: tuple[int, int] = (4, 4), step_s: float = 0.5
) -> Sample:
    """One whose picture is a single grey: `FakeModel` reads its score off it, in steps of 1/255."""
    pixels = np.full((*size, 3), round(raw * 255), np.uint8)
    return Sample(pixels, number * step_s, 100.0 + number, epoch, number)


class FakeModel:
    """Scores a picture by its first byte / 255. `gate` cleared holds every batch until it is set."""

    def __init__(self, on_batch: Callable[[int], None] | None = None) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.contiguous = True
        self._on_batch = on_batch

    def score(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        self.threads.add(threading.current_thread().name)
        self.contiguous &= bool(batch.flags.c_contiguous)
        values = batch[:, 0, 0, 0]
        self.batches.append([int(value) for value in values])
        self.entered.release()
        if not self.gate.wait(20):
            raise TimeoutError("the test never opened the gate")
        if self._on_batch is not None:
            self._on_batch(len(self.batches))
        return (values / np.float32(255)).astype(np.float32)
