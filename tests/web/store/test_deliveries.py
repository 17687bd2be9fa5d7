"""Deliveries in the store: whose turn it is, what becomes of them, and how many there may be."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.web.store.test_jobs import JOB
from web.delivery.delivery import Delivery, DeliveryState, Owed, Style
from web.delivery.endpoint import Endpoint
from web.delivery.room import Closed
from web.store import deliveries, delivery_claims, delivery_turns, jobs, webhooks
from web.store.store import Store

OPEN = Closed(frozenset(), frozenset())
HOOK = Endpoint(id="whk_a", key_id="1", url="https://u:p@Hook.example:8443/x", created_s=1.0)


def job_owes(number: int, *, job_id: str = "med_a", key_id: str | None = "1") -> Owed:
    return Owed(
        sender=job_id,
        number=number,
        style=Style.SIGHTENGINE,
        media_id=job_id,
        body=b'{"\xff": 1}',
        url="https://h/",
        key_id=key_id,
    )


def event(number: int, *, kind: str = "gore.incident", hook: Endpoint = HOOK) -> Owed:
    return Owed(
        sender=hook.id,
        number=number,
        style=Style.STANDARD,
        media_id="med_e",
        body=b"{}",
        url=hook.url,
        key_id=hook.key_id,
        holder=hook.id,
        stream_id="str_e",
        kind=kind,
    )


async def filled(tx: AsyncConnection) -> None:
    await jobs.add(tx, JOB)
    await jobs.add(tx, replace(JOB, id="med_b", key_id="2"))
    await webhooks.add(tx, HOOK, secret="whsec_AAAA")


async def everything(tx: AsyncConnection) -> list[Delivery]:
    found = await deliveries.listed(tx, styles=tuple(Style), limit=10_000)
    return sorted(found, key=lambda one: (one.sender, one.number))


async def due(tx: AsyncConnection, now_s: float, *, limit: int = 10, closed: Closed = OPEN) -> list[tuple[str, int]]:
    found = await delivery_turns.due(tx, now_s=now_s, limit=limit, closed=closed)
    taken = await delivery_claims.take(tx, [one.id for one in found.due], claim=None, now_s=now_s)
    return [(one.delivery.sender, one.delivery.number) for one in taken]


async def next_due_s(tx: AsyncConnection, after_s: float) -> float | None:
    return (await delivery_turns.due(tx, now_s=after_s, limit=10, closed=OPEN)).next_s


async def the(tx: AsyncConnection, sender: str, number: int) -> Delivery:
    (found,) = [one for one in await everything(tx) if (one.sender, one.number) == (sender, number)]
    return found


async def test_a_delivery_comes_back_as_it_went_in(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        owed = [job_owes(1), event(7)]
        await deliveries.add(tx, owed, now_s=100.0)
        for one, found in zip(owed, await everything(tx), strict=True):
            again = {name: getattr(found, name) for name in Owed.__dataclass_fields__}
            assert Owed(**again) == one
            assert (found.state, found.attempts, found.next_attempt_s) == (DeliveryState.PENDING, 0, 100.0)
            assert await deliveries.find(tx, found.id) == found
        assert (await the(tx, "whk_a", 7)).host == "hook.example:8443"
        assert await deliveries.find(tx, "cbk_9") is None
        assert [await deliveries.next_number(tx, sender) for sender in ("med_a", "med_b")] == [2, 1]


async def test_what_is_owed_already_is_not_owed_twice(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [event(1), event(2)], now_s=100.0)
        await deliveries.add(tx, [event(number) for number in (2, 3, 1)], now_s=101.0)
        assert [(one.number, one.owed_s) for one in await everything(tx)] == [(1, 100.0), (2, 100.0), (3, 101.0)]


async def test_those_of_one_sender_have_their_turns_in_order(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [job_owes(2), job_owes(1)], now_s=100.0)
        await deliveries.add(tx, [job_owes(1, job_id="med_b", key_id="2")], now_s=90.0)
        assert await next_due_s(tx, 0.0) == 90.0
        assert await next_due_s(tx, 90.0) == 100.0
        assert await next_due_s(tx, 100.0) is None
        assert await due(tx, 89.9) == []
        assert await due(tx, 95.0) == [("med_b", 1)]
        assert await due(tx, 100.0) == [("med_b", 1), ("med_a", 1)]
        assert await due(tx, 100.0, limit=1) == [("med_b", 1)]
        await delivery_turns.delivered(tx, await the(tx, "med_a", 1), now_s=110.0)
        assert await due(tx, 110.0) == [("med_b", 1), ("med_a", 2)]
        assert (await the(tx, "med_a", 1)).state is DeliveryState.DELIVERED


async def test_a_postponed_one_holds_up_its_own_sender_alone(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [job_owes(1), job_owes(2), event(5)], now_s=100.0)
        first = await the(tx, "med_a", 1)
        await delivery_turns.postpone(tx, first, next_s=105.0, error="It answered 500.", now_s=100.0)
        assert await due(tx, 104.0) == [("whk_a", 5)]
        postponed = await the(tx, "med_a", 1)
        assert (postponed.state, postponed.attempts) == (DeliveryState.PENDING, 1)
        assert (postponed.next_attempt_s, postponed.last_error) == (105.0, "It answered 500.")
        assert await due(tx, 105.0, closed=Closed(frozenset(), frozenset(), tried=True)) == [("whk_a", 5)]
        assert await due(tx, 105.0, closed=Closed(frozenset({"whk_a"}), frozenset())) == [("med_a", 1)]
        assert await due(tx, 105.0, closed=Closed(frozenset(), frozenset({"h"}))) == [("whk_a", 5)]


async def test_one_that_is_given_up_lets_the_next_pass_and_goes_first_when_it_is_tried_again(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [event(1), event(2)], now_s=100.0)
        first = await the(tx, "whk_a", 1)
        assert not await deliveries.retry(tx, first.id, now_s=200.0)
        await delivery_turns.give_up(tx, first, error="Nobody answers.", now_s=150.0)
        assert await due(tx, 150.0) == [("whk_a", 2)]
        assert await deliveries.retry(tx, first.id, now_s=200.0)
        assert await the(tx, "whk_a", 1) == replace(first, next_attempt_s=200.0, last_error="Nobody answers.")
        assert await due(tx, 200.0) == [("whk_a", 1)]
        await delivery_turns.delivered(tx, first, now_s=201.0)
        assert await due(tx, 201.0) == [("whk_a", 2)]
        assert [one.number for one in await everything(tx)] == [2], "an event that was taken is forgotten"


async def test_one_that_fails_while_an_earlier_one_is_tried_again_waits_for_that(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [event(1), event(2), event(3)], now_s=100.0)
        first = await the(tx, "whk_a", 1)
        await delivery_turns.give_up(tx, first, error="x", now_s=100.0)
        second = await the(tx, "whk_a", 2)
        await deliveries.retry(tx, first.id, now_s=101.0)
        await delivery_turns.postpone(tx, second, next_s=105.0, error="x", now_s=102.0)
        assert await due(tx, 200.0) == [("whk_a", 1)]
        await delivery_turns.delivered(tx, first, now_s=200.0)
        assert await due(tx, 200.0) == [("whk_a", 2)]
        await deliveries.add(tx, [event(0)], now_s=201.0)
        assert await due(tx, 201.0) == [("whk_a", 0)]


async def test_what_is_as_old_as_one_that_is_given_up_goes_with_it(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        for number, now_s in ((1, 100.0), (2, 101.0), (3, 900.0)):
            await deliveries.add(tx, [event(number)], now_s=now_s)
        first = await the(tx, "whk_a", 1)
        await delivery_turns.give_up(tx, first, error="x", now_s=1000.0, owed_before_s=500.0)
        assert [one.state for one in await everything(tx)] == ["failed", "failed", "pending"]
        assert await due(tx, 1000.0) == [("whk_a", 3)]


async def test_too_many_for_one_receiver_are_given_up_probabilities_first(store: Store) -> None:
    async with store.writing() as tx:
        await filled(tx)
        owed = [event(number, kind="gore.prob" if number in (1, 3, 5) else "gore.incident") for number in range(1, 9)]
        await deliveries.add(tx, [*owed, job_owes(1), job_owes(2)], now_s=100.0)
        gone = await deliveries.confine(tx, ["whk_a"], most=5, why="Too many.")
        # The first one may be under way, so that it stays.
        assert gone == {"gore.prob": 2, "given up": 1, "forgotten": 0}
        left = [(one.number, one.state.value) for one in await everything(tx) if one.sender == "whk_a"]
        assert left == [(1, "pending"), (2, "failed"), (4, "pending"), (6, "pending"), (7, "pending"), (8, "pending")]
        assert (await the(tx, "whk_a", 2)).last_error == "Too many."
        await deliveries.give_up_all(tx, "whk_a", error="x")
        assert (await deliveries.confine(tx, ["whk_a"], most=2, why="x"))["forgotten"] == 4
        assert [one.number for one in await everything(tx) if one.sender == "whk_a"] == [7, 8]
        assert await deliveries.counts(tx, ["whk_a", "med_a"]) == {
            ("whk_a", DeliveryState.FAILED): 2,
            ("med_a", DeliveryState.PENDING): 2,
        }


async def test_events_that_were_given_up_are_forgotten_after_a_while_and_those_of_jobs_with_their_job(
    store: Store,
) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [event(1), job_owes(1)], now_s=100.0)
        await deliveries.add(tx, [event(2)], now_s=200.0)
        for sender in ("whk_a", "med_a"):
            await deliveries.give_up_all(tx, sender, error="x")
        assert await deliveries.forget(tx, owed_before_s=150.0) == 1
        assert [(one.sender, one.number) for one in await everything(tx)] == [("med_a", 1), ("whk_a", 2)]
        await jobs.end(tx, "med_a", jobs.JobStatus.FINISHED, at_s=200.0)
        await jobs.forget(tx, ended_before_s=300.0)
        assert [one.sender for one in await everything(tx)] == ["whk_a"]
        assert await webhooks.remove(tx, "whk_a")
        assert not await webhooks.remove(tx, "whk_a")
        assert await everything(tx) == []


@pytest.mark.parametrize("key_id", ["1", "2", None])
async def test_lists_are_by_state_style_key_and_page(store: Store, key_id: str | None) -> None:
    async with store.writing() as tx:
        await filled(tx)
        await jobs.add(tx, replace(JOB, id="med_c", key_id=None))
        await deliveries.add(tx, [job_owes(1)], now_s=1.0)
        await deliveries.add(tx, [job_owes(1, job_id="med_b", key_id="2")], now_s=1.0)
        await deliveries.add(tx, [job_owes(1, job_id="med_c", key_id=None), event(3)], now_s=1.0)
        ids = [one.id for one in await deliveries.listed(tx, styles=tuple(Style), limit=10)]
        assert ids == sorted(ids)
        page = await deliveries.listed(tx, styles=tuple(Style), limit=2, after_id=ids[0])
        assert [one.id for one in page] == ids[1:3]
        await deliveries.give_up_all(tx, "whk_a", error="x")
        failed = await deliveries.listed(tx, styles=tuple(Style), limit=10, state=DeliveryState.FAILED)
        assert [one.sender for one in failed] == ["whk_a"]
        mine = await deliveries.listed_of(tx, key_id, styles=tuple(Style), limit=10)
        expected = {"1": {"med_a", "whk_a"}, "2": {"med_b"}, None: {"med_c"}}
        assert {one.sender for one in mine} == expected[key_id]
        of_jobs = await deliveries.listed_of(tx, key_id, styles=[Style.SIGHTENGINE], limit=10)
        assert {one.sender for one in of_jobs} == expected[key_id] - {"whk_a"}
