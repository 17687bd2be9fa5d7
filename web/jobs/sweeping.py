"""Clears away what is too old: jobs that ended, uploads whose time is over, files that belong to neither."""

import asyncio
import logging
import math
import time
from collections.abc import Callable

from ..store import jobs, regions, uploads
from ..store.errors import StoreError
from ..store.store import Store
from .folder import MediaFolder

_EVERY_S = 300.0
_log = logging.getLogger("gorewatch.jobs")


class Sweeper:
    """`clock` tells Unix seconds. Uploads of other regions are left alone: their files lie elsewhere."""

    def __init__(
        self,
        store: Store,
        folder: MediaFolder,
        *,
        region: str = regions.DEFAULT,
        job_hours: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._folder = folder
        self._region = region
        self._kept_s = job_hours * 3600.0
        self._clock = clock

    async def run(self) -> None:
        """Every few minutes, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.sweep()
            except (StoreError, OSError) as error:
                _log.error("what is too old could not be cleared away: %s", error)

    async def tidy(self) -> None:
        """At the start: let go of what an earlier service was in the middle of, and of files that nothing names.

        Raises `StoreError` and OSError.
        """
        async with self._store.writing() as tx:
            kept = await uploads.expired(tx, now_s=math.inf, region=self._region)
            for upload in kept:
                if upload.path is None and upload.used_s is not None:
                    await uploads.unclaim(tx, upload.media_id)
            ongoing = await jobs.ongoing(tx, region=self._region)
            wanted = {job.id for job in ongoing} | {upload.media_id for upload in kept if upload.path}
        await asyncio.to_thread(self._folder.sweep, wanted)
        await self.sweep()

    async def sweep(self) -> None:
        """Raises `StoreError` and OSError."""
        now_s = self._clock()
        async with self._store.writing() as tx:
            await jobs.forget(tx, ended_before_s=now_s - self._kept_s)
            over = await uploads.expired(tx, now_s=now_s, region=self._region)
            for upload in over:
                await uploads.remove(tx, upload.media_id)
        for upload in over:
            await asyncio.to_thread(self._folder.drop, upload.media_id)
