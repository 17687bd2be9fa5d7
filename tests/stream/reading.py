"""Reads a source to its end the way the service does, and keeps what a test wants to ask about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from stream.address import parse
from stream.errors import Failure
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Counters, Sample, Source, SourceInfo, State, Status
from tests.media import second_of

SIDE_PX = 64
"""Small samples: these tests look at colours, not at a detector's input."""


@dataclass
class Reading:
    colours: bool = True
    """The pictures are of `tests.media`: say which second each of them shows."""
    states: list[State] = field(default_factory=list)
    info: SourceInfo | None = None
    failure: Failure | None = None
    positions: list[float] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)

    @property
    def code(self) -> str | None:
        return None if self.failure is None else self.failure.code

    def take(self, item: Sample | Status) -> None:
        if isinstance(item, Status):
            self.states.append(item.state)
            self.info = item.info or self.info
            self.failure = item.failure or self.failure
            return
        self.positions.append(item.position_s)
        if self.colours:
            self.seconds.append(second_of(item.pixels))
        self.epochs.append(item.epoch)
        self.numbers.append(item.number)


@asynccontextmanager
async def a_pool(workers: int = 1) -> AsyncIterator[WorkerPool]:
    async with WorkerPool(workers, width_px=SIDE_PX, height_px=SIDE_PX) as pool:
        yield pool


def trusted(fps: float = 2.0, deadline_s: float = 5.0) -> SourceOptions:
    return SourceOptions(fps=fps, trusted=True, open_timeout_s=deadline_s, read_timeout_s=deadline_s)


async def read(
    pool: WorkerPool, url: str, options: SourceOptions | None = None, *, samples: int = 10_000, colours: bool = True
) -> Reading:
    """Everything a source gives, or as much as `samples` of it."""
    source = await pool.pull(parse(url), options or trusted())
    return await drain(source, samples=samples, colours=colours)


async def drain(source: Source, *, samples: int = 10_000, colours: bool = True) -> Reading:
    reading = Reading(colours=colours)
    async for item in source:
        reading.take(item)
        if isinstance(item, Sample):
            source.release(item)
        if len(reading.positions) >= samples:
            break
    await source.aclose()
    reading.counters = source.counters()
    return reading
