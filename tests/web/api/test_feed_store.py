"""That nothing can be stored is told on the event socket, to those who see everything."""

import json

from inference.events import MediaStalled
from tests.web.api.test_feed import events, received
from tests.web.delivery.journals import MemoryJournal
from tests.web.serving import Served, bearer, new_key, serving
from web.access.scopes import Scope


async def failing(served: Served, journal: MemoryJournal) -> None:
    """Publish what cannot be kept, until that is told."""
    journal.works = False
    served.hub.publish("str_a", "med_a", MediaStalled("silent"))
    await served.until_metric("gorewatch_events_kept_first", 0.0)


async def test_an_admin_is_told_that_the_store_fails_and_recovers_and_other_keys_are_not() -> None:
    journal = MemoryJournal()
    async with serving(keyed=True, journal=journal) as served:
        admin, usual = await new_key(served.store, Scope.ADMIN), await new_key(served.store)
        await served.access.refresh()
        served.http.headers.update(bearer(admin))
        body = {"scope": "events", "stream": (await served.add(name="one"))["id"]}
        async with served.http.post("/v1/tokens", json=body) as response:
            of_one_stream = (await response.json())["token"]
        async with (
            events(served, f"?token={admin}") as everything,
            events(served, f"?token={admin}&type=store.failed") as this_alone,
            events(served, f"?token={admin}&type=media.stalled") as by_type,
            events(served, f"?token={usual}") as key,
            events(served, f"?token={of_one_stream}") as bound,
        ):
            await failing(served, journal)
            journal.works = True
            await served.until_metric("gorewatch_events_kept_first", 1.0)
            stalled, failed, recovered = await received(everything, 3)
            served.hub.publish("str_a", "med_a", MediaStalled("silent"))
            (last,) = await received(everything)
            assert (failed["type"], failed["data"]) == ("store.failed", {"reason": "The disk is full."})
            assert (recovered["type"], recovered["data"]) == ("store.recovered", {"dropped": 0})
            assert await received(this_alone) == [failed]
            assert await received(by_type, 2) == [stalled, last]
            assert await received(key, 2) == [stalled, last]
            served.hub.publish(body["stream"], "med_a", MediaStalled("silent"))
            assert [event["subject"] for event in await received(bound)] == ["med_a"]
            filtered = json.dumps({"type": "filter", "types": ["store.failed", "store.recovered"]})
            await everything.send(filtered)
            rest = await received(everything, 2)
            assert rest[-1]["data"]["types"] == ["store.failed", "store.recovered"]


async def test_without_a_key_everybody_on_this_machine_is_told() -> None:
    journal = MemoryJournal()
    async with serving(journal=journal) as served, events(served) as client:
        await failing(served, journal)
        assert [event["type"] for event in await received(client, 2)] == ["media.stalled", "store.failed"]


async def test_no_webhook_can_ask_for_what_cannot_be_stored() -> None:
    async with serving(keyed=True) as served:
        body = {"url": "https://shop.example/hook", "types": ["store.failed"]}
        async with served.http.post("/v1/webhooks", json=body) as response:
            assert response.status == 422
