"""What `benchmarks/webhooks.py` does: events into a store with webhooks that are owed them, and without, in turns.

The store, the journal and the ledger are the real ones; nothing is sent, so that what is owed adds up. Only the writing
is timed, not the making of events.
"""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from inference.events import Event, GoreProb, MediaStalled, Reading

from ..delivery.cloudevents import encode
from ..delivery.endpoints import MOST_OF_A_KEY, Endpoints
from ..delivery.history import Entry
from ..delivery.journal import Published
from ..delivery.ledger import Ledger
from ..ids import new_id
from ..recording.journal import StoreJournal
from ..settings import Settings
from ..store import deliveries
from ..store.address import is_server
from ..store.store import Store, open_store
from .measure import report, say

_BATCHES = (500, 50)
_ROUNDS = 3
_LEAST_RATIO = 0.5
"""Of the rate without webhooks, where each event is owed to one of them."""
_URL = "https://hook.example/events"
_SCORE = GoreProb(Reading(position_s=1.0, prob=0.25, raw=0.25, window_s=3.0, window_samples=6, captured_s=0.0))
_TOLD = MediaStalled("It has sent nothing for 5 s.")
"""The cheapest of the events that webhooks get unless they ask for others: nothing else is stored because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    store: str | None
    webhooks: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which events there are, and who wants them."""

    name: str
    one_in: int
    """One in so many events is of a type that webhooks get; the others are scores."""
    to_all: bool
    """Each webhook is told of all streams, or of one of its own."""


_ONE = Shape(name="each_to_one", one_in=1, to_all=False)
_SHAPES = (
    _ONE,
    Shape(name="tenth_to_all", one_in=10, to_all=True),
    Shape(name="all_to_all", one_in=1, to_all=True),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was written, and how long that took."""

    events: int
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds


class Streams:
    """Streams that take turns in publishing events, as the hub hands them to a journal. One belongs to each webhook."""

    def __init__(self, count: int) -> None:
        self.ids = [new_id("str") for _ in range(count)]
        self._media = [new_id("med") for _ in range(count)]
        self._number = itertools.count(int(time.time() * 1_000_000))
        self._turn = itertools.count()

    @staticmethod
    def owner(place: int) -> str:
        return f"key_{place // MOST_OF_A_KEY}"

    def publish(self, count: int, shape: Shape) -> list[Published]:
        return [self._publish(turn, shape) for turn in itertools.islice(self._turn, count)]

    def _publish(self, turn: int, shape: Shape) -> Published:
        place, number, unix_s = turn % len(self.ids), next(self._number), time.time()
        event: Event = _SCORE if turn % shape.one_in else _TOLD
        stream_id, media_id = self.ids[place], self._media[place]
        kind, data = encode(
            event, number=number, stream_id=stream_id, media_id=media_id, unix_s=unix_s, monotonic_s=0.0
        )
        return Published(Entry(number, kind, stream_id, data, self.owner(place)), media_id, event, unix_s)


def main(asked: Asked) -> bool:
    """Measure and print; whether the limit held. Raises `StoreError` when it could not run."""
    return asyncio.run(_measured(asked))


async def _measured(asked: Asked) -> bool:
    with tempfile.TemporaryDirectory(prefix="gorewatch-webhooks-") as name:
        address = asked.store or f"sqlite:///{Path(name)}/gorewatch.db"
        found: dict[str, dict[str, dict[str, float]]] = {}
        async with open_store(address) as store:
            streams = Streams(asked.webhooks)
            for shape in _SHAPES:
                found[shape.name] = {
                    f"batches_of_{batch}": await _compared(store, streams, shape, batch, asked) for batch in _BATCHES
                }
    held = all(figures["ratio"] >= _LEAST_RATIO for figures in found[_ONE.name].values())
    kind = "postgresql" if is_server(address) else "sqlite"
    limits = {"each_to_one_ratio_least": _LEAST_RATIO}
    report("webhooks", {"held": held, "store": kind, "webhooks": asked.webhooks, **limits, **found})
    return held


async def _compared(store: Store, streams: Streams, shape: Shape, batch: int, asked: Asked) -> dict[str, float]:
    say(f"{shape.name.replace('_', ' ')}, batches of {batch} …")
    without, owing = [], []
    async with _told(store, streams, shape) as endpoints:
        nobody = Endpoints(store, revoked=lambda _: False)
        for _ in range(_ROUNDS):
            without.append(await _written(store, nobody, streams, shape, batch, asked.seconds / _ROUNDS))
            owing.append(await _written(store, endpoints, streams, shape, batch, asked.seconds / _ROUNDS))
    figures = {
        "events_per_s": round(statistics.median(one.rate for one in owing), 1),
        "rows_per_s": round(statistics.median(one.rows / one.seconds for one in owing), 1),
        "without_per_s": round(statistics.median(one.rate for one in without), 1),
        "ratio": round(statistics.median(ours.rate / bare.rate for ours, bare in zip(owing, without, strict=True)), 4),
    }
    say(f"  {figures}")
    return figures


@asynccontextmanager
async def _told(store: Store, streams: Streams, shape: Shape) -> AsyncIterator[Endpoints]:
    """A webhook for each stream; they are removed with all that they are owed."""
    endpoints = Endpoints(store, revoked=lambda _: False)
    for place, stream_id in enumerate(streams.ids):
        of_one = () if shape.to_all else (stream_id,)
        await endpoints.add(_URL, key_id=streams.owner(place), kinds=(), streams=of_one, sees_all=shape.to_all)
    try:
        yield endpoints
    finally:
        for endpoint in endpoints:
            await endpoints.remove(endpoint)


async def _written(
    store: Store, endpoints: Endpoints, streams: Streams, shape: Shape, batch: int, seconds: float
) -> Taken:
    """Batch after batch, for so long and one at least."""
    most_owed = Settings().limits.webhook_queue
    ledger = Ledger(store, endpoints, wake=lambda: None, usual_url=None, most_owed=most_owed)
    journal = StoreJournal(store, lambda _: None, along=[ledger])
    before = await _owed(store, endpoints)
    events, took_s = 0, 0.0
    while not events or took_s < seconds:
        published = streams.publish(batch, shape)
        began_s = time.perf_counter()
        await journal.write(published)
        took_s += time.perf_counter() - began_s
        events += batch
    return Taken(events, await _owed(store, endpoints) - before, took_s)


async def _owed(store: Store, endpoints: Endpoints) -> int:
    async with store.reading() as tx:
        return sum((await deliveries.counts(tx, [endpoint.id for endpoint in endpoints])).values())
