"""Frames of peaks on their way to the disk: taken without waiting, written one batch at a time in a thread."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from stream.sample import Pixels

from ..store import incidents
from ..store.errors import StoreError
from ..store.kept import KeptIncident
from ..store.store import Store
from .peaks import Peak
from .picture_folder import PictureFolder

_MOST_WAITING = 128
"""Incidents whose frame waits; about 150 kB each."""
DROPPED = ("closing", "disk", "full")
"""Why a frame is given up."""
_PAUSE_S = 0.25
_TROUBLED_PAUSE_S = 2.0
_CLOSING_TIMEOUT_S = 2.0
_log = logging.getLogger("gorewatch.recording")


class Pictures:
    """Lives on one event loop. A frame waits until its incident is in the store, which then names it.

    A newer peak of an incident takes the place of one that waits. When too many wait the oldest is given up.
    """

    def __init__(
        self, store: Store, folder: PictureFolder, *, most_waiting: int = _MOST_WAITING, pause_s: float = _PAUSE_S
    ) -> None:
        self._store = store
        self._folder = folder
        self._most_waiting = most_waiting
        self._pause_s = pause_s
        self._waiting: dict[str, Peak] = {}
        self._lately: deque[str] = deque(maxlen=most_waiting)
        """Incidents whose picture was written just now: who has read their row before that still finds it."""
        self._added = asyncio.Event()
        self._troubled = False
        self._disk_failing = False
        self.kept = 0
        """Pictures written, those included that took the place of an earlier one of their incident."""
        self.dropped: dict[str, int] = {}
        """Those given up, by reason."""

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def add(self, peak: Peak) -> None:
        """Have one more kept. Never waits."""
        self._waiting[peak.incident_id] = peak
        if len(self._waiting) > self._most_waiting:
            del self._waiting[next(iter(self._waiting))]
            self._count("full", 1)
        self._added.set()

    def has(self, kept: KeptIncident) -> bool:
        """Whether there is a picture of an incident, as far as is known without looking for the file."""
        return kept.picture is not None or kept.incident.id in self._waiting or kept.incident.id in self._lately

    async def here(self, incident_id: str) -> bool:
        """Whether the picture of an incident is on its way here, or lies here."""
        return incident_id in self._waiting or await asyncio.to_thread(self._folder.has, incident_id)

    async def find(self, kept: KeptIncident) -> Pixels | None:
        """The frame of an incident's peak; None if none is kept. Raises
        `web.recording.picture_folder.PictureUnreadable`."""
        peak = self._waiting.get(kept.incident.id)
        if peak is not None:
            return peak.picture.pixels
        if not self.has(kept):
            return None
        return await asyncio.to_thread(self._folder.read, kept.picture or self._folder.name(kept.incident.id))

    async def run(self) -> None:
        """Write as they come, until cancelled."""
        await asyncio.to_thread(self._folder.clear)
        while True:
            await self._added.wait()
            await self._try()
            if not self._waiting:
                self._added.clear()
            await asyncio.sleep(max(_TROUBLED_PAUSE_S, self._pause_s) if self._troubled else self._pause_s)

    async def flush(self) -> None:
        """Write those whose incident is in the store; the others go on waiting. Raises `StoreError`.

        What the disk does not take is given up, and told in the log. Cancelled, it may have done a part.
        """
        if not self._waiting:
            return
        async with self._store.reading() as tx:
            known = await incidents.some(tx, list(self._waiting))
        due = [peak for peak in self._waiting.values() if peak.incident_id in known]
        begun = await self._on_disk(due, begin=True)
        if not begun:
            return
        # Named first, so that no picture is ever left that nothing names: such a one would never be deleted.
        async with self._store.writing() as tx:
            for peak in begun:
                await incidents.set_picture(tx, peak.incident_id, self._folder.name(peak.incident_id))
        for peak in await self._on_disk(begun, begin=False):
            self._lately.append(peak.incident_id)
            self._forget(peak)
            self._disk_failing = False
            self.kept += 1

    async def aclose(self, *, timeout_s: float = _CLOSING_TIMEOUT_S) -> None:
        """Write what waits, within a bound; the log says how many were left."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.flush()
        except (StoreError, TimeoutError) as error:
            _log.error("pictures cannot be kept at the end: %s", str(error) or f"it takes more than {timeout_s:g} s")
        if self._waiting:
            _log.error("%d pictures of incidents were not kept", len(self._waiting))
            self._count("closing", len(self._waiting))
            self._waiting.clear()

    async def _try(self) -> None:
        try:
            await self.flush()
        except StoreError as error:
            if not self._troubled:
                _log.error("pictures of incidents have to wait: %s", error)
            self._troubled = True
        else:
            self._troubled = False

    async def _on_disk(self, peaks: Sequence[Peak], *, begin: bool) -> list[Peak]:
        """Do the first or the second half of writing them. Those that it could be done for; others are given up."""
        failed = await asyncio.to_thread(self._failures, peaks, begin=begin)
        for peak, error in failed:
            self._forget(peak)
            if not self._disk_failing:
                _log.error("the picture of %s cannot be kept: %s", peak.incident_id, error.strerror or error)
            self._disk_failing = True
        self._count("disk", len(failed))
        lost = {id(peak) for peak, _ in failed}
        return [peak for peak in peaks if id(peak) not in lost]

    def _failures(self, peaks: Sequence[Peak], *, begin: bool) -> list[tuple[Peak, OSError]]:
        failed = []
        for peak in peaks:
            try:
                if begin:
                    self._folder.begin(peak.incident_id, peak.picture.pixels)
                else:
                    self._folder.finish(peak.incident_id)
            except OSError as error:
                failed.append((peak, error))
        return failed

    def _forget(self, peak: Peak) -> None:
        """Unless a newer one has taken its place."""
        if self._waiting.get(peak.incident_id) is peak:
            del self._waiting[peak.incident_id]

    def _count(self, reason: str, number: int) -> None:
        if number:
            self.dropped[reason] = self.dropped.get(reason, 0) + number
