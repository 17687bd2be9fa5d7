"""Hands every event to all subscribers, after it was kept; a publisher never waits."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from inference.events import Event

from .cloudevents import encode, encode_store, next_id
from .filters import Filter
from .frames import Parcel
from .history import OPERATORS, Entry, History
from .interest import Interest
from .journal import EventLog, Journal, Published
from .outbox import Outbox, Patience
from .past import Past
from .subscriber import GOING_AWAY, Outlet, Subscriber, Tally
from .unkept import Unkept

_UNKEPT_EVENTS = 20_000


class Hub:
    """All subscribers and the newest events. Lives on one event loop; nothing here waits for a subscriber.

    `unix` tells the time in Unix seconds; ids grow though it steps back. `above` is a number that no id has reached.
    With a `log` in place of a journal, events go there first and come to subscribers from there, with its numbers.
    """

    def __init__(
        self,
        *,
        history_events: int,
        queue_limit: int,
        unkept_events: int = _UNKEPT_EVENTS,
        journal: Journal | None = None,
        log: EventLog | None = None,
        above: int = 0,
        patience: Patience | None = None,
        unix: Callable[[], float] = time.time,
    ) -> None:
        patience = patience or Patience()
        self._unix = unix
        self._leave_s = patience.leave_s
        self._last = max(above, int(unix() * 1e6))
        self._history = History(history_events, floor=self._last if log is None else above)
        self._unkept = Unkept(unkept_events)
        self._log = log
        kept = journal or log
        self._past = Past(
            self._history,
            self._unkept if log is None else Unkept(unkept_events),
            kept,
            timeout_s=patience.write_s,
            turn_s=patience.turn_s,
        )
        hand_out = self._hand_out if log is None else None
        self._outbox = (
            None
            if kept is None
            else Outbox(kept, self._unkept, hand_out=hand_out, tell=self._tell_of_store, patience=patience)
        )
        self._queue_limit = queue_limit
        self._subscribers: Interest[Subscriber] = Interest()
        """What is the same for many is made once."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._told = asyncio.Event()
        """More came from the log."""
        self._closing = False
        self.tally = Tally()
        self.published: dict[str, int] = {}
        """Events so far, by type."""

    @property
    def subscriber_count(self) -> int:
        return len(self._subscribers)

    @property
    def last(self) -> int:
        """The number of the newest event that was handed out."""
        return self._history.last

    @property
    def newest(self) -> int:
        """As `last`, but 0 before the first: it is not known of which region the one before was."""
        return self._history.newest

    @property
    def journal_ok(self) -> bool:
        """Events are kept before they are sent, or are not to be kept at all."""
        return self._outbox is None or self._outbox.ok

    @property
    def log_ok(self) -> bool:
        """Events come from the log, if that is where they come from."""
        return self._log is None or self._log.ok

    @property
    def unkept(self) -> int:
        """Events that are still to be written to the journal."""
        return len(self._unkept)

    def waiting(self) -> tuple[Published, ...]:
        """The events that are still to be written to the journal, oldest first."""
        return tuple(self._unkept)

    @property
    def dropped(self) -> Mapping[str, int]:
        """Events that were never kept, since the journal could not be written for too long; by type."""
        return self._unkept.dropped

    @property
    def refused(self) -> int:
        """Events of which the journal did not take everything, or nothing."""
        return 0 if self._outbox is None else self._outbox.refused

    def publish(self, stream_id: str, media_id: str, event: Event, *, owner: str | None = None) -> None:
        """Number and encode one event, and have it kept and sent. Never blocks and never fails because of others.

        `owner` is the key that the stream belongs to, None for nobody's.
        """
        unix_s = self._unix()
        kind, data = encode(
            event,
            number=self._next_number(unix_s),
            stream_id=stream_id,
            media_id=media_id,
            unix_s=unix_s,
            monotonic_s=time.monotonic(),
        )
        self._count(kind)
        entry = Entry(self._last, kind, stream_id, data, owner)
        if self._outbox is None:
            self._hand_out([entry])
        else:
            self._outbox.add(Published(entry, media_id, event, unix_s))

    def subscribe(self, wanted: Filter, *, since: int | None, outlet: Outlet | None = None) -> Subscriber:
        """Add a subscriber; with `since`, the events kept after that number come first, then the live ones."""
        subscriber = Subscriber(
            self._past,
            wanted,
            since=since,
            queue_limit=self._queue_limit,
            tally=self.tally,
            unix=self._unix,
            outlet=outlet,
        )
        self._subscribers.add(wanted, subscriber)
        self._empty.clear()
        if self._closing:
            subscriber.finish(GOING_AWAY)
        return subscriber

    def change(self, subscriber: Subscriber, wanted: Filter) -> None:
        """Let a subscriber want other events from now on."""
        if self._subscribers.remove(subscriber.wanted, subscriber):
            subscriber.change(wanted)
            self._subscribers.add(wanted, subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a subscriber, however it ended. Idempotent."""
        self._subscribers.remove(subscriber.wanted, subscriber)
        subscriber.leave()
        if not len(self._subscribers):
            self._empty.set()

    async def run(self) -> None:
        """Write to the journal until cancelled; needed where there is one, or a log."""
        if self._outbox is None:
            return
        if self._log is None:
            await self._outbox.run()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._outbox.run(), name="event-outbox")
            group.create_task(self._follow(self._log), name="event-log")

    async def aclose(self) -> None:
        """Keep what is left and let every subscriber have what it is owed, then close it with 1001. Idempotent."""
        if self._outbox is not None:
            await self._outbox.aclose()
        if self._log is not None:
            await self._caught_up(self._log.written)
        self._closing = True
        for subscriber in self._subscribers:
            subscriber.finish(GOING_AWAY)
        try:
            async with asyncio.timeout(self._leave_s):
                await self._empty.wait()
        except TimeoutError:
            for subscriber in self._subscribers:
                subscriber.cut(GOING_AWAY)

    async def _follow(self, log: EventLog) -> None:
        async for entries in log.follow(self._history.last):
            self._hand_out(entries)
            self._told.set()

    async def _caught_up(self, number: int) -> None:
        """Until that event came back from the log, within a bound."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._leave_s):
                while self._history.last < number:
                    self._told.clear()
                    await self._told.wait()

    def _tell_of_store(self, failed: str | None) -> None:
        """Tell who sees everything; it has a number like any other event, and is not kept.

        With a log it has none: numbers are given there, which is what fails.
        """
        if self._log is not None:
            return
        unix_s = self._unix()
        number = self._next_number(unix_s)
        dropped = sum(self._unkept.dropped.values())
        kind, data = encode_store(number=number, failed=failed, dropped=dropped, unix_s=unix_s)
        self._count(kind)
        self._hand_out([Entry(number, kind, "", data, OPERATORS)])

    def _next_number(self, unix_s: float) -> int:
        self._last = next_id(self._last, int(unix_s * 1e6))
        return self._last

    def _count(self, kind: str) -> None:
        self.published[kind] = self.published.get(kind, 0) + 1

    def _hand_out(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._history.append(entry)
        for group, some in self._subscribers.told(entries):
            parcel = Parcel(some)
            direct = sum([subscriber.offer(parcel) for subscriber in group])
            self.tally.sent += direct * len(some)


@asynccontextmanager
async def open_hub(
    *,
    history_events: int,
    queue_limit: int,
    unkept_events: int = _UNKEPT_EVENTS,
    journal: Journal | None = None,
    log: EventLog | None = None,
    patience: Patience | None = None,
    unix: Callable[[], float] = time.time,
) -> AsyncIterator[Hub]:
    """A hub that goes on where the journal, or the log, ends, and is closed at the end. Raises what these raise."""
    kept = journal or log
    above = 0 if kept is None else (await kept.bounds())[1]
    hub = Hub(
        history_events=history_events,
        queue_limit=queue_limit,
        unkept_events=unkept_events,
        journal=journal,
        log=log,
        above=above,
        patience=patience,
        unix=unix,
    )
    running = asyncio.create_task(hub.run(), name="event-journal")
    try:
        yield hub
    finally:
        try:
            await hub.aclose()
        finally:
            running.cancel()
            await asyncio.wait({running})
