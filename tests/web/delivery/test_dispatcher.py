"""When callbacks and events are sent, and sent again: a real store, a clock that the test moves."""

import asyncio
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from standardwebhooks import webhooks as independent

from tests.web.delivery.sending import (
    DELIVERED,
    EVENTS_S,
    FAILED,
    JOBS_S,
    PENDING,
    SECRET,
    START_S,
    WEBHOOK_SECRET,
    WITHIN_S,
    Posted,
    World,
)
from web.delivery import dispatcher, outcome
from web.delivery.outcome import Outcome
from web.delivery.room import Closed
from web.delivery.signature import HEADER, signature
from web.store import deliveries, delivery_turns, webhooks
from web.store.delivery_turns import Found


def verified(posted: Posted, secret: str, *, now_s: float) -> None:
    """Have the reference implementation of Standard Webhooks check what came, at that time."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Then":
            del tz
            return cls.fromtimestamp(now_s, tz=UTC)

    with patch.object(independent, "datetime", Then):
        independent.Webhook(secret).verify(posted.body, dict(posted.headers), json_parse=False)


async def test_a_callback_is_sent_at_once_and_signed(world: World) -> None:
    async with world.sending():
        await world.owe("a", b"1")
        posted = await world.hook.next()
        assert (posted.url, posted.body) == ("https://a.example/", b"1")
        assert posted.headers == {HEADER: signature(SECRET, b"1", unix_s=int(START_S))}
        posted.take()
        assert (await world.until("a", 1, DELIVERED, 1)).next_attempt_s is None


async def test_without_a_secret_no_callback_is_signed(world: World) -> None:
    async with world.sending(secret=None):
        await world.owe("a", b"1")
        posted = await world.hook.next()
        assert posted.headers == {}
        posted.take()


async def test_an_event_is_sent_as_the_standard_says_and_forgotten_when_it_was_taken(world: World) -> None:
    async with world.sending() as sender:
        await world.tell("whk_a", 7)
        posted = await world.hook.next()
        assert posted.headers["Content-Type"] == "application/cloudevents+json"
        assert posted.headers["webhook-id"] == f"{7:020}"
        assert posted.headers["webhook-timestamp"] == str(int(START_S))
        verified(posted, WEBHOOK_SECRET, now_s=world.now_s)
        with pytest.raises(independent.WebhookVerificationError):
            verified(posted, "whsec_AAAA", now_s=world.now_s)
        posted.take()
        await world.until_nothing_is_owed()
        assert await world.all() == {}
        assert sender.outcomes["delivered"] == 1


async def test_two_secrets_sign_for_a_day_after_one_replaced_the_other(world: World) -> None:
    newer = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    async with world.sending():
        await world.tell("whk_a", 1)
        await world.hook.take(b"1")
        async with world.store.writing() as tx:
            await webhooks.replace_secret(tx, "whk_a", newer, now_s=world.now_s)
        await world.tell("whk_a", 2)
        posted = await world.hook.next()
        for secret in (WEBHOOK_SECRET, newer):
            verified(posted, secret, now_s=world.now_s)
        posted.take()
        world.pass_s(86_400.0)
        await world.tell("whk_a", 3)
        posted = await world.hook.next()
        verified(posted, newer, now_s=world.now_s)
        with pytest.raises(independent.WebhookVerificationError):
            verified(posted, WEBHOOK_SECRET, now_s=world.now_s)
        posted.take()


async def test_events_of_a_stream_are_signed_with_one_secret_of_its_key(world: World) -> None:
    async with world.sending():
        await world.tell_stream("str_a", 1)
        await world.tell_stream("str_b", 2)
        both = [await world.hook.next() for _ in range(2)]
        async with world.store.reading() as tx:
            secret = await webhooks.secret_of(tx, "key:1")
        assert secret is not None
        for posted in both:
            verified(posted, secret.current, now_s=world.now_s)
            posted.take()


async def test_those_of_one_sender_keep_their_order_and_others_do_not_wait(world: World) -> None:
    async with world.sending():
        await world.owe("a", b"1", b"2")
        posted = await world.hook.next()
        await world.tell("whk_a", 3)
        other = await world.hook.next()
        assert (posted.body, other.body) == (b"1", b"3")
        other.take()
        posted.refuse()
        waits = await world.until("a", 1, PENDING, 1)
        assert waits.next_attempt_s == START_S + JOBS_S[0]
        assert waits.last_error == "It was answered with 500."
        world.pass_s(JOBS_S[0])
        await world.hook.take(b"1", b"2")
        await world.until("a", 2, DELIVERED, 1)


async def test_what_arrives_while_the_store_is_read_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, read = asyncio.Event(), asyncio.Event()

    async def slowly(tx: AsyncConnection, *, now_s: float, limit: int, closed: Closed, by: str | None) -> Found:
        found = await due(tx, now_s=now_s, limit=limit, closed=Closed(frozenset(), frozenset()), by=by)
        reading.set()
        await read.wait()
        return found

    due = delivery_turns.due
    async with world.sending():
        await world.owe("a", b"1")
        posted = await world.hook.next()
        monkeypatch.setattr(dispatcher, "due", slowly)
        world.pass_s(0.0)
        await asyncio.wait_for(reading.wait(), WITHIN_S)
        posted.take()
        await world.until("a", 1, DELIVERED, 1)
        monkeypatch.setattr(dispatcher, "due", due)
        read.set()
        await world.owe("b", b"2")
        await world.hook.take(b"2")


async def test_a_receiver_that_wants_no_more_is_left_alone(world: World) -> None:
    async with world.sending():
        await world.tell("whk_a", 1, 2)
        await world.tell_stream("str_a", 3, 4)
        for _ in range(2):
            (await world.hook.next()).refuse(410)
        await world.until_nothing_is_owed()
        assert {one.state for one in (await world.all()).values()} == {FAILED}
        async with world.store.reading() as tx:
            (endpoint,) = await webhooks.listed(tx)
        assert endpoint.disabled == "Its receiver answered 410: it wants no more events."
        assert {delivery.sender for delivery in world.gone} == {"whk_a", "str_a"}
        await world.owe("a", b"5")
        (await world.hook.next()).refuse(410)
        await world.until("a", 1, PENDING, 1)


async def test_an_address_that_may_not_be_called_is_given_up_at_once(world: World) -> None:
    async with world.sending():
        await world.owe("a", b"1", b"2")
        (await world.hook.next()).refuse(hopeless=True)
        await world.until("a", 1, FAILED, 1)
        await world.hook.take(b"2")


async def test_a_service_that_comes_later_sends_what_is_owed(world: World) -> None:
    async with world.sending():
        await world.tell("whk_a", 1, 2)
        assert (await world.hook.next()).body == b"1"
    assert {one.attempts for one in (await world.all()).values()} == {0}
    async with world.sending():
        await world.hook.take(b"1", b"2")
        await world.until_nothing_is_owed()


async def test_a_webhook_that_is_removed_in_the_middle_is_forgotten(world: World) -> None:
    async with world.sending():
        await world.tell("whk_a", 1, 2)
        posted = await world.hook.next()
        async with world.store.writing() as tx:
            await webhooks.remove(tx, "whk_a")
        posted.refuse()
        await world.owe("a", b"3")
        await world.hook.take(b"3")
        assert {sender for sender, _ in await world.all()} == {"a"}


async def test_few_are_sent_to_one_host_and_so_many_in_all(world: World) -> None:
    for number in range(6):
        await world.tell_stream(f"str_{number}", number, url="https://u:p@busy.example/")
    for number in range(70):
        await world.owe(f"job{number:02}", b"1")
    async with world.sending():
        held = [await world.hook.next() for _ in range(64)]
        assert sum("busy" in posted.url for posted in held) == 4
        assert world.hook.posted.empty()
        held[-1].take()
        await world.hook.next()
        assert world.hook.posted.empty()


async def test_receivers_that_hang_leave_room_for_those_who_answer(world: World) -> None:
    async with world.sending():
        for number in range(24):
            await world.tell_stream(f"str_{number:02}", number, url=f"https://down{number // 4}.example/")
        # Once each of them has failed, they have their part of the room and no more.
        for _ in range(24):
            (await world.hook.next()).refuse()
        for number in range(24):
            await world.until(f"str_{number:02}", number, PENDING, 1)
        world.pass_s(EVENTS_S[0])
        held = [await world.hook.next() for _ in range(16)]
        assert world.hook.posted.empty()
        for number in range(200, 230):
            await world.tell(f"whk_{number}", number, url=f"https://up{number}.example/")
            await world.hook.take(str(number).encode())
        held[0].take()
        assert "down" in (await world.hook.next()).url


async def test_what_was_taken_is_written_down_although_the_service_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting, noted = asyncio.Event(), asyncio.Event()

    async def slowly(*args: object, **options: object) -> Outcome:
        noting.set()
        await noted.wait()
        return await note(*args, **options)  # type: ignore[arg-type]

    note = outcome.note
    monkeypatch.setattr(dispatcher, "note", slowly)
    async with world.sending():
        for name in "ab":
            await world.tell(f"whk_{name}", 1, url=f"https://{name}.example/")
        # They are sent side by side: either may be first.
        first, second = await world.hook.next(), await world.hook.next()
        first.take()
        await asyncio.wait_for(noting.wait(), WITHIN_S)
        asyncio.get_running_loop().call_soon(noted.set)
    assert not second.answer.done() or second.answer.cancelled()
    assert {sender for sender, _ in await world.all()} == {"whk_a" if "b.example" in first.url else "whk_b"}


async def test_whoever_keeps_events_waits_for_no_more_than_one_attempt_to_be_written_down(world: World) -> None:
    async with world.sending():
        for number in range(20):
            await world.tell(f"whk_{number:02}", number)
        posted = [await world.hook.next() for _ in range(4)]
        async with world.store.writing():
            for one in posted:
                one.take()
            for _ in range(100):
                await asyncio.sleep(0)
            keeping = asyncio.create_task(_owed_when_it_is_my_turn(world))
            await asyncio.sleep(0)
        assert await keeping >= 19


async def _owed_when_it_is_my_turn(world: World) -> int:
    async with world.store.writing() as tx:
        return sum((await deliveries.counts(tx, [f"whk_{number:02}" for number in range(20)])).values())
