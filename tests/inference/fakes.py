"""Stand-ins that do what a test tells them: a model, a source and a lane; and samples that say their own score."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import numpy.typing as npt

from inference.heat import Heat
from inference.taxonomy import Taxonomy, taxonomy
from stream.sample import Counters, Pixels, Sample, State, Status

ENDED = Status(State.ENDED)

Script = Sequence[Sample | Status | Exception]


def sample(
    raw: float = 0.0, *, number: int = 0, epoch: int = 0, size: tuple[int, int] = (4, 4), step_s: float = 0.5
) -> Sample:
    """One whose picture is a single grey: `FakeModel` reads its score off it, in steps of 1/255."""
    pixels = np.full((*size, 3), round(raw * 255), np.uint8)
    return Sample(pixels, number * step_s, 100.0 + number, epoch, number)


class FakeModel:
    """Scores a picture by its first byte / 255. `gate` cleared holds every batch until it is set."""

    def __init__(self, on_batch: Callable[[int], None] | None = None, *, fails_to_warm: bool = False) -> None:
        self.warmed_in: list[str] = []
        self._fails_to_warm = fails_to_warm
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.contiguous = True
        self._on_batch = on_batch

    def warm(self) -> None:
        self.warmed_in.append(threading.current_thread().name)
        if self._fails_to_warm:
            raise MemoryError("no room on the card")

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

    def taxonomies(self, batch: npt.NDArray[np.uint8], /) -> list[Taxonomy]:
        return [taxonomy(prob) for prob in self.score(batch).tolist()]

    def heats(self, batch: npt.NDArray[np.uint8], /) -> list[Heat]:
        self.score(batch)
        return [made_heat(picture) for picture in batch]


def made_heat(pixels: Pixels) -> Heat:
    """Its grid has up to 7 × 7 cells: each is as likely as its first pixel is red."""
    step = max(len(pixels) // 7, 1)
    return Heat(float(pixels[0, 0, 0]) / 255, (pixels[::step, ::step, 0] / 255).astype(np.float32))


async def turns(count: int = 20) -> None:
    """Let every task run until it waits for something that only the test can give."""
    for _ in range(count):
        await asyncio.sleep(0)


class ScriptedSource:
    """Yields a script, then stays open without a word if `open_end`. Remembers what was released."""

    def __init__(self, script: Script, *, open_end: bool = False) -> None:
        self._script = script
        self._closed = asyncio.Event()
        self._open_end = open_end
        self.yielded: list[int] = []
        self.released: list[int] = []
        self.hurries: list[tuple[int, float]] = []
        """How many samples had been released when it was told to hurry, and for how long."""
        self.closings = 0
        self.silent = asyncio.Event()
        self.close_hangs = False
        self.close_raises = False

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        for item in self._script:
            if isinstance(item, Exception):
                raise item
            if isinstance(item, Sample):
                self.yielded.append(item.number)
            yield item
        if self._open_end:
            self.silent.set()
            await self._closed.wait()
            yield ENDED

    def release(self, sample: Sample) -> None:
        self.released.append(sample.number)

    def counters(self) -> Counters:
        return Counters(samples=len(self.yielded))

    def hurry(self, for_s: float) -> None:
        self.hurries.append((len(self.released), for_s))

    async def aclose(self) -> None:
        self._closed.set()
        await turns(3)
        self.closings += 1
        if self.close_raises:
            raise OSError("the worker is gone")
        if self.close_hangs:
            await asyncio.Event().wait()

    @property
    def clean(self) -> bool:
        """Closed, and every sample that it gave was given back."""
        return self.closings > 0 and sorted(set(self.released)) == sorted(self.yielded)


class ManualLane:
    """Its futures are resolved by the test, or at once by a list of outcomes."""

    def __init__(self, outcomes: Sequence[float | Exception] = ()) -> None:
        self.futures: list[asyncio.Future[float]] = []
        self.live: list[bool] = []
        self.closed = False
        self._outcomes = deque(outcomes)

    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.futures.append(future)
        self.live.append(live)
        if self._outcomes:
            outcome = self._outcomes.popleft()
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        return future

    def close(self) -> None:
        self.closed = True
