"""What was not taken is sent again: when, and for how long."""

import asyncio

import pytest

from tests.web.delivery.sending import (
    DELIVERED,
    EVENTS_S,
    FAILED,
    JOBS_S,
    PENDING,
    START_S,
    World,
)
from web.delivery.signature import HEADER
from web.store import deliveries


async def test_it_is_tried_again_ever_more_rarely_then_given_up_until_somebody_asks(world: World) -> None:
    async with world.sending():
        await world.owe("a", b"1", b"2")
        for attempt, delay_s in enumerate(JOBS_S, start=1):
            posted = await world.hook.next()
            assert posted.body == b"1"
            assert posted.headers[HEADER].startswith(f"t={int(world.now_s)},")
            posted.refuse()
            await world.until("a", 1, PENDING, attempt)
            world.pass_s(delay_s - 1.0)
            assert world.hook.posted.empty()
            world.pass_s(1.0)
        (await world.hook.next()).refuse()
        given_up = await world.until("a", 1, FAILED, len(JOBS_S) + 1)
        await world.hook.take(b"2")
        await world.until("a", 2, DELIVERED, 1)
        async with world.store.writing() as tx:
            assert await deliveries.retry(tx, given_up.id, now_s=world.now_s)
        world.pass_s(0.0)
        await world.hook.take(b"1")
        await world.until("a", 1, DELIVERED, 1)


async def test_an_event_is_tried_for_more_than_a_day_and_what_is_as_old_goes_with_it(world: World) -> None:
    async with world.sending() as sender:
        await world.tell("whk_a", 1, 2)
        for attempt, delay_s in enumerate(EVENTS_S, start=1):
            (await world.hook.next()).refuse()
            await world.until("whk_a", 1, PENDING, attempt)
            world.pass_s(delay_s)
        assert world.now_s - START_S > 86_400.0
        await world.tell("whk_a", 3)
        world.now_s += 1.0
        (await world.hook.next()).refuse()
        await world.until("whk_a", 1, FAILED, len(EVENTS_S) + 1)
        await world.hook.take(b"3")
        await world.until_nothing_is_owed()
        assert {key: one.attempts for key, one in (await world.all()).items()} == {
            ("whk_a", 1): len(EVENTS_S) + 1,
            ("whk_a", 2): 0,
        }
        assert sender.outcomes == {"delivered": 1, "failed": len(EVENTS_S), "given_up": 1, "gone": 0, "overtaken": 0}


async def test_who_was_down_for_an_hour_gets_everything_in_order(world: World) -> None:
    down_until_s = START_S + 3600.0
    got: list[bytes] = []

    async def receive() -> None:
        while True:
            posted = await world.hook.next()
            if world.now_s < down_until_s:
                posted.refuse(503)
            else:
                got.append(posted.body)
                posted.take()

    async with world.sending():
        receiver = asyncio.create_task(receive())
        for number in range(1, 61):
            await world.tell("whk_a", number)
            world.pass_s(60.0)
        while len(got) < 60:
            pending = await world.all()
            next_s = min(one.next_attempt_s for one in pending.values() if one.next_attempt_s) if pending else 0.0
            world.pass_s(max(next_s - world.now_s, 0.0))
            await asyncio.sleep(0.005)
        receiver.cancel()
        await asyncio.wait({receiver})
    assert got == [str(number).encode() for number in range(1, 61)]


async def test_a_receiver_may_ask_for_a_longer_wait_and_waits_are_jittered(world: World) -> None:
    world.chance = 0.5
    async with world.sending():
        await world.tell("whk_a", 1)
        (await world.hook.next()).refuse(429, retry_after="120")
        assert (await world.until("whk_a", 1, PENDING, 1)).next_attempt_s == pytest.approx(START_S + 126.0)
