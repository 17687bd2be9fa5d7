"""Scores on their way to the store: taken without waiting, written in blocks, a few seconds' worth at a time."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice, repeat

from ..store import scores
from ..store.blocks import MOST_SAMPLES, Judged
from ..store.days import day_at
from ..store.errors import StoreError
from ..store.scores import Block, block_of
from ..store.store import Store

_EVERY_S = 2.0
_MOST_SAMPLES = 1024
"""That wait for the store, of one media: at 2 a second over eight minutes."""
_MOST_ENDED = 100
"""Media that ended and wait for the store."""
_MEDIA_A_TRANSACTION = 200
_CLOSING_TIMEOUT_S = 2.0
_log = logging.getLogger("gorewatch.recording")


@dataclass(slots=True)
class _Media:
    waiting: deque[Judged] = field(default_factory=deque)
    """Samples that are not in the store."""
    block: tuple[Judged, ...] = ()
    """The samples of the block that is not full: it is written again with those that follow."""
    day: int = 0
    """That this block is kept under: it stays one when it is written again after midnight."""
    tried: int = 0
    """The day on which what waits was first tried to be written, since it may be there; 0 before that."""
    ended: bool = False

    def days(self) -> tuple[int, int]:
        """That of the block that comes next, and that of those after it."""
        return self.day if self.block else self.tried, self.tried

    def written(self, samples: Sequence[Judged]) -> None:
        whole = (*self.block, *samples)
        self.day, self.tried = self.days()[len(whole) >= MOST_SAMPLES], 0
        self.block = whole[len(whole) - len(whole) % MOST_SAMPLES :]


class Recorder:
    """Lives on one event loop. While the store cannot be written the oldest samples give way to new ones."""

    def __init__(
        self,
        store: Store,
        *,
        every_s: float = _EVERY_S,
        most_samples: int = _MOST_SAMPLES,
        most_ended: int = _MOST_ENDED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._every_s = every_s
        self._most_samples = most_samples
        self._most_ended = most_ended
        self._clock = clock
        self._media: dict[str, _Media] = {}
        self._ended: deque[str] = deque()
        self._wake = asyncio.Event()
        self._flushing = asyncio.Lock()
        self.written = 0
        """Samples that are in the store."""
        self.dropped = 0
        """Samples that gave way, or were left when the service ended."""
        self.failing = False
        """The last attempt to write did not succeed."""

    @property
    def waiting(self) -> int:
        """Samples that are not in the store yet."""
        return sum(len(media.waiting) for media in self._media.values())

    def add(self, media_id: str, sample: Judged) -> None:
        """Take one more sample, in order of position. Never waits."""
        media = self._media.setdefault(media_id, _Media())
        media.waiting.append(sample)
        self._trim(media)

    def end(self, media_id: str) -> None:
        """No more samples of this media follow: what is left of it is written soon. Never waits."""
        media = self._media.get(media_id)
        if media is None or media.ended:
            return
        media.ended = True
        self._ended.append(media_id)
        if len(self._ended) > self._most_ended:
            self.dropped += len(self._media.pop(self._ended.popleft()).waiting)
        self._wake.set()

    async def run(self) -> None:
        """Write every few seconds, and when a media ended; until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._wake.wait()
                    if self.failing:
                        # A media that ends is no reason to try sooner what does not succeed.
                        await asyncio.Event().wait()
            self._wake.clear()
            await self._try()

    async def flush(self) -> None:
        """Write all that waits. Raises `StoreError`.

        What was not written goes on waiting, also when it is cancelled.
        """
        async with self._flushing:
            due = [name for name, media in self._media.items() if media.waiting or media.ended]
            for at in range(0, len(due), _MEDIA_A_TRANSACTION):
                await self._write(due[at : at + _MEDIA_A_TRANSACTION])

    async def aclose(self, *, timeout_s: float = _CLOSING_TIMEOUT_S) -> None:
        """Write what waits, within a bound; the log says how much was left."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.flush()
        except (StoreError, TimeoutError) as error:
            left = self.waiting
            self.dropped += left
            why = error if isinstance(error, StoreError) else f"the store takes more than {timeout_s:g} s"
            _log.error("%d scores could not be kept: %s", left, why)
        finally:
            self._media.clear()
            self._ended.clear()

    async def _try(self) -> None:
        try:
            await self.flush()
        except StoreError as error:
            if not self.failing:
                _log.error("scores are not kept for now: %s", error)
            self.failing = True
        else:
            if self.failing:
                _log.info("scores are kept again; %d were given up so far", self.dropped)
            self.failing = False

    async def _write(self, names: Sequence[str]) -> None:
        taken = {name: (self._media[name], tuple(self._media[name].waiting)) for name in names if name in self._media}
        for media, _ in taken.values():
            media.waiting.clear()
        at_s = self._clock()
        for media, _ in taken.values():
            media.tried = media.tried or day_at(at_s)
        try:
            work = [(name, (*media.block, *new), media.days()) for name, (media, new) in taken.items() if new]
            blocks = await asyncio.to_thread(_blocks, work, at_s)
            if blocks:
                async with self._store.writing() as tx:
                    await scores.put(tx, blocks)
        except BaseException:
            for name, (media, samples) in taken.items():
                media.waiting.extendleft(reversed(samples))
                if self._media.get(name) is media:
                    self._trim(media)
                else:
                    self.dropped += len(samples)
            raise
        for name, (media, samples) in taken.items():
            self.written += len(samples)
            media.written(samples)
            self._forget_written(name, media)

    def _forget_written(self, name: str, media: _Media) -> None:
        if media.ended and not media.waiting and self._media.get(name) is media:
            del self._media[name]
            self._ended.remove(name)

    def _trim(self, media: _Media) -> None:
        while len(media.waiting) > self._most_samples:
            media.waiting.popleft()
            self.dropped += 1


def _blocks(work: Sequence[tuple[str, Sequence[Judged], tuple[int, int]]], at_s: float) -> list[Block]:
    """Each media's samples cut into blocks."""
    blocks = []
    for name, samples, (first_day, day) in work:
        rest, days = iter(samples), chain([first_day], repeat(day))
        while piece := tuple(islice(rest, MOST_SAMPLES)):
            blocks.append(block_of(name, piece, at_s=at_s, day=next(days)))
    return blocks
