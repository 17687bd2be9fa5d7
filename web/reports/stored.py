"""What a report tells of a media in the store, read a page at a time."""

import asyncio
import logging
from collections.abc import Sequence

from inference.scores import Point

from ..pixelating import peak_frame
from ..recording.lately import later
from ..recording.picture_folder import PictureUnreadable
from ..recording.pictures import Pictures
from ..recording.series import read_series
from ..store import incidents
from ..store.kept import IncidentFilter, KeptIncident, KeptMedia, MediaEnd
from ..store.store import Store
from .values import MOST_INCIDENTS, MediaReport, PeakFrame, Shown, highest, lasted_s

_MOST_POINTS = 1200
_PAGE = 500
_log = logging.getLogger("gorewatch.http")


async def stored_report(
    store: Store,
    pictures: Pictures,
    kept: KeptMedia,
    end: MediaEnd,
    *,
    told: Sequence[KeptIncident] = (),
    points: Sequence[Point] | None = None,
) -> MediaReport:
    """Of a media that ended so. `told` is what is still to be written of its incidents, `points` its scores where they
    are in memory; otherwise they are read.

    Raises `web.store.errors.StoreError`.
    """
    media_id = kept.facts.ref.media_id
    if points is None:
        points = (await read_series(store, media_id, max_points=_MOST_POINTS)).points
    found = _Found(told)
    before_id: str | None = None
    while True:
        async with store.reading() as tx:
            page = await incidents.listed(
                tx, limit=_PAGE, wanted=IncidentFilter(media_id=media_id), before_id=before_id
            )
        found.take(page)
        if len(page) < _PAGE:
            break
        before_id = page[-1].incident.id
    found.finish()
    shown = [
        Shown(incident=one.incident, frame=await _frame(pictures, one, kept), review=one.review)
        for one in found.highest
    ]
    return MediaReport(
        name=kept.facts.name or kept.facts.ref.uri,
        uri=kept.facts.ref.uri,
        media_id=media_id,
        kept=True,
        started_s=kept.facts.started_s,
        finished_s=end.finished_s,
        prob=end.prob,
        samples=end.operations,
        failure=end.failure,
        policy=kept.facts.policy,
        picture=kept.picture,
        points=tuple(points),
        incidents=highest(shown),
        incident_count=found.count,
        flagged_s=found.flagged_s,
    )


class _Found:
    """Incidents of one media, however many: how many, and the highest."""

    def __init__(self, told: Sequence[KeptIncident]) -> None:
        self.count = 0
        self.flagged_s = 0.0
        self.highest: list[KeptIncident] = []
        self._told = {one.incident.id: one for one in told}

    def take(self, page: Sequence[KeptIncident]) -> None:
        """Rows of the store."""
        self._add([later(row, new) if (new := self._told.pop(row.incident.id, None)) else row for row in page])

    def finish(self) -> None:
        """There are no more rows."""
        self._add(list(self._told.values()))

    def _add(self, those: Sequence[KeptIncident]) -> None:
        self.count += len(those)
        self.flagged_s += sum(lasted_s(one.incident) for one in those)
        both = sorted([*self.highest, *those], key=lambda one: one.incident.peak, reverse=True)
        self.highest = both[:MOST_INCIDENTS]


async def _frame(pictures: Pictures, one: KeptIncident, kept: KeptMedia) -> PeakFrame | None:
    try:
        pixels = await pictures.find(one)
    except PictureUnreadable as error:
        _log.warning("a picture that was kept is gone or damaged: %s", error)
        return None
    return None if pixels is None else await asyncio.to_thread(peak_frame, pixels, kept.picture)
