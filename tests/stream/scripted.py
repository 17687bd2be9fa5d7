"""Sources that do as they are told, and openings of them one after another: what supervision is tested with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np

from stream.errors import Failure, SourceError
from stream.lifecycle import Backoff
from stream.sample import Counters, Sample, Source, SourceInfo, State, Status
from stream.supervise import Reopening

LIVE = Status(State.LIVE, info=SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=True))
STORED = Status(State.LIVE, info=SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False))
LOST = Status(State.FAILED, failure=Failure("worker_lost", "It died.", retryable=True))
BROKEN = Status(State.FAILED, failure=Failure("connection_lost", "It broke.", retryable=True))
MISSING = Status(State.FAILED, failure=Failure("not_found", "Nobody publishes."))
ENDED = Status(State.ENDED)


class Scripted:
    """A source that yields what it was given; without a final state at its end it waits to be closed."""

    def __init__(self, *items: Sample | Status) -> None:
        self.items = items
        self.released: list[Sample] = []
        self.hurries: list[float] = []
        self.closed = asyncio.Event()
        self.frames = 10

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        yield Status(State.CONNECTING)
        for item in self.items:
            yield item
        if not (isinstance(self.items[-1], Status) and self.items[-1].state.final):
            await self.closed.wait()
            yield ENDED

    def release(self, sample: Sample) -> None:
        self.released.append(sample)

    def counters(self) -> Counters:
        return Counters(frames=self.frames, samples=2, decode_errors=1, dropped={"ring": 1})

    def hurry(self, for_s: float) -> None:
        self.hurries.append(for_s)

    async def aclose(self) -> None:
        self.closed.set()


def sample(number: int, position_s: float, captured_s: float, epoch: int = 0) -> Sample:
    return Sample(np.zeros((2, 2, 3), np.uint8), position_s, captured_s, epoch, number)


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def reopening(
    *openings: Source | SourceError,
    live: bool = True,
    was_live: bool = False,
    reconnect_for_s: float = 60.0,
    clock: Callable[[], float] | None = None,
    before_each: Callable[[], None] = lambda: None,
) -> Reopening:
    waiting = list(openings)

    async def open_source() -> Source:
        before_each()
        opening = waiting.pop(0)
        if isinstance(opening, SourceError):
            raise opening
        return opening

    return Reopening(
        open_source,
        live=live,
        was_live=was_live,
        reconnect_for_s=reconnect_for_s,
        backoff=Backoff(first_s=0.0),
        clock=clock or Clock(),
    )


async def everything(source: Source) -> list[Sample | Status]:
    return [item async for item in source]


def states(items: list[Sample | Status]) -> list[State]:
    return [item.state for item in items if isinstance(item, Status)]


def each(*openings: Source) -> Callable[[], Awaitable[Source]]:
    waiting = list(openings)

    async def open_source() -> Source:
        return waiting.pop(0)

    return open_source
