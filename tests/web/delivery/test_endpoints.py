"""Webhooks in memory and in the store are the same ones, whatever becomes of who changes them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.web.delivery.sending import WITHIN_S
from tests.web.delivery.test_ledger import World
from web.delivery.endpoint import Endpoint
from web.store import webhooks
from web.store.errors import StoreError
from web.store.store import Store

_EACH_UP_TO = 8
"""Turns of the loop; then each time twice as many, since a thread of the store's takes many."""
Change = Callable[[World, Endpoint], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "add": lambda world, _: world.add(key_id="2"),
    "remove": lambda world, endpoint: world.endpoints.remove(endpoint),
    "enable": lambda world, endpoint: world.endpoints.enable(endpoint),
}


async def stored(store: Store) -> set[Endpoint]:
    async with store.reading() as tx:
        return set(await webhooks.listed(tx))


async def disabled(world: World) -> Endpoint:
    """A webhook that gets nothing, here and in the store."""
    endpoint = await world.add(key_id="2")
    async with world.store.writing() as tx:
        await webhooks.disable(tx, [endpoint.id], "Gone.")
    await world.endpoints.load()
    return replace(endpoint, disabled="Gone.")


@pytest.mark.parametrize("what", CHANGES)
async def test_who_is_cancelled_at_any_moment_leaves_store_and_memory_alike(store: Store, what: str) -> None:
    turns, cancelled = 0, True
    while cancelled:
        world = World(store)
        await world.endpoints.load()
        endpoint = await disabled(world)
        changing = asyncio.ensure_future(CHANGES[what](world, endpoint))
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled = changing.cancel()
        await asyncio.wait({changing})
        await world.endpoints.settle(timeout_s=WITHIN_S)
        assert set(world.endpoints) == await stored(store)
        async with asyncio.timeout(WITHIN_S):
            await world.write(world.other.started())
        for one in world.endpoints:
            await world.endpoints.remove(one)
        turns = turns + 1 if turns < _EACH_UP_TO else 2 * turns
    assert turns > 1


async def test_one_that_was_removed_meanwhile_is_not_enabled(store: Store) -> None:
    world = World(store)
    endpoint = await disabled(world)
    removing = asyncio.create_task(world.endpoints.remove(endpoint))
    await asyncio.sleep(0)
    assert await world.endpoints.enable(endpoint) is None
    await removing
    assert set(world.endpoints) == await stored(store) == set()


async def test_one_that_may_have_been_removed_is_told_of_nothing_until_that_is_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(store)
    endpoint = await world.add(key_id="2")

    async def fail(*_: object) -> bool:
        raise StoreError("The connection was lost.")

    with monkeypatch.context() as patch:
        patch.setattr(webhooks, "remove", fail)
        patch.setattr(webhooks, "listed", fail)
        with pytest.raises(StoreError):
            await world.endpoints.remove(endpoint)
    assert await world.write(world.other.started()) == []
    await world.endpoints.remove(endpoint)
    assert set(world.endpoints) == await stored(store) == set()


async def test_a_webhook_that_cannot_be_removed_stays_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(store)
    endpoint = await world.add(key_id="2")

    async def fail(tx: object, webhook_id: str) -> bool:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(webhooks, "remove", fail)
    with pytest.raises(StoreError):
        await world.endpoints.remove(endpoint)
    assert world.endpoints.find(endpoint.id) == endpoint
    assert len(await world.write(world.other.started())) == 1
