"""Callbacks in the store: whose turn it is, and what becomes of them."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.web.store.test_jobs import JOB
from web.store import callbacks, jobs
from web.store.callbacks import Callback, CallbackState
from web.store.store import Store


async def owe(tx: AsyncConnection, number: int, *, job_id: str = "med_a", due_s: float = 100.0) -> Callback:
    return await callbacks.add(
        tx, callback_id=f"cbk_{number}", job_id=job_id, body=b'{"\xff": 1}', url="https://h/", due_s=due_s
    )


async def two_jobs(tx: AsyncConnection) -> None:
    await jobs.add(tx, JOB)
    await jobs.add(tx, replace(JOB, id="med_b", key_id="2"))


async def due(tx: AsyncConnection, now_s: float, limit: int = 10) -> list[str]:
    return [callback.id for callback in await callbacks.due(tx, now_s=now_s, limit=limit)]


async def test_a_callback_comes_back_as_it_went_in_with_its_number(store: Store) -> None:
    async with store.writing() as tx:
        await two_jobs(tx)
        owed = [await owe(tx, 1), await owe(tx, 2), await owe(tx, 3, job_id="med_b")]
        assert [callback.number for callback in owed] == [1, 2, 1]
        assert [await callbacks.find(tx, callback.id) for callback in owed] == owed
        assert await callbacks.find(tx, "cbk_9") is None


async def test_those_of_one_job_have_their_turns_in_order(store: Store) -> None:
    async with store.writing() as tx:
        await two_jobs(tx)
        await owe(tx, 1, due_s=100.0)
        await owe(tx, 2, due_s=50.0)
        await owe(tx, 3, due_s=90.0, job_id="med_b")
        assert await callbacks.next_due_s(tx) == 90.0
        assert await due(tx, 89.9) == []
        assert await due(tx, 95.0) == ["cbk_3"]
        assert await due(tx, 100.0) == ["cbk_3", "cbk_1"]
        assert await due(tx, 100.0, limit=1) == ["cbk_3"]
        await callbacks.delivered(tx, "cbk_1")
        assert await due(tx, 100.0) == ["cbk_2", "cbk_3"]


async def test_a_postponed_one_holds_up_its_own_job_alone(store: Store) -> None:
    async with store.writing() as tx:
        await two_jobs(tx)
        for number, job_id in ((1, "med_a"), (2, "med_a"), (3, "med_b")):
            await owe(tx, number, job_id=job_id)
        await callbacks.postpone(tx, "cbk_1", next_attempt_s=105.0, error="It answered 500.")
        assert await due(tx, 104.0) == ["cbk_3"]
        postponed = await callbacks.find(tx, "cbk_1")
        assert postponed is not None
        assert (postponed.state, postponed.attempts) == (CallbackState.PENDING, 1)
        assert (postponed.next_attempt_s, postponed.last_error) == (105.0, "It answered 500.")
        await callbacks.delivered(tx, "cbk_3")
        assert await callbacks.next_due_s(tx) == 105.0


async def test_one_that_is_given_up_lets_the_next_pass_and_may_be_tried_again(store: Store) -> None:
    async with store.writing() as tx:
        await two_jobs(tx)
        first = await owe(tx, 1)
        await owe(tx, 2)
        assert not await callbacks.retry(tx, "cbk_1", due_s=200.0)
        await callbacks.give_up(tx, "cbk_1", error="Nobody answers.")
        assert await due(tx, 100.0) == ["cbk_2"]
        await callbacks.delivered(tx, "cbk_2")
        assert await callbacks.next_due_s(tx) is None
        assert await callbacks.retry(tx, "cbk_1", due_s=200.0)
        again = await callbacks.find(tx, "cbk_1")
        assert again == replace(first, next_attempt_s=200.0, last_error="Nobody answers.")
        assert await due(tx, 200.0) == ["cbk_1"]


@pytest.mark.parametrize("key_id", ["1", "2", None])
async def test_lists_are_by_state_key_and_page(store: Store, key_id: str | None) -> None:
    async with store.writing() as tx:
        await two_jobs(tx)
        await jobs.add(tx, replace(JOB, id="med_c", key_id=None))
        for number, job_id in enumerate(("med_a", "med_b", "med_c", "med_a")):
            await owe(tx, number, job_id=job_id)
        await callbacks.give_up(tx, "cbk_3", error="x")
        everything = await callbacks.listed(tx, limit=10)
        assert [callback.id for callback in everything] == ["cbk_0", "cbk_1", "cbk_2", "cbk_3"]
        page = await callbacks.listed(tx, limit=2, after_id="cbk_0")
        assert [callback.id for callback in page] == ["cbk_1", "cbk_2"]
        failed = await callbacks.listed(tx, limit=10, state=CallbackState.FAILED)
        assert [callback.id for callback in failed] == ["cbk_3"]
        mine = await callbacks.listed_of(tx, key_id, limit=10)
        expected = {"1": ["cbk_0", "cbk_3"], "2": ["cbk_1"], None: ["cbk_2"]}
        assert [callback.id for callback in mine] == expected[key_id]
