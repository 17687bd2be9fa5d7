"""A live source comes back when its worker dies, as the same media."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from stream.errors import Failure, Overloaded, SourceError
from stream.sample import Counters, Sample, Source, SourceInfo, State, Status
from stream.supervise import Reopening

LIVE = Status(State.LIVE, info=SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=True))
STORED = Status(State.LIVE, info=SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False))
LOST = Status(State.FAILED, failure=Failure("worker_lost", "It died.", retryable=True))
ENDED = Status(State.ENDED)


class Scripted:
    """A source that yields what it was given; without a final state at its end it waits to be closed."""

    def __init__(self, *items: Sample | Status) -> None:
        self.items = items
        self.released: list[Sample] = []
        self.hurries: list[float] = []
        self.closed = asyncio.Event()

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
        return Counters(frames=10, samples=2, decode_errors=1, dropped={"ring": 1})

    def hurry(self, for_s: float) -> None:
        self.hurries.append(for_s)

    async def aclose(self) -> None:
        self.closed.set()


def sample(number: int, position_s: float, captured_s: float, epoch: int = 0) -> Sample:
    return Sample(np.zeros((2, 2, 3), np.uint8), position_s, captured_s, epoch, number)


def reopening(*openings: Source | SourceError, live: bool = True, clock: list[float] | None = None) -> Reopening:
    waiting = list(openings)
    moments = iter(clock or [0.0] * 100)

    async def open_source() -> Source:
        opening = waiting.pop(0)
        if isinstance(opening, SourceError):
            raise opening
        return opening

    return Reopening(open_source, live=live, within_s=60.0, clock=lambda: next(moments))


async def everything(source: Source) -> list[Sample | Status]:
    return [item async for item in source]


def states(items: list[Sample | Status]) -> list[State]:
    return [item.state for item in items if isinstance(item, Status)]


async def test_positions_epochs_and_numbers_go_on_and_the_time_lost_counts() -> None:
    first = Scripted(LIVE, sample(0, 0.0, 100.0), sample(1, 0.5, 100.5, epoch=1), LOST)
    second = Scripted(LIVE, sample(0, 3.0, 104.5), sample(1, 3.5, 105.0), ENDED)
    source = reopening(first, second)
    items = await everything(source)
    samples = [item for item in items if isinstance(item, Sample)]
    assert [(one.number, one.position_s, one.epoch) for one in samples] == [
        (0, 0.0, 0),
        (1, 0.5, 1),
        (2, 4.5, 2),
        (3, 5.0, 2),
    ]
    assert states(items) == [
        State.CONNECTING,
        State.LIVE,
        State.RECONNECTING,
        State.RECONNECTING,
        State.LIVE,
        State.ENDED,
    ]
    for one in [*samples, *samples]:
        source.release(one)
    assert [(one.number, one.position_s) for one in second.released] == [(0, 3.0), (1, 3.5)]
    assert [one.number for one in first.released] == [0, 1]
    assert source.counters() == Counters(frames=20, samples=4, decode_errors=2, dropped={"ring": 2})


async def test_it_gives_up_after_three_losses_within_the_time() -> None:
    items = await everything(reopening(*(Scripted(LIVE, LOST) for _ in range(4))))
    assert states(items).count(State.LIVE) == 4
    assert items[-1] == LOST


async def test_losses_long_ago_do_not_count() -> None:
    openings = [*(Scripted(LIVE, LOST) for _ in range(6)), Scripted(LIVE, ENDED)]
    items = await everything(reopening(*openings, clock=[40.0 * loss for loss in range(6)]))
    assert items[-1] == ENDED


async def test_a_stored_file_and_other_failures_are_not_tried_again() -> None:
    refused = Status(State.FAILED, failure=Failure("connection_lost", "It broke.", retryable=True))
    assert (await everything(reopening(Scripted(STORED, LOST), live=False)))[-1] == LOST
    assert (await everything(reopening(Scripted(LIVE, refused))))[-1] == refused


async def test_no_time_for_it_means_not_at_all() -> None:
    async def open_source() -> Source:
        return Scripted(LIVE, LOST)

    assert (await everything(Reopening(open_source, live=True, within_s=0.0)))[-1] == LOST


async def test_a_source_that_told_it_is_live_comes_back_too() -> None:
    items = await everything(reopening(Scripted(LIVE, LOST), Scripted(LIVE, ENDED), live=False))
    assert items[-1] == ENDED


async def test_an_opening_that_fails_is_a_failure_of_the_source() -> None:
    (failed,) = await everything(reopening(Overloaded("No worker.")))
    assert failed == Status(State.FAILED, failure=Failure("overloaded", "No worker.", retryable=True))


async def test_closing_ends_it_while_it_reads_and_while_it_opens() -> None:
    inner = Scripted(LIVE)
    source = reopening(inner)
    reading = asyncio.create_task(everything(source))
    await asyncio.sleep(0)
    await source.aclose()
    assert states(await reading)[-1] is State.ENDED

    never = asyncio.Event()
    opened = asyncio.Event()

    async def open_source() -> Source:
        opened.set()
        await never.wait()
        return inner

    opening = Reopening(open_source, live=True)
    reading = asyncio.create_task(everything(opening))
    await opened.wait()
    await opening.aclose()
    assert await reading == [ENDED]
