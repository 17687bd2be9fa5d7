"""Several nodes that send from one store in PostgreSQL, each delivery by one of them at a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.servers.postgres import Postgres
from tests.servers.receiver import Receiver, run_receiver
from tests.servers.stores import empty
from tests.until import until
from tests.web.delivery.sending import PENDING, START_S, WITHIN_S, Posted, World, event
from web.delivery import dispatcher as dispatching
from web.delivery.delivery import Claim, Delivery
from web.delivery.dispatcher import CLAIM_S, Dispatcher
from web.delivery.endpoints import Endpoints
from web.delivery.outcome import GONE, Outcome, note
from web.delivery.posting import NotPosted, Poster
from web.store import deliveries, delivery_claims, delivery_turns, webhooks
from web.store import postgres as server
from web.store.errors import StoreError
from web.store.store import Store, open_store
from web.store.turn_locks import hold

_SENDERS, _EVENTS, _NODES = 24, 8, 3


@pytest.fixture
def database(postgres: Postgres) -> str:
    return postgres.emptied.pop() if postgres.emptied else postgres.new_database()


@pytest.fixture
async def stores(postgres: Postgres, database: str) -> AsyncIterator[list[Store]]:
    """Of as many nodes, on one database."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_store(database)) for _ in range(_NODES)]
        async with open_store(database) as store, store.writing() as tx:
            await empty(tx)
    postgres.emptied.append(database)


def nodes(stores: list[Store]) -> list[World]:
    return [World(store) for store in stores]


async def taken(world: World) -> delivery_claims.Taken:
    """What is due, claimed as a node does."""
    async with world.store.beside() as tx:
        ids = [one.id for one in (await world.all()).values()]
        claim = Claim("somebody", world.now_s + CLAIM_S)
        (one,) = await delivery_claims.take(tx, ids, claim=claim, now_s=world.now_s)
    return one


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as receiver:
        yield receiver


async def test_each_event_is_sent_once_and_in_its_senders_order_whoever_sends_it(
    stores: list[Store], receiver: Receiver
) -> None:
    async def owe(numbers: range) -> None:
        for number in numbers:
            owed = [event(f"str_{of:02}", number, url=receiver.url(f"/ok/{of:02}")) for of in range(_SENDERS)]
            async with stores[0].writing() as tx:
                await deliveries.add(tx, owed, now_s=START_S)

    senders = [
        Dispatcher(store, Poster(egress_allow=("127.0.0.0/8",)), signing_secret=None, gone=lambda _: None)
        for store in stores
    ]
    await owe(range(1, 1 + _EVENTS // 2))
    tasks = [asyncio.create_task(one.run()) for one in senders]
    try:
        # The service owes more while others send.
        await owe(range(1 + _EVENTS // 2, 1 + _EVENTS))
        paths = [f"/ok/{of:02}" for of in range(_SENDERS)]
        await until(lambda: sum(len(receiver.at(path)) for path in paths) >= _SENDERS * _EVENTS)
        await nodes(stores)[0].until_nothing_is_owed()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    expected = [str(number).encode() for number in range(1, 1 + _EVENTS)]
    assert [[got.raw for got in receiver.at(path)] for path in paths] == [expected] * _SENDERS
    outcomes = sum((Counter(one.outcomes) for one in senders), Counter())
    assert {name: count for name, count in outcomes.items() if count} == {"delivered": _SENDERS * _EVENTS}


async def test_what_a_node_sends_no_other_sends_and_a_node_that_ends_leaves_it_to_them_at_once(
    stores: list[Store],
) -> None:
    one, other, _ = nodes(stores)
    await one.tell("whk_a", 1, 2)
    async with one.sending():
        assert (await one.hook.next()).body == b"1"
        async with other.sending():
            # What the other one may send it does: it has looked.
            await other.tell("whk_b", 7)
            await other.hook.take(b"7")
            assert other.hook.posted.empty()
    async with other.sending():
        await other.hook.take(b"1", b"2")
        await other.until_nothing_is_owed()


async def test_what_a_dead_node_was_sending_is_sent_by_another_once_its_claim_is_over(stores: list[Store]) -> None:
    dead, other, _ = nodes(stores)
    await dead.tell("whk_a", 1, 2)
    async with dead.sending():
        await dead.hook.next()
        async with other.sending():
            other.pass_s(CLAIM_S - 1.0)
            await other.tell("whk_b", 7)
            await other.hook.take(b"7")
            assert other.hook.posted.empty()
            other.pass_s(1.0)
            await other.hook.take(b"1", b"2")
            await other.until_nothing_is_owed()


async def test_a_node_that_wakes_up_after_its_claim_changes_nothing(stores: list[Store]) -> None:
    asleep, other, _ = nodes(stores)
    await asleep.tell("whk_a", 1, 2)
    stale = await taken(asleep)
    async with other.sending():
        other.pass_s(CLAIM_S)
        posted = await other.hook.next()
        refusals = (None, NotPosted("x", status=500), NotPosted("x", status=410), NotPosted("x", hopeless=True))
        for refusal in refusals:
            assert await note_of(asleep, stale.delivery, refusal) is Outcome.OVERTAKEN
        posted.refuse(503)
        noted = await other.until("whk_a", 1, PENDING, 1)
        for refusal in refusals:
            assert await note_of(asleep, stale.delivery, refusal) is Outcome.OVERTAKEN
        assert (await other.all())["whk_a", 1] == noted
        assert (noted.last_error, noted.claim) == ("It was answered with 503.", None)
        async with other.store.reading() as tx:
            assert [endpoint.disabled for endpoint in await webhooks.listed(tx)] == [None]


async def note_of(world: World, delivery: Delivery, refusal: NotPosted | None) -> Outcome:
    return await note(world.store, delivery, refusal, now_s=world.now_s, chance=0.0)


async def test_a_node_that_was_held_up_for_too_long_does_not_send(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = World(stores[0])

    async def slowly(*arguments: object, **options: object) -> tuple[delivery_claims.Taken, ...]:
        found = await take(*arguments, **options)  # type: ignore[arg-type]
        late.now_s += CLAIM_S
        return found

    take = delivery_claims.take
    monkeypatch.setattr(dispatching, "take", slowly)
    await late.tell("whk_a", 1)
    async with late.sending() as sender:
        await until(lambda: sender.outcomes["failed"])
    assert late.hook.posted.empty()


async def test_one_that_is_tried_again_waits_for_a_later_one_that_another_node_sends(stores: list[Store]) -> None:
    service, sender, _ = nodes(stores)
    await service.tell("whk_a", 1, 2)
    async with service.store.writing() as tx:
        await deliveries.give_up_all(tx, "whk_a", error="x")
    first, second = [one.id for one in (await service.all()).values()]
    async with service.store.writing() as tx:
        assert await deliveries.retry(tx, second, now_s=START_S)
    async with sender.sending():
        posted = await sender.hook.next()
        assert posted.body == b"2"
        async with service.store.writing() as tx:
            assert await deliveries.retry(tx, first, now_s=START_S)
        async with service.sending():
            await service.tell("whk_b", 7)
            await service.hook.take(b"7")
            assert service.hook.posted.empty()
            posted.take()
            await either(service, sender, b"1")
            await service.until_nothing_is_owed()


async def either(one: World, other: World, body: bytes) -> None:
    """Whoever of them looks first."""
    waiting = [asyncio.ensure_future(world.hook.posted.get()) for world in (one, other)]
    done, late = await asyncio.wait(waiting, timeout=WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    posted: Posted = done.pop().result()
    assert posted.body == body
    posted.take()


async def test_what_is_owed_in_the_moment_in_which_another_node_notes_the_last_one_has_its_turn(
    stores: list[Store],
) -> None:
    service, sender, witness = nodes(stores)
    await service.tell("whk_a", 1)
    last = await taken(sender)

    async def waits() -> bool:
        async with witness.store.reading() as tx:
            return bool(await tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

    async with sender.store.writing() as tx:
        await hold(tx, ["whk_a"])
        assert await delivery_turns.delivered(tx, last.delivery, now_s=START_S)
        owing = asyncio.create_task(service.tell("whk_a", 2))
        await until(waits)
    await owing
    async with sender.sending():
        await sender.hook.take(b"2")
        await sender.until_nothing_is_owed()


async def test_a_node_that_has_nothing_to_do_finds_what_another_owes(stores: list[Store]) -> None:
    service, sender, _ = nodes(stores)
    async with sender.sending():
        await service.tell("whk_a", 1)
        await sender.hook.take(b"1")
        await service.until_nothing_is_owed()


async def test_a_node_that_stops_in_the_middle_of_a_note_holds_the_others_up_for_a_while_only(
    database: str, stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_IDLE_TIMEOUT_S", 1.0)
    service = World(stores[0])

    async def stop_in_the_middle(store: Store) -> None:
        async with store.writing() as tx:
            await hold(tx, ["whk_a"])
            await service.tell("whk_a", 1)

    async with open_store(database) as frozen:
        with pytest.raises(StoreError):
            await stop_in_the_middle(frozen)
        # It goes on with another connection.
        async with frozen.writing() as tx:
            await hold(tx, ["whk_a"])


@pytest.fixture
async def two(stores: list[Store]) -> AsyncIterator[tuple[Endpoints, Endpoints]]:
    """The webhooks as two nodes know them, who look when the test says so."""
    one, other = (Endpoints(store, revoked=lambda _: False) for store in stores[:2])
    async with watching(one), watching(other):
        yield one, other


@asynccontextmanager
async def watching(endpoints: Endpoints) -> AsyncIterator[None]:
    task = asyncio.create_task(endpoints.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def known(endpoints: Endpoints, condition: Callable[[], object]) -> None:
    def looked() -> object:
        endpoints.look()
        return condition()

    await until(looked)


async def test_what_one_node_changes_of_webhooks_the_others_know(
    stores: list[Store], two: tuple[Endpoints, Endpoints]
) -> None:
    one, other = two
    made, _ = await one.add("https://h/", key_id="1", kinds=(), streams=(), sees_all=False)
    await known(other, lambda: list(other) == [made])
    sender = nodes(stores)[2]
    await sender.tell(made.id, 1)
    await sender.tell_stream("str_a", 2)
    async with sender.sending():
        for _ in range(2):
            (await sender.hook.next()).refuse(410)
        await sender.until_nothing_is_owed()
    disabled = replace(made, disabled=GONE)
    await known(one, lambda: list(one) == [disabled])
    await known(other, lambda: list(other) == [disabled])
    assert one.unwanted("str_a")
    assert other.unwanted("str_a")
    await other.enable(disabled)
    await known(one, lambda: list(one) == [made])
    await one.remove(made)
    await known(other, lambda: not list(other))


async def test_of_so_many_streams_it_is_remembered_that_nothing_is_wanted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "STREAMS_REMEMBERED", 3)
    async with store.writing() as tx:
        for number in range(5):
            await webhooks.want_no_more(tx, f"str_{number}", now_s=float(number))
        await webhooks.want_no_more(tx, "str_2", now_s=9.0)
        assert await webhooks.unwanted(tx) == ("str_2", "str_3", "str_4")
