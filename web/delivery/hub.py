"""Hands every event to all subscribers: one bounded queue each, and a publisher that never waits."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from inference.events import Event

from .cloudevents import encode, encode_gap, format_id, next_id
from .history import Entry, History

TOO_SLOW = 4008
GOING_AWAY = 1001
NO_LONGER_LET_IN = 1008
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a subscriber wants, an empty set meaning all, and which it may see, None meaning all."""

    streams: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    owners: frozenset[str | None] | None = None
    only_stream: str | None = None

    def wants(self, entry: Entry) -> bool:
        return (
            (not self.streams or entry.stream_id in self.streams)
            and (not self.kinds or entry.kind in self.kinds)
            and (self.owners is None or entry.owner in self.owners)
            and self.only_stream in (None, entry.stream_id)
        )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a subscriber's connection is to be closed."""

    code: int
    reason: str


class Subscriber:
    """One reader of the hub's events, first of the kept ones it asked for and then of the live ones.

    `on_cut` is called when it has fallen too far behind, and must make its sender stop waiting.
    """

    def __init__(
        self,
        history: History,
        wanted: Filter,
        *,
        queue_limit: int,
        since: int | None,
        count_cut: Callable[[int], None],
    ) -> None:
        self.wanted = wanted
        self._count_cut = count_cut
        self.on_cut: Callable[[], None] | None = None
        self.sent: int | None = since
        self.ending: Ending | None = None
        self._history = history
        self._limit = queue_limit
        self._cursor = since
        self._gap: Entry | None = None
        self._queue: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._finishing: Ending | None = None
        if since is not None and since < history.floor:
            first = history.first
            self._cursor = self.sent = first - 1
            self._gap = Entry(first - 1, "gap", "", encode_gap(first=first, since=since, unix_s=time.time()))

    def offer(self, entry: Entry) -> None:
        """Queue a live event, or end the subscription when there is no room left for it."""
        if self.ending is not None or self._finishing is not None:
            return
        if self._cursor is None:
            if len(self._queue) >= self._limit:
                self.cut(TOO_SLOW)
                return
            self._queue.append(entry)
        self._wake.set()

    async def take(self) -> list[Entry]:
        """The next events to send, at least one; empty when the subscription is over and `ending` is set.

        Nothing is lost when it is cancelled.
        """
        while self.ending is None:
            self._wake.clear()
            if batch := self._replay() or self._live():
                return batch
            if self._finishing is not None:
                self.ending = self._finishing
                break
            await self._wake.wait()
        return []

    def finish(self, code: int) -> None:
        """Close it with `code` once what it is owed has been sent."""
        self._finishing = Ending(code, "")
        self._wake.set()

    def cut(self, code: int, reason: str | None = None) -> None:
        """Close it with `code` now, for a reason or with the last id sent; what was not sent is dropped."""
        if self.ending is None:
            last = "" if self.sent is None else format_id(self.sent)
            self.ending = Ending(code, last if reason is None else reason)
            self._count_cut(code)
            self._queue.clear()
            self._wake.set()
            if self.on_cut is not None:
                self.on_cut()

    def _live(self) -> list[Entry]:
        batch = list(self._queue)
        self._queue.clear()
        return batch

    def _replay(self) -> list[Entry]:
        """Kept events from the cursor on, read as they are sent, so that a long replay takes no memory of its own."""
        batch: list[Entry] = []
        if self._gap is not None:
            batch, self._gap = [self._gap], None
        while self._cursor is not None and not batch:
            if self._cursor < self._history.floor:
                self.cut(TOO_SLOW)
                break
            chunk = self._history.after(self._cursor, _CHUNK)
            self._cursor = chunk[-1].number if chunk else None
            batch.extend(entry for entry in chunk if self.wanted.wants(entry))
        return batch


class Hub:
    """All subscribers and the history. Lives on one event loop; nothing here waits for a subscriber."""

    def __init__(self, *, history_events: int, queue_limit: int) -> None:
        self._last = time.time_ns() // 1000
        self._history = History(history_events, floor=self._last)
        self._queue_limit = queue_limit
        self._subscribers: set[Subscriber] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._closing = False
        self.published: dict[str, int] = {}
        """Events so far, by type."""
        self.cut_count = 0
        """Subscribers closed for being too slow."""

    @property
    def subscriber_count(self) -> int:
        return len(self._subscribers)

    def publish(self, stream_id: str, media_id: str, event: Event, *, owner: str | None = None) -> Entry:
        """Number, encode and hand out one event. Never blocks and never fails because of a subscriber.

        `owner` is the key that the stream belongs to, None for nobody's.
        """
        self._last = next_id(self._last, time.time_ns() // 1000)
        kind, data = encode(
            event,
            number=self._last,
            stream_id=stream_id,
            media_id=media_id,
            unix_s=time.time(),
            monotonic_s=time.monotonic(),
        )
        entry = Entry(self._last, kind, stream_id, data, owner)
        self._history.append(entry)
        self.published[kind] = self.published.get(kind, 0) + 1
        for subscriber in self._subscribers:
            if subscriber.wanted.wants(entry):
                subscriber.offer(entry)
        return entry

    def subscribe(self, wanted: Filter, *, since: int | None) -> Subscriber:
        """Add a subscriber; with `since`, the events kept after that number come first, then the live ones."""
        subscriber = Subscriber(
            self._history, wanted, queue_limit=self._queue_limit, since=since, count_cut=self._count_cut
        )
        if self._closing:
            subscriber.finish(GOING_AWAY)
        self._subscribers.add(subscriber)
        self._empty.clear()
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a subscriber, however it ended."""
        self._subscribers.discard(subscriber)
        if not self._subscribers:
            self._empty.set()

    def _count_cut(self, code: int) -> None:
        self.cut_count += code == TOO_SLOW

    async def aclose(self, *, timeout_s: float = 1.0) -> None:
        """Let every subscriber have what it is owed, then close it with 1001. Idempotent."""
        self._closing = True
        for subscriber in self._subscribers:
            subscriber.finish(GOING_AWAY)
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            for subscriber in tuple(self._subscribers):
                subscriber.cut(GOING_AWAY)
