"""From an event to what is owed in the store: never waiting, in batches, within bounds, and whoever is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from inference.events import MediaStalled
from tests.web.delivery.sending import WITHIN_S, until
from web.delivery.cloudevents import format_id
from web.delivery.delivery import Delivery, DeliveryState, Style
from web.delivery.endpoint import Endpoint, StreamHook
from web.delivery.endpoints import MOST_OF_A_KEY, Endpoints, TooManyWebhooks
from web.delivery.history import Entry
from web.delivery.journal import Published
from web.delivery.ledger import Ledger
from web.store import deliveries, webhooks
from web.store.errors import StoreError
from web.store.store import Store, open_store

NOW_S = 1_700_000_000.0
STREAM = StreamHook("https://stream.example/", "1")


class Failing(Store):
    """A store that cannot be written while `broken`."""

    broken = False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[object]:  # type: ignore[override]
        if self.broken:
            raise StoreError("The disk is full.")
        async with super().writing() as tx:
            yield tx


class World:
    def __init__(self, store: Store, *, most_owed: int = 1000, most_waiting: int = 1000) -> None:
        self.store = store
        self.active = {"1", "2"}
        self.now_s = NOW_S
        self.woken = 0
        self.endpoints = Endpoints(store, active=self.active.__contains__, clock=lambda: self.now_s)
        self.ledger = Ledger(
            store,
            self.endpoints,
            wake=self._wake,
            most_owed=most_owed,
            most_waiting=most_waiting,
            clock=lambda: self.now_s,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def add(self, *, key_id: str | None = "1", kinds: tuple[str, ...] = ()) -> Endpoint:
        endpoint, _ = await self.endpoints.add(
            "https://hook.example/", key_id=key_id, kinds=kinds, streams=(), sees_all=False
        )
        return endpoint

    def happen(self, *numbers: int, kind: str = "gore.incident", hook: StreamHook | None = None) -> None:
        for number in numbers:
            entry = Entry(number, kind, "str_a", format_id(number).encode(), "1")
            self.ledger.offer(Published(entry, "med_a", MediaStalled("x"), NOW_S), hook)

    async def write(self) -> list[Delivery]:
        """Write all that waits; what is owed then."""
        self.ledger.finish()
        await asyncio.wait_for(self.ledger.run(), WITHIN_S)
        return await self.all()

    async def all(self) -> list[Delivery]:
        async with self.store.reading() as tx:
            found = await deliveries.listed(tx, styles=tuple(Style), limit=1000)
        return sorted(found, key=lambda one: (one.sender, one.number))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/gorewatch.db") as opened:
        yield opened


async def test_an_event_is_owed_to_webhooks_and_to_the_callback_of_its_stream(store: Store) -> None:
    world = World(store)
    mine, _ = await world.add(), await world.add(key_id="2")
    world.happen(1, hook=STREAM)
    world.happen(2, kind="gore.prob", hook=STREAM)
    owed = await world.write()
    assert {(one.sender, one.number, one.url) for one in owed} == {
        (mine.id, 1, "https://hook.example/"),
        ("str_a", 1, "https://stream.example/"),
    }
    assert {one.body for one in owed} == {format_id(1).encode()}
    assert {one.next_attempt_s for one in owed} == {NOW_S}
    assert world.woken


async def test_what_nobody_wants_costs_the_store_nothing(store: Store) -> None:
    world = World(store)
    world.happen(1, 2, 3)
    assert len(world.ledger) == 0
    assert await world.write() == []
    assert world.woken == 0


async def test_a_store_that_takes_nothing_for_a_while_costs_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("web.delivery.ledger._TROUBLED_S", 0.01)
    failing = Failing(store._engine)
    world = World(failing)
    await world.add()
    failing.broken = True
    running = asyncio.create_task(world.ledger.run())
    world.happen(*range(1, 4))
    await until(lambda: "The disk is full" in caplog.text)
    world.happen(4)
    assert len(world.ledger) == 4
    failing.broken = False
    world.ledger.finish()
    await asyncio.wait_for(running, WITHIN_S)
    assert [one.number for one in await world.all()] == [1, 2, 3, 4]
    assert world.ledger.dropped["unwritten"] == 0
    assert caplog.text.count("The disk is full") == 1


async def test_what_cannot_wait_any_more_is_counted_and_what_is_lost_at_the_end_is_said(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(store, most_waiting=3)
    await world.add(kinds=("gore.prob", "gore.incident"))
    world.happen(1, kind="gore.prob")
    world.happen(*range(2, 6))
    assert world.ledger.dropped["unwritten"] == 2
    assert len(world.ledger) == 3
    world.ledger.tell_lost()
    assert "3 events are not posted" in caplog.text


async def test_a_receiver_is_owed_so_much_and_no_more(store: Store) -> None:
    world = World(store, most_owed=10)
    endpoint = await world.add(kinds=("gore.prob", "gore.incident"))
    world.happen(*range(1, 6), kind="gore.prob")
    world.happen(*range(6, 26))
    owed = await world.write()
    states = {state: [one.number for one in owed if one.state is state] for state in DeliveryState}
    assert states[DeliveryState.PENDING] == [1, *range(17, 26)]
    assert states[DeliveryState.FAILED] == [*range(7, 17)]
    assert {one.last_error for one in owed if one.state is DeliveryState.FAILED} == {
        "More waited for this receiver than may (limits.webhook_queue)."
    }
    assert world.ledger.dropped == {"unwritten": 0, "prob_over_limit": 4, "over_limit": 11, "forgotten": 1}
    assert {one.sender for one in owed} == {endpoint.id}


async def test_what_was_given_up_long_ago_is_forgotten(store: Store) -> None:
    world = World(store)
    endpoint = await world.add()
    world.happen(1)
    await world.write()
    async with store.writing() as tx:
        await deliveries.give_up_all(tx, endpoint.id, error="x")
    for days, left in ((6.9, 1), (7.1, 0)):
        later = World(store)
        later.now_s = NOW_S + days * 86_400.0
        assert len(await later.write()) == left


async def test_who_wants_no_more_is_owed_nothing_more(store: Store) -> None:
    world = World(store)
    endpoint, other = await world.add(), await world.add()
    world.happen(1, hook=STREAM)
    for one in await world.write():
        if one.sender != other.id:
            world.endpoints.gone(one)
    assert world.endpoints.unwanted("str_a")
    world.happen(2, hook=STREAM)
    assert [one.sender for one in await world.write() if one.number == 2] == [other.id]
    changed = world.endpoints.find(endpoint.id)
    assert changed is not None
    assert changed.disabled is not None
    await world.endpoints.enable(changed)
    world.happen(3)
    assert {one.sender for one in await world.write() if one.number == 3} == {endpoint.id, other.id}


async def test_streams_whose_receiver_is_gone_are_remembered_within_a_bound(store: Store) -> None:
    world = World(store)
    world.happen(1, hook=STREAM)
    (owed,) = await world.write()
    for number in range(1001):
        world.endpoints.gone(replace(owed, stream_id=f"str_{number}"))
    assert [world.endpoints.unwanted(f"str_{number}") for number in (0, 1, 1000)] == [False, True, True]


async def test_the_webhooks_of_a_key_that_is_revoked_are_disabled(store: Store) -> None:
    world = World(store)
    revoked, other, nobodys = await world.add(), await world.add(key_id="2"), await world.add(key_id=None)
    world.happen(1)
    await world.write()
    running = asyncio.create_task(world.endpoints.run())
    world.endpoints.look()
    world.active.discard("1")
    world.endpoints.look()
    await until(lambda: next(iter(world.endpoints)).disabled is not None)
    running.cancel()
    await asyncio.wait({running})
    again = World(store)
    await again.endpoints.load()
    disabled = {endpoint.id: endpoint.disabled for endpoint in again.endpoints}
    assert disabled == {revoked.id: "Its key was revoked.", other.id: None, nobodys.id: None}
    (owed,) = await world.all()
    assert (owed.state, owed.last_error) == (DeliveryState.FAILED, "Its key was revoked.")


async def test_a_key_has_so_many_and_another_one_its_own(store: Store) -> None:
    world = World(store)
    for _ in range(MOST_OF_A_KEY):
        await world.add()
    with pytest.raises(TooManyWebhooks):
        await world.add()
    await world.add(key_id="2")
    await world.endpoints.remove(next(iter(world.endpoints)))
    await world.add()
    assert len(list(world.endpoints)) == MOST_OF_A_KEY + 1
    async with store.reading() as tx:
        assert set(await webhooks.listed(tx)) == set(world.endpoints)
