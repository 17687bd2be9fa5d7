"""What a subscriber got, over all its connections and all runs of the service; and what the store has."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from web.delivery.client import Subscription, subscribe
from web.delivery.cloudevents import format_id
from web.recording.journal import StoreJournal
from web.store import incidents, media
from web.store.kept import IncidentFilter
from web.store.store import open_store
from web.wire import Json

WITHIN_S = 60.0
_ALL = 10**6


@dataclass(slots=True)
class Logbook:
    """Events by their ids, in the order in which they came."""

    since: str
    types: Sequence[str] = ()
    events: dict[str, Json] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """It has read all that came over a connection that is gone."""

    def note(self, event: Json) -> None:
        """Fails for what came before, or comes too late."""
        number = str(event["id"])
        assert number > self.since, f"{number} came after {self.since}"
        assert event["type"] != "gap", "nothing is gone"
        self.since, self.events[number] = number, event
        self.moved.set()

    async def reached(self, number: str) -> None:
        """Until it has got that far."""
        async with asyncio.timeout(WITHIN_S):
            while self.since < number:
                self.moved.clear()
                await self.moved.wait()

    async def heard(self, kind: str) -> None:
        """Until an event of that type has come."""
        async with asyncio.timeout(WITHIN_S):
            while all(event["type"] != kind for event in self.events.values()):
                self.moved.clear()
                await self.moved.wait()

    async def more(self, count: int) -> None:
        """Until so many more have come."""
        wanted = len(self.events) + count
        async with asyncio.timeout(WITHIN_S):
            while len(self.events) < wanted:
                self.moved.clear()
                await self.moved.wait()


@asynccontextmanager
async def following(url: str, logbooks: Sequence[Logbook]) -> AsyncIterator[None]:
    """Each goes on where it was, for as long as the block lasts; a loss of the connection is made good."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_follow(url, one)) for one in logbooks]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _follow(url: str, logbook: Logbook) -> None:
    subscription = Subscription(url=url, since=logbook.since, types=logbook.types)
    logbook.lost.clear()
    async with aclosing(subscribe(subscription, on_outage=lambda _: logbook.lost.set())) as events:
        async for event in events:
            logbook.lost.clear()
            logbook.note(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a store has at last."""

    events: Mapping[str, Json]
    """By id, in order."""
    open_incidents: int
    open_media: int

    def after(self, since: str, types: Sequence[str]) -> dict[str, Json]:
        """What a subscriber should have got."""
        return {number: event for number, event in self.events.items() if number > since and event["type"] in types}


async def first_id(address: str) -> str:
    """The one before the first that a store can have."""
    async with open_store(address) as store:
        floor, _ = await StoreJournal(store, lambda _: None).bounds()
    return format_id(floor)


async def kept_in(address: str) -> Kept:
    async with open_store(address) as store:
        entries = await StoreJournal(store, lambda _: None).after(0, _ALL)
        async with store.reading() as tx:
            lasting = await incidents.listed(tx, limit=_ALL, wanted=IncidentFilter(state="open"))
            running = await media.running(tx)
    events = {format_id(entry.number): json.loads(entry.data) for entry in entries}
    return Kept(events=events, open_incidents=len(lasting), open_media=len(running))
