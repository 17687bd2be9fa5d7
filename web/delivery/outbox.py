"""Keeps events in the journal and then has them sent, so that nobody gets what others could not have later.

While the journal is too slow or fails, events are sent at once and kept as soon as it can.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..store.errors import Refused
from .cloudevents import format_id
from .history import Entry
from .journal import Journal, Published
from .unkept import Unkept

_BATCH = 500
_LAST_RETRY_S = 5.0
_SLOW = "it takes too long"
_NAMED = 10
"""Events that one line of the log names."""
_log = logging.getLogger("gorewatch.events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the journal is waited for."""

    send_s: float = 1.0
    """Until events are sent although they are not kept."""
    write_s: float = 10.0
    """Until one writing, or reading, counts as failed."""
    turn_s: float = 60.0
    """Until who waits for others to have read is told to come back later."""
    close_s: float = 2.0
    """Until what is left at the end is given up."""
    leave_s: float = 1.0
    """Until subscribers are cut that do not read what they are owed at the end."""
    retry_s: float = 0.05
    """Until it is tried again at first; twice as long after each failure, up to five seconds."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event of which the journal does not take everything."""

    entry: Entry
    why: str
    kept: bool
    """The event itself is kept, without all that follows from it."""


class Outbox:
    """Lives on one event loop. `hand_out` sends events, in order; without it whoever reads the journal does.

    `tell` is called with why events cannot be kept, once some were sent for that, and with None when they are kept
    first again; not where it only takes too long. What was published until then has been handed out.
    """

    def __init__(
        self,
        journal: Journal,
        unkept: Unkept,
        *,
        hand_out: Callable[[Sequence[Entry]], None] | None,
        tell: Callable[[str | None], None],
        patience: Patience,
    ) -> None:
        self._journal = journal
        self._unkept = unkept
        self._hand_out = hand_out or _left_to_readers
        self._meanwhile = "are sent before they are kept" if hand_out is not None else "wait"
        self._tell = tell
        self._patience = patience
        self._unsent: deque[tuple[float, Entry]] = deque()
        """Each with the loop's time until which it waits to be kept."""
        self._timer: asyncio.TimerHandle | None = None
        self._added = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False
        self._trouble: str | None = None
        """Why the last writing failed; None if it did not."""
        self._told = False
        self.ok = True
        """Events are kept before they are sent."""
        self.refused = 0
        """Events of which the journal did not take everything, or nothing."""

    def add(self, published: Published) -> None:
        """Have one kept and sent. Never waits."""
        self._unkept.add(published)
        if self._closed:
            self._unkept.give_up()
        self._empty.clear()
        self._added.set()
        if self.ok and not self._closed:
            self._unsent.append((asyncio.get_running_loop().time() + self._patience.send_s, published.entry))
            self._watch_oldest()
        else:
            self._hand_out([published.entry])

    async def run(self) -> None:
        """Write until cancelled."""
        retry_s, most = self._patience.retry_s, _BATCH
        loop = asyncio.get_running_loop()
        while True:
            await self._added.wait()
            batch = self._unkept.begin(most)
            began_s = loop.time()
            if not batch:
                self._added.clear()
                self._empty.set()
                self._recovered()
            elif await self._written(batch):
                retry_s = self._patience.retry_s
                self._trouble = None
                self._unkept.written()
                self._send(batch[-1].entry.number)
                # Without a pause between events there is always one that is not kept yet. What comes during a writing
                # waits for that and for the next one.
                if len(batch) < most and 2.0 * (loop.time() - began_s) < self._patience.send_s:
                    self._recovered()
                most = min(2 * most, _BATCH)
            else:
                self._unkept.failed()
                if self._trouble == _SLOW:
                    # So many that are owed to so many receivers may take too long each time.
                    most = max(len(batch) // 2, 1)
                self._tell_of_failure()
                await asyncio.sleep(retry_s)
                retry_s = min(2.0 * retry_s, _LAST_RETRY_S)

    async def aclose(self) -> None:
        """Write what is left, as far as that can be done in time; all is sent when it returns. `run` must be going.

        Idempotent.
        """
        if self._closed:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.close_s):
                await self._empty.wait()
        self._closed = True
        self._send(None)
        if left := len(self._unkept):
            _log.error("%d events are not kept: the journal cannot be written", left)
            self._unkept.give_up()

    async def _written(self, batch: Sequence[Published]) -> bool:
        try:
            async with asyncio.timeout(self._patience.write_s):
                await self._journal.write(batch)
        except Refused:
            return await self._written_apart(batch)
        except Exception as error:
            self._trouble = str(error) or _SLOW
            return False
        return True

    async def _written_apart(self, batch: Sequence[Published]) -> bool:
        """One by one, so that what can be kept is not held up by what cannot."""
        refusals: list[Refusal] = []
        try:
            for published in batch:
                async with asyncio.timeout(self._patience.write_s):
                    if (refusal := await self._refusal(published)) is not None:
                        refusals.append(refusal)
        except Exception as error:
            self._trouble = str(error) or _SLOW
            return False
        for refusal in refusals:
            self.refused += 1
            if not refusal.kept:
                self._unkept.set_aside(refusal.entry)
        for kept in (True, False):
            _report([refusal for refusal in refusals if refusal.kept is kept])
        return True

    async def _refusal(self, published: Published) -> Refusal | None:
        """What the journal does not take of an event; None if it takes all of it."""
        try:
            await self._journal.write([published])
        except Refused as error:
            return Refusal(published.entry, str(error), await self._journal.keep_alone(published))
        return None

    def _send(self, upto: int | None) -> None:
        """Hand out what waits for it, up to that number or all."""
        entries: list[Entry] = []
        while self._unsent and (upto is None or self._unsent[0][1].number <= upto):
            entries.append(self._unsent.popleft()[1])
        if entries:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._watch_oldest()
            self._hand_out(entries)

    def _watch_oldest(self) -> None:
        """Have patience until the time of the event that has waited longest."""
        if self._unsent and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._unsent[0][0], self._lose_patience)

    def _lose_patience(self) -> None:
        self._timer = None
        self.ok = False
        _log.error("events %s until the journal recovers, which fails: %s", self._meanwhile, self._trouble or _SLOW)
        self._send(None)
        self._tell_of_failure()

    def _tell_of_failure(self) -> None:
        if self._trouble is not None and not self.ok and not self._told:
            self._told = True
            self._tell(self._trouble)

    def _recovered(self) -> None:
        if not self.ok:
            self.ok = True
            _log.warning("the journal has recovered: events are kept before they are sent; dropped: %s", self._lost())
            if self._told:
                self._told = False
                self._tell(None)

    def _lost(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in sorted(self._unkept.dropped.items())) or "none"


def _left_to_readers(_entries: Sequence[Entry]) -> None:
    """They get them once they are kept."""


def _report(refusals: Sequence[Refusal]) -> None:
    """One line for those that were treated alike, however many they are."""
    if not refusals:
        return
    first = refusals[0]
    how = "are kept, without all that follows from them" if first.kept else "can never be kept"
    named = ", ".join(f"{format_id(one.entry.number)} {one.entry.kind}" for one in refusals[:_NAMED])
    more = f" and {len(refusals) - _NAMED} more" if len(refusals) > _NAMED else ""
    _log.error("%d events %s: %s%s: %s", len(refusals), how, named, more, first.why)
