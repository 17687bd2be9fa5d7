"""From an event to what is owed in the store: in the transaction that keeps the event, once, and within bounds."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from inference.events import IncidentState
from tests.until import until
from tests.web.delivery.sending import WITHIN_S
from tests.web.recording.making import START_S, Filming
from web.delivery.delivery import Delivery, DeliveryState, Style
from web.delivery.endpoint import Endpoint
from web.delivery.endpoints import MOST_OF_A_KEY, Endpoints, TooManyWebhooks
from web.delivery.journal import Published
from web.delivery.ledger import Ledger
from web.recording.journal import StoreJournal
from web.store import deliveries, webhooks
from web.store.errors import StoreError
from web.store.store import Store

STREAM = "https://u:p@stream.example/"
HOOK = "https://hook.example/"


class World:
    """A journal whose events are owed. `film` belongs to key 1 and has a `callback_url`, `other` to key 2."""

    def __init__(self, store: Store, *, most_owed: int = 1000, usual_url: str | None = None) -> None:
        self.store = store
        self.active = {"1", "2"}
        self.now_s = START_S
        self.woken = 0
        self.film = Filming(0, callback_url=STREAM)
        self.other = Filming(1, owner="2")
        self.endpoints = Endpoints(store, revoked=self._revoked, clock=lambda: self.now_s)
        self.ledger = Ledger(
            store,
            self.endpoints,
            wake=self._wake,
            usual_url=usual_url,
            most_owed=most_owed,
            clock=lambda: self.now_s,
        )
        known = {film.media_id: film.facts for film in (self.film, self.other)}
        self.journal = StoreJournal(store, known.get, along=[self.ledger], clock=lambda: self.now_s)

    def _wake(self) -> None:
        self.woken += 1

    def _revoked(self, key_id: str | None) -> bool:
        return key_id is not None and key_id not in self.active

    async def add(self, *, key_id: str | None = "1", kinds: tuple[str, ...] = ()) -> Endpoint:
        endpoint, _ = await self.endpoints.add(HOOK, key_id=key_id, kinds=kinds, streams=(), sees_all=False)
        return endpoint

    async def write(self, *batch: Published) -> list[Delivery]:
        """Keep these; what is owed then."""
        await self.journal.write(batch)
        return await self.all()

    async def all(self) -> list[Delivery]:
        async with self.store.reading() as tx:
            found = await deliveries.listed(tx, styles=tuple(Style), limit=1000)
        return sorted(found, key=lambda one: (one.sender, one.number))


def incidents(film: Filming, count: int) -> list[Published]:
    return [film.incident(IncidentState.STARTED, 2.0, peak=0.5, number=number) for number in range(count)]


def numbers(batch: Sequence[Published]) -> list[int]:
    return [one.entry.number for one in batch]


async def test_an_event_is_owed_to_webhooks_and_to_the_callback_of_its_stream(store: Store) -> None:
    world = World(store)
    mine, theirs = await world.add(), await world.add(key_id="2")
    started, prob = world.film.started(), world.film.prob()
    other = world.other.started()
    owed = await world.write(started, other, prob)
    assert {(one.sender, one.number, one.url, one.holder) for one in owed} == {
        (mine.id, started.entry.number, HOOK, mine.id),
        (world.film.stream_id, started.entry.number, STREAM, "key:1"),
        (theirs.id, other.entry.number, HOOK, theirs.id),
    }
    assert {one.body for one in owed if one.sender != theirs.id} == {started.entry.data}
    assert {one.next_attempt_s for one in owed} == {START_S}
    assert world.woken == 1


async def test_the_callback_of_the_configuration_is_signed_by_the_service(store: Store) -> None:
    world = World(store, usual_url=STREAM)
    [owed] = await world.write(world.film.started())
    assert (owed.key_id, owed.holder) == ("1", "key:")


async def test_the_last_events_of_a_stream_that_nobody_knows_any_more_are_owed_too(store: Store) -> None:
    first = World(store)
    await first.write(first.film.started())
    again = World(store)
    again.journal = StoreJournal(store, lambda _: None, along=[again.ledger])
    last = first.film.finished()
    assert last.entry.number in {one.number for one in await again.write(last)}


async def test_what_nobody_wants_is_not_owed_and_wakes_nobody(store: Store) -> None:
    world = World(store)
    await world.add()
    assert await world.write(world.film.prob(), *world.other.film()) == []
    assert world.woken == 0


async def test_a_batch_that_is_written_again_owes_nothing_that_was_delivered(store: Store) -> None:
    world = World(store)
    endpoint = await world.add()
    batch = incidents(world.film, 3)
    assert len(await world.write(*batch[:2])) == 4
    async with store.writing() as tx:
        await webhooks.remove(tx, endpoint.id)
        await webhooks.add(tx, endpoint, secret="whsec_AAAA")
    owed = await world.write(*batch)
    assert [one.number for one in owed if one.sender == endpoint.id] == numbers(batch[2:])


@pytest.mark.parametrize("broken_off", [True, False])
async def test_events_that_could_not_be_kept_are_owed_when_they_are(store: Store, broken_off: bool) -> None:
    world = World(store)
    endpoint = await world.add()
    hold, reached = True, asyncio.Event()

    class Failing:
        async def write(self, tx: object, new: object) -> None:
            if hold:
                reached.set()
                if broken_off:
                    await asyncio.Event().wait()
                raise StoreError("The disk is full.")

        def written(self) -> None:
            """Nothing follows."""

    world.journal = StoreJournal(store, lambda _: world.film.facts, along=[world.ledger, Failing()])
    batch = incidents(world.film, 2)
    writing = asyncio.create_task(world.journal.write(batch))
    await asyncio.wait_for(reached.wait(), WITHIN_S)
    if broken_off:
        writing.cancel()
    await asyncio.wait({writing})
    assert await world.all() == []
    assert world.woken == 0
    hold = False
    owed = await world.write(*batch)
    assert [one.number for one in owed if one.sender == endpoint.id] == numbers(batch)
    assert world.woken == 1


async def test_a_receiver_is_owed_so_much_and_no_more(store: Store) -> None:
    world = World(store, most_owed=10)
    endpoint = await world.add(key_id="2", kinds=("gore.prob", "gore.incident"))
    probs = [world.other.prob() for _ in range(5)]
    events = incidents(world.other, 20)
    owed = await world.write(*probs, *events)
    states = {state: [one.number for one in owed if one.state is state] for state in DeliveryState}
    assert states[DeliveryState.PENDING] == numbers([probs[0], *events[11:]])
    assert states[DeliveryState.FAILED] == numbers(events[1:11])
    assert {one.last_error for one in owed if one.state is DeliveryState.FAILED} == {
        "More waited for this receiver than may (limits.webhook_queue)."
    }
    assert world.ledger.dropped == {"prob_over_limit": 4, "over_limit": 11, "forgotten": 1}
    assert {one.sender for one in owed} == {endpoint.id}


async def test_a_receiver_of_few_events_is_held_to_its_limit_too(store: Store) -> None:
    world = World(store, most_owed=40)
    await world.add(key_id="2")
    for one in incidents(world.other, 45):
        await world.write(one)
        await world.ledger.prune()
    owed = await world.all()
    assert [one.state for one in owed].count(DeliveryState.PENDING) == 40
    assert world.ledger.dropped["over_limit"] == 5


async def test_what_was_given_up_long_ago_is_forgotten(store: Store) -> None:
    world = World(store)
    endpoint = await world.add(key_id="2")
    await world.write(world.other.started())
    async with store.writing() as tx:
        await deliveries.give_up_all(tx, endpoint.id, error="x")
    for days, left in ((6.9, 1), (7.1, 0)):
        world.now_s = START_S + days * 86_400.0
        await world.ledger.prune()
        assert len(await world.all()) == left


async def test_a_store_that_takes_nothing_is_pruned_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("web.delivery.ledger._PRUNE_EVERY_S", 0.01)
    world = World(store)
    pruned = asyncio.Event()

    async def prune() -> None:
        if "The disk is full" in caplog.text:
            pruned.set()
        else:
            raise StoreError("The disk is full.")

    monkeypatch.setattr(world.ledger, "prune", prune)
    running = asyncio.create_task(world.ledger.run())
    await asyncio.wait_for(pruned.wait(), WITHIN_S)
    running.cancel()
    await asyncio.wait({running})


async def test_who_wants_no_more_is_owed_nothing_more(store: Store) -> None:
    world = World(store)
    endpoint, other = await world.add(), await world.add()
    for one in await world.write(world.film.started()):
        if one.sender != other.id:
            world.endpoints.gone(one)
    assert world.endpoints.unwanted(world.film.stream_id)
    [second, third] = incidents(world.film, 2)
    owed = await world.write(second)
    assert [one.sender for one in owed if one.number == second.entry.number] == [other.id]
    changed = world.endpoints.find(endpoint.id)
    assert changed is not None
    assert changed.disabled is not None
    await world.endpoints.enable(changed)
    owed = await world.write(third)
    assert {one.sender for one in owed if one.number == third.entry.number} == {endpoint.id, other.id}


async def test_streams_whose_receiver_is_gone_are_remembered_within_a_bound(store: Store) -> None:
    world = World(store)
    [owed] = await world.write(world.film.started())
    for number in range(1001):
        world.endpoints.gone(replace(owed, stream_id=f"str_{number}"))
    assert [world.endpoints.unwanted(f"str_{number}") for number in (0, 1, 1000)] == [False, True, True]


async def test_the_webhooks_of_a_key_that_is_revoked_are_disabled(store: Store) -> None:
    world = World(store)
    world.film.callback_url = None
    revoked, other, nobodys = await world.add(), await world.add(key_id="2"), await world.add(key_id=None)
    await world.write(world.film.started())
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
    owed = {one.sender: one for one in await world.all()}[revoked.id]
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
