"""`web.delivery.client` against the service's own event feed."""

import asyncio
import contextlib

import pytest

from inference.events import MediaStalled
from tests.web.described_feed import check_event
from tests.web.serving import WITHIN_S, serving
from web.delivery.client import Subscription, subscribe
from web.delivery.filters import Filter
from web.delivery.subscriber import TRY_AGAIN_LATER, Subscriber

_STREAM, _MEDIA = f"str_{'a' * 21}", f"med_{'a' * 21}"


def _no_jitter() -> float:
    return 1.0


async def test_a_gap_is_given_and_resumed_from_like_any_other_event() -> None:
    async with serving() as served:
        stream = await served.add()
        source = await served.pool.source()
        source.live()
        for second in range(10):
            source.sample(float(second), 0.1)
        await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["position"] == 9.0)
        subscription = Subscription(url=served.url, since="0")
        async with contextlib.aclosing(subscribe(subscription)) as events:
            got = [await anext(events) for _ in range(5)]
    assert [event["type"] for event in got] == ["gap", "media.started", *["gore.prob"] * 3]
    for event in got:
        check_event(event)
    assert int(str(got[0]["id"])) < int(str(got[1]["id"]))


async def test_who_handles_events_too_slowly_is_cut_off_and_still_gets_each_once() -> None:
    """More is published than fits into the queue and the buffers between."""
    async with serving(limits={"subscriber_queue": 50}) as served:
        outages: list[str] = []
        count = 0
        subscription = Subscription(url=served.url, types=["media.stalled"])
        numbers: list[int] = []
        opened = asyncio.Event()
        async with contextlib.aclosing(
            subscribe(subscription, on_open=opened.set, on_outage=outages.append, jitter=_no_jitter)
        ) as events:
            first = asyncio.ensure_future(anext(events))
            await opened.wait()
            await served.until("/v1/streams", lambda _: served.hub.subscriber_count == 1)
            async with asyncio.timeout(WITHIN_S):
                while served.hub.tally.cut == 0:
                    for _ in range(50):
                        served.hub.publish(_STREAM, _MEDIA, MediaStalled("x" * 10_000))
                    count += 50
                    await served.get("/healthz")
            numbers.append(int(str((await first)["id"])))
            while len(numbers) < count:
                numbers.append(int(str((await anext(events))["id"])))
        assert numbers == sorted(set(numbers))
        assert "the service closed the connection because events were read too slowly" in outages


async def test_what_happens_while_a_subscriber_that_has_heard_of_nothing_yet_is_away_is_not_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving() as served:
        answered: asyncio.Queue[Subscriber] = asyncio.Queue()
        change = served.hub.change

        def answer(subscriber: Subscriber, wanted: Filter) -> None:
            change(subscriber, wanted)
            answered.put_nowait(subscriber)

        monkeypatch.setattr(served.hub, "change", answer)
        outages: asyncio.Queue[str] = asyncio.Queue()
        back = asyncio.Event()

        async def away(_: float) -> None:
            await back.wait()

        subscription = Subscription(url=served.url, types=["media.stalled"])
        async with contextlib.aclosing(subscribe(subscription, on_outage=outages.put_nowait, sleep=away)) as events:
            first = asyncio.ensure_future(anext(events))
            async with asyncio.timeout(WITHIN_S):
                (await answered.get()).cut(TRY_AGAIN_LATER)
                await outages.get()
                served.hub.publish(_STREAM, _MEDIA, MediaStalled("silent"))
                back.set()
                event = await first
        assert event["data"] == {"reason": "silent"}


async def test_a_consumer_that_stops_closes_the_connection() -> None:
    async with serving() as served:
        opened = asyncio.Event()
        events = subscribe(Subscription(url=served.url), on_open=opened.set)
        waiting = asyncio.ensure_future(anext(events))
        await opened.wait()
        await served.until("/v1/streams", lambda _: served.hub.subscriber_count == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await served.until("/v1/streams", lambda _: served.hub.subscriber_count == 0)
