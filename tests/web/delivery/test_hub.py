"""The hub without a network: queues, replay, and who is cut."""

import asyncio
import json

import pytest

from inference.events import Event, GoreProb, MediaStalled, Reading
from tests.web.delivery.journals import FakeOutlet
from web.delivery.filters import Filter
from web.delivery.frames import Parcel
from web.delivery.hub import Hub
from web.delivery.outbox import Patience
from web.delivery.subscriber import Subscriber

STALLED = MediaStalled("no frames")


def publish(hub: Hub, count: int, *, stream: str = "str_a", event: Event = STALLED) -> None:
    for _ in range(count):
        hub.publish(stream, "med_a", event)


async def ids(subscriber: Subscriber, count: int) -> list[int]:
    taken: list[int] = []
    async with asyncio.timeout(5):
        while len(taken) < count:
            taken += [entry.number for entry in await subscriber.take()]
    return taken


def everything(hub: Hub, since: int = 0) -> Subscriber:
    return hub.subscribe(Filter(), since=since)


async def test_live_events_reach_all_subscribers_in_order_and_by_their_filters() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    all_of_them = hub.subscribe(Filter(), since=None)
    of_b = hub.subscribe(Filter(streams=frozenset({"str_b"})), since=None)
    scores = hub.subscribe(Filter(kinds=frozenset({"gore.prob"})), since=None)
    publish(hub, 2)
    publish(hub, 1, stream="str_b")
    publish(hub, 1, event=GoreProb(Reading(1.0, 0.5, 0.5, 3.0, 1, 0.0)))
    got = await ids(all_of_them, 4)
    assert got == sorted(set(got))
    assert await ids(of_b, 1) == got[2:3]
    assert await ids(scores, 1) == got[3:]
    assert hub.published == {"media.stalled": 3, "gore.prob": 1}


async def test_one_encoding_serves_all_subscribers() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    subscribers = [hub.subscribe(Filter(), since=None) for _ in range(3)]
    publish(hub, 1)
    entries = [(await subscriber.take())[0] for subscriber in subscribers]
    assert entries[0] is entries[1] is entries[2]


async def test_replay_goes_over_into_live_without_gap_or_repeat_whatever_happens_in_between() -> None:
    hub = Hub(history_events=5000, queue_limit=10)
    first = hub.subscribe(Filter(), since=None)
    publish(hub, 1)
    (start,) = await ids(first, 1)
    publish(hub, 1000)
    subscriber = everything(hub, since=start)
    published, got = 1000, await ids(subscriber, 1)
    while len(got) < published:
        if published < 1300:
            publish(hub, 10)
            published += 10
        got += await ids(subscriber, 1)
    publish(hub, 3)
    got += await ids(subscriber, 3)
    assert got == sorted(set(got))
    everything_since = await ids(everything(hub, since=start), len(got))
    assert got == everything_since


@pytest.mark.parametrize("kept", [0, 3])
async def test_an_id_older_than_what_is_kept_is_answered_with_a_gap_first(kept: int) -> None:
    hub = Hub(history_events=3, queue_limit=10)
    publish(hub, 2 * kept)
    subscriber = everything(hub, since=17)
    (gap,) = await subscriber.take()
    told = json.loads(gap.data)
    assert told["type"] == "gap"
    publish(hub, 0 if kept else 1)
    got = await ids(subscriber, kept or 1)
    assert int(told["data"]["first"]) <= got[0]
    if kept:
        assert int(told["data"]["first"]) == got[0]
    again = everything(hub, since=int(told["id"]))
    assert await ids(again, len(got)) == got


async def test_a_full_queue_ends_that_subscriber_alone_and_names_the_last_id_sent() -> None:
    hub = Hub(history_events=100, queue_limit=5)
    slow, quick = hub.subscribe(Filter(), since=None), hub.subscribe(Filter(), since=None)
    publish(hub, 1)
    slow.sent = (await ids(slow, 1))[0]
    await ids(quick, 1)
    for _ in range(6):
        publish(hub, 1)
        await ids(quick, 1)
    assert slow.ending is not None
    assert (slow.ending.code, slow.ending.reason) == (4008, f"{slow.sent:020d}")
    assert await slow.take() == []
    assert quick.ending is None
    hub.unsubscribe(slow)
    assert (hub.tally.cut, hub.subscriber_count) == (1, 1)


async def test_a_replay_that_the_history_overtakes_is_cut_rather_than_incomplete() -> None:
    hub = Hub(history_events=300, queue_limit=5)
    publish(hub, 300)
    subscriber = everything(hub)
    await ids(subscriber, 2)
    publish(hub, 400)
    assert await subscriber.take() == []
    assert subscriber.ending is not None
    assert subscriber.ending.code == 4008


async def test_closing_sends_what_is_owed_and_then_says_going_away() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    subscriber = hub.subscribe(Filter(), since=None)
    publish(hub, 3)
    closing = asyncio.create_task(hub.aclose())
    await ids(subscriber, 3)
    assert await subscriber.take() == []
    assert subscriber.ending is not None
    assert subscriber.ending.code == 1001
    hub.unsubscribe(subscriber)
    await closing


async def test_closing_does_not_wait_for_ever_for_a_subscriber_that_does_not_read() -> None:
    hub = Hub(history_events=100, queue_limit=100, patience=Patience(leave_s=0.01))
    subscriber = hub.subscribe(Filter(), since=None)
    publish(hub, 3)
    await hub.aclose()
    assert subscriber.ending is not None
    assert subscriber.ending.code == 1001
    late = hub.subscribe(Filter(), since=None)
    assert await late.take() == []


async def test_a_cancelled_take_loses_nothing() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    subscriber = hub.subscribe(Filter(), since=None)
    waiting = asyncio.create_task(subscriber.take())
    await asyncio.sleep(0)
    publish(hub, 1)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert len(await subscriber.take()) == 1


def numbers(outlet: FakeOutlet) -> list[int]:
    return [entry.number for entry in outlet.got]


async def test_who_keeps_up_is_written_to_and_who_does_not_is_queued_for_until_it_does() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    outlet = FakeOutlet()
    subscriber = hub.subscribe(Filter(), since=None, outlet=outlet)
    publish(hub, 2)
    assert not outlet.attended
    outlet.full = True
    publish(hub, 2)
    assert (len(outlet.got), outlet.attended) == (2, True)
    outlet.full = False
    publish(hub, 1)
    assert len(outlet.got) == 2, "nothing overtakes what waits"
    assert not subscriber.resume()
    outlet.got += await subscriber.take()
    assert subscriber.resume()
    publish(hub, 1)
    assert len(outlet.got) == 6
    assert numbers(outlet) == sorted(numbers(outlet))
    assert subscriber.sent == outlet.got[-1].number


async def test_the_same_frames_are_made_once_for_all_who_want_the_same() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    parcels: list[Parcel] = []

    class Kept(FakeOutlet):
        def write(self, parcel: Parcel) -> bool:
            parcels.append(parcel)
            return True

    outlets = [Kept() for _ in range(3)]
    for outlet in outlets:
        hub.subscribe(Filter(streams=frozenset({"str_a"})), since=None, outlet=outlet)
    publish(hub, 1)
    assert len(parcels) == 3
    assert parcels[0] is parcels[1] is parcels[2]
    assert hub.tally.sent == 3


async def test_a_lagging_reader_gets_the_newest_scores_and_every_incident() -> None:
    hub = Hub(history_events=1000, queue_limit=16)
    outlet = FakeOutlet()
    subscriber = hub.subscribe(Filter(), since=None, outlet=outlet)
    outlet.full = True
    prob = GoreProb(Reading(1.0, 0.5, 0.5, 3.0, 1, 0.0))
    for _ in range(5):
        publish(hub, 50, event=prob)
        publish(hub, 1)
        publish(hub, 50, event=prob, stream="str_b")
    batch = await subscriber.take()
    assert subscriber.ending is None
    assert [entry.kind for entry in batch].count("media.stalled") == 5
    assert hub.tally.merged == 505 - len(batch)
    newest = {entry.stream_id: entry.number for entry in batch if entry.kind == "gore.prob"}
    assert newest["str_b"] == batch[-1].number


@pytest.mark.parametrize("state", ["direct", "waiting", "replaying"])
async def test_a_changed_filter_is_told_in_its_place_among_the_events(state: str) -> None:
    hub = Hub(history_events=100, queue_limit=100)
    outlet = FakeOutlet()
    publish(hub, 2)
    subscriber = hub.subscribe(Filter(), since=0 if state == "replaying" else None, outlet=outlet)
    if state == "waiting":
        outlet.full = True
        publish(hub, 2)
    before, after = (0 if state == "replaying" else len(outlet.got) + 2 * (state == "waiting")), frozenset({"str_b"})
    hub.change(subscriber, Filter(streams=after))
    publish(hub, 1)
    publish(hub, 1, stream="str_b")
    outlet.full = False
    while not subscriber.resume():
        outlet.got += await subscriber.take()
    kinds = [entry.kind for entry in outlet.got]
    assert kinds.index("control.filter") == before
    note = outlet.got[before]
    told = json.loads(note.data)
    assert told["data"] == {"streams": ["str_b"], "types": []}
    assert all(entry.stream_id == "str_b" for entry in outlet.got[before + 1 :] if entry.kind != "gap")
    assert numbers(outlet)[-1] > note.number
    resumed = hub.subscribe(Filter(streams=after), since=int(told["id"]))
    again = await ids(resumed, 2 if state == "replaying" else 1)
    assert again[-1] == numbers(outlet)[-1]
    hub.unsubscribe(subscriber)
    hub.change(subscriber, Filter())
    assert hub.subscriber_count == 1


async def test_after_it_was_cut_nothing_more_is_written() -> None:
    hub = Hub(history_events=100, queue_limit=100)
    outlet = FakeOutlet()
    subscriber = hub.subscribe(Filter(), since=None, outlet=outlet)
    subscriber.cut(1008, "no longer")
    publish(hub, 1)
    assert (outlet.got, outlet.left) == ([], True)
