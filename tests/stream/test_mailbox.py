import asyncio

import pytest

from stream.mailbox import Mailbox


async def test_items_come_in_their_order() -> None:
    box: Mailbox[int] = Mailbox()
    for item in range(3):
        box.put(item)
    assert len(box) == 3
    assert [await box.get() for _ in range(3)] == [0, 1, 2]


async def test_who_waits_gets_what_comes() -> None:
    box: Mailbox[int] = Mailbox()
    waiting = asyncio.create_task(box.get(60.0))
    await asyncio.sleep(0)
    assert not waiting.done()
    box.put(1)
    box.put(2)
    assert await waiting == 1
    assert await box.get(0.0) == 2


async def test_nothing_comes_within_the_time() -> None:
    box: Mailbox[int] = Mailbox()
    assert await box.get(0.01) is None
    box.put(1)
    assert await box.get(0.01) == 1


async def test_who_gives_up_waiting_loses_nothing() -> None:
    box: Mailbox[int] = Mailbox()
    waiting = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    # It comes in the same turn of the loop in which waiting is given up.
    box.put(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await box.get(0.0) == 1
