"""Lets go of what is too old or too much, in small steps: between two of them whoever writes has their turn."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ..limits import Retention
from ..store import events, incidents, media, partitions, regions, scores, sweeping, views
from ..store.blocks import Judged, decode, thinned
from ..store.days import spared
from ..store.errors import StoreError
from ..store.scores import Block
from ..store.store import Store
from .picture_folder import PictureFolder

STEP_ROWS = 500
_THINNED_A_STEP = 50
_THIN_STEP_S = 10.0
_EVERY_S = 300.0
_TURN_S = 2.5 * _EVERY_S
"""After which another service takes over from one that is gone."""
_PAUSE_S = 0.01
_DAY_S = 86_400.0
_WHOLE_DAYS_FROM = 7.0
"""Scores that are kept for so many days may be kept for one more, so that a whole day of them goes at once."""
_log = logging.getLogger("gorewatch.recording")

_Forget = Callable[[AsyncConnection, float, int], Awaitable[int]]


class Retainer:
    """`clock` tells Unix seconds; `pause` is awaited between two transactions.

    Of several services on one store one at a time lets go of rows, whichever service they are of. Pictures lie with the
    service that took them, which finds out by itself that an incident is gone.
    """

    def __init__(
        self,
        store: Store,
        kept: Retention,
        pictures: PictureFolder,
        *,
        region: str = regions.DEFAULT,
        clock: Callable[[], float] = time.time,
        pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(_PAUSE_S),
    ) -> None:
        self._store = store
        self._kept = kept
        self._pictures = pictures
        self._region = region
        self._clock = clock
        self._pause = pause

    async def run(self) -> None:
        """Every few minutes, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.sweep()
            except (StoreError, OSError) as error:
                _log.error("what is too old could not be cleared away: %s", error)

    async def sweep(self) -> None:
        """Once through everything. Cancelled, it has done a part. Raises `StoreError` and OSError."""
        async with self._store.writing() as tx:
            turn = await sweeping.turn(tx, self._region, now_s=self._clock(), lasts_s=_TURN_S)
        if turn.ours:
            await self._sweep()
        if not turn.alone:
            await self._clear_pictures()

    async def _sweep(self) -> None:
        kept = self._kept
        await self._shed(events.count, _events, days=kept.events_days, most=kept.events_most)
        await partitions.make_ahead(self._store, now_s=self._clock())
        await self._drop_days()
        await self._thin()
        await self._shed(scores.count, self._scores, days=kept.scores_days, most=kept.score_blocks_most)
        await self._shed(incidents.count, self._incidents, days=kept.incidents_days, most=kept.incidents_most)
        await self._shed(media.count, _media, days=kept.media_days, most=kept.media_most)
        await self._shed(views.count, _views, days=kept.incidents_days, most=kept.views_most)

    async def _clear_pictures(self) -> None:
        """Those of incidents that another service let go of."""
        names = await asyncio.to_thread(self._pictures.kept)
        every = sorted(names)
        for at in range(0, len(every), STEP_ROWS):
            some = every[at : at + STEP_ROWS]
            async with self._store.reading() as tx:
                there = await incidents.there(tx, [names[name] for name in some])
            await asyncio.to_thread(self._pictures.remove, [name for name in some if names[name] not in there])
            await self._pause()

    async def _shed(
        self, count: Callable[[AsyncConnection], Awaitable[int]], forget: _Forget, *, days: float, most: int
    ) -> None:
        before_s = self._clock() - days * _DAY_S
        async with self._store.reading() as tx:
            excess = await count(tx) - most
        while True:
            async with self._store.writing() as tx:
                gone = await forget(tx, before_s, excess)
            excess -= gone
            if gone < STEP_ROWS:
                return
            await self._pause()

    async def _drop_days(self) -> None:
        now_s = self._clock()
        await partitions.drop_over(self._store, before_s=now_s - self._kept.scores_days * _DAY_S, now_s=now_s)

    async def _scores(self, tx: AsyncConnection, before_s: float, excess: int) -> int:
        there = await partitions.there(tx) if self._kept.scores_days >= _WHOLE_DAYS_FROM else ()
        days = spared(there, before_s=before_s)
        return await scores.forget(tx, before_s=before_s, excess=excess, limit=STEP_ROWS, spared=days)

    async def _thin(self) -> None:
        before_s = self._clock() - self._kept.scores_whole_days * _DAY_S
        while True:
            async with self._store.reading() as tx:
                blocks = await scores.unthinned(tx, before_s=before_s, limit=_THINNED_A_STEP)
            fewer = await asyncio.to_thread(_fewer, blocks)
            async with self._store.writing() as tx:
                for block, samples in zip(blocks, fewer, strict=True):
                    if samples:
                        await scores.thin(tx, block, samples, step_s=_THIN_STEP_S)
                    else:
                        await scores.drop(tx, block)
            if len(blocks) < _THINNED_A_STEP:
                return
            await self._pause()

    async def _incidents(self, tx: AsyncConnection, before_s: float, excess: int) -> int:
        gone, pictures = await incidents.forget(tx, before_s=before_s, excess=excess, limit=STEP_ROWS)
        # Before their rows are gone for good: a picture that nothing names would never be deleted.
        await asyncio.to_thread(self._pictures.remove, pictures)
        return gone


async def _events(tx: AsyncConnection, before_s: float, excess: int) -> int:
    return await events.forget(tx, before_s=before_s, excess=excess, limit=STEP_ROWS)


async def _media(tx: AsyncConnection, before_s: float, excess: int) -> int:
    return await media.forget(tx, before_s=before_s, excess=excess, limit=STEP_ROWS)


async def _views(tx: AsyncConnection, before_s: float, excess: int) -> int:
    return await views.forget(tx, before_s=before_s, excess=excess, limit=STEP_ROWS)


def _fewer(blocks: Sequence[Block]) -> list[list[Judged]]:
    """The samples that stay of each; none of one that is damaged."""
    fewer = []
    for block in blocks:
        try:
            fewer.append(thinned(decode(block.data), step_s=_THIN_STEP_S))
        except ValueError as error:
            _log.error("scores of %s are damaged in the store and are let go of: %s", block.media_id, error)
            fewer.append([])
    return fewer
