import asyncio
from contextlib import AsyncExitStack

import pytest

from stream.errors import Overloaded
from web.turns import Turns


async def test_as_many_as_may_run_do_and_the_next_waits_for_its_turn() -> None:
    turns = Turns(running=2, waiting=1, wait_s=20.0)
    async with AsyncExitStack() as second:
        async with turns.one():
            await second.enter_async_context(turns.one())
            third = asyncio.ensure_future(second.enter_async_context(turns.one()))
            await asyncio.sleep(0)
            assert not third.done()
            assert (turns.running, turns.waiting, turns.refused) == (2, 1, 0)
        await asyncio.wait_for(third, 20)


async def test_who_comes_when_the_queue_is_full_is_refused_at_once() -> None:
    turns = Turns(running=1, waiting=0, wait_s=20.0)
    async with turns.one():
        with pytest.raises(Overloaded):
            async with turns.one():
                pass
    assert (turns.running, turns.waiting, turns.refused) == (0, 0, 1)
    async with turns.one():
        pass


async def test_who_waits_too_long_is_refused() -> None:
    turns = Turns(running=1, waiting=1, wait_s=0.01)
    async with turns.one():
        with pytest.raises(Overloaded, match=r"0\.01 s"):
            async with turns.one():
                pass


async def test_who_gives_up_waiting_leaves_the_queue() -> None:
    turns = Turns(running=1, waiting=1, wait_s=20.0)
    async with turns.one():
        waiting = asyncio.ensure_future(turns.one().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        other = asyncio.ensure_future(turns.one().__aenter__())
        await asyncio.sleep(0)
        assert not other.done()
        other.cancel()
        await asyncio.wait({other})
