"""A live source that falls silent: stalled, live again, given up; and ended at any moment."""

import asyncio
from collections.abc import AsyncIterator

from stream.lifecycle import SILENT, Backoff
from stream.sample import Sample, Source, State, Status
from stream.supervise import Reopening
from tests.stream.scripted import BROKEN, ENDED, LIVE, Clock, Scripted, each, everything, reopening, sample, states


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

    source = Reopening(each(Later(LIVE, sample(0, 0.0, 100.0))), live=True, stall_after_s=0.1, clock=clock)
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
    source = Reopening(each(inner, Scripted(LIVE, ENDED)), live=True, stall_after_s=0.1, clock=clock)
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
        each(Scripted(LIVE, BROKEN)), live=True, backoff=Backoff(first_s=3600.0, longest_s=3600.0), entropy=lambda: 0.0
    )
    items = aiter(source)
    while not (isinstance(item := await anext(items), Status) and item.state is State.RECONNECTING):
        pass
    ending = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0)
    await source.aclose()
    assert await ending == ENDED


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
