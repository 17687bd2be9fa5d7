"""A live source comes back as the same media, is stalled while it is silent, and is given up when its time is over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest

from stream.errors import AddressRefused, ConnectionRefused, Failure, Overloaded, SourceError
from stream.lifecycle import OFF_AIR, SILENT, Backoff
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
        open_source, live=live, reconnect_for_s=reconnect_for_s, backoff=Backoff(first_s=0.0), clock=clock or Clock()
    )


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
    assert source.counters() == Counters(frames=20, samples=4, decode_errors=2, dropped={"ring": 2}, reconnects=1)


async def test_it_gives_up_after_three_losses_within_the_time() -> None:
    items = await everything(reopening(*(Scripted(LIVE, LOST) for _ in range(4))))
    assert states(items).count(State.LIVE) == 4
    assert items[-1] == LOST


async def test_losses_long_ago_do_not_count() -> None:
    clock = Clock()

    def later() -> None:
        clock.now_s += 40.0

    openings = [*(Scripted(LIVE, LOST) for _ in range(6)), Scripted(LIVE, ENDED)]
    items = await everything(reopening(*openings, clock=clock, before_each=later))
    assert items[-1] == ENDED


async def test_a_stored_file_is_not_tried_again() -> None:
    assert (await everything(reopening(Scripted(STORED, LOST), live=False)))[-1] == LOST
    assert (await everything(reopening(Scripted(STORED, BROKEN), live=False)))[-1] == BROKEN


async def test_what_was_never_live_fails_as_its_first_opening_says() -> None:
    items = await everything(reopening(Scripted(BROKEN)))
    assert states(items) == [State.CONNECTING, State.FAILED]


async def test_a_live_one_that_breaks_is_tried_until_frames_come() -> None:
    refused = ConnectionRefused("Nobody listens.")
    source = reopening(Scripted(LIVE, BROKEN), refused, Scripted(MISSING), Scripted(LIVE, ENDED))
    items = await everything(source)
    again = [(item.reason, item.failure) for item in items if isinstance(item, Status) and item.failure is not None]
    assert again == [
        ("connection_lost", BROKEN.failure),
        ("connection_refused", refused.failure()),
        ("not_found", MISSING.failure),
    ]
    assert states(items)[-2:] == [State.LIVE, State.ENDED]
    assert source.counters().reconnects == 3


@pytest.mark.parametrize(("end", "last"), [("broken", State.FAILED), ("off_air", State.ENDED)])
async def test_when_its_time_is_up_it_has_failed_or_ended_by_how_it_was_lost(end: str, last: State) -> None:
    clock = Clock()

    def later() -> None:
        clock.now_s += 25.0

    lost = {"broken": BROKEN, "off_air": Status(State.ENDED, reason=OFF_AIR)}[end]
    openings = [Scripted(LIVE, lost), *(Scripted(MISSING) for _ in range(9))]
    items = await everything(reopening(*openings, clock=clock, before_each=later))
    assert states(items)[-1] is last
    # Lost at 25 s; tried at 50 s and 75 s, and at 100 s its minute is over.
    assert sum(isinstance(item, Status) and item.failure == MISSING.failure for item in items) >= 2
    assert len(items) < 12


async def test_an_address_that_may_not_be_reached_is_not_tried_again() -> None:
    items = await everything(reopening(Scripted(LIVE, BROKEN), AddressRefused("It leads inside.")))
    assert isinstance(items[-1], Status)
    assert items[-1].failure is not None
    assert items[-1].failure.code == "address_refused"


async def test_what_came_faster_than_it_plays_is_over_when_it_ends() -> None:
    quick = Scripted(LIVE, sample(0, 0.0, 100.0), sample(1, 6.0, 100.1), Status(State.ENDED, reason=OFF_AIR))
    assert (await everything(reopening(quick)))[-1] == ENDED


async def test_no_time_for_it_means_not_at_all() -> None:
    assert (await everything(reopening(Scripted(LIVE, LOST), reconnect_for_s=0.0)))[-1] == LOST


async def test_silence_is_a_state_and_what_is_heard_ends_it() -> None:
    inner = Scripted(LIVE, sample(0, 0.0, 100.0))

    async def open_source() -> Source:
        return inner

    source = Reopening(open_source, live=True, stall_after_s=0.1)
    items = aiter(source)
    got = [await anext(items) for _ in range(4)]
    assert states(got) == [State.CONNECTING, State.LIVE, State.STALLED]
    assert isinstance(got[-1], Status)
    assert got[-1].reason == SILENT
    inner.frames += 1  # frames that nobody samples are heard too
    resumed = await anext(items)
    assert isinstance(resumed, Status)
    assert resumed.state is State.LIVE
    await source.aclose()
    while True:
        item = await anext(items)
        if isinstance(item, Status) and item.state.final:
            break
    assert item == ENDED


async def test_that_it_is_live_again_is_said_before_its_next_sample() -> None:
    clock = Clock()
    more = asyncio.Event()

    class Later(Scripted):
        async def __aiter__(self) -> AsyncIterator[Sample | Status]:
            for item in self.items:
                yield item
            await more.wait()
            yield sample(1, 9.0, 109.0)
            yield ENDED

    source = Reopening(_each(Later(LIVE, sample(0, 0.0, 100.0))), live=True, stall_after_s=0.1, clock=clock)
    items = aiter(source)
    for _ in range(2):
        await anext(items)
    clock.now_s = 9.0
    stalled = await anext(items)
    more.set()
    rest = [item async for item in items]
    assert states([stalled, *rest]) == [State.STALLED, State.LIVE, State.ENDED]
    assert isinstance(rest[1], Sample)


async def test_one_that_stays_silent_is_given_up_for_a_new_connection() -> None:
    clock = Clock()
    inner = Scripted(LIVE, sample(0, 0.0, 100.0))
    source = Reopening(_each(inner, Scripted(LIVE, ENDED)), live=True, stall_after_s=0.1, clock=clock)
    items = aiter(source)
    for _ in range(3):
        await anext(items)
    clock.now_s = 1.0
    stalled = await anext(items)
    clock.now_s = 20.0
    lost = await anext(items)
    assert isinstance(stalled, Status)
    assert isinstance(lost, Status)
    assert (stalled.state, lost.state, lost.reason) == (State.STALLED, State.RECONNECTING, "timeout")
    assert inner.closed.is_set()
    assert states([item async for item in items])[-2:] == [State.LIVE, State.ENDED]


async def test_it_ends_at_once_while_it_waits_for_its_next_try() -> None:
    source = Reopening(
        _each(Scripted(LIVE, BROKEN)), live=True, backoff=Backoff(first_s=3600.0, longest_s=3600.0), entropy=lambda: 0.0
    )
    items = aiter(source)
    while not (isinstance(item := await anext(items), Status) and item.state is State.RECONNECTING):
        pass
    ending = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0)
    await source.aclose()
    assert await ending == ENDED


def _each(*openings: Source) -> Callable[[], Awaitable[Source]]:
    waiting = list(openings)

    async def open_source() -> Source:
        return waiting.pop(0)

    return open_source


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
