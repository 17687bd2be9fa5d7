"""Stretches of media that somebody judged, by the newest review of each incident."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.verdicts import Verdict

from . import kept
from .watched import incidents


async def verdicts(tx: AsyncConnection, media_ids: Collection[str], *, limit: int) -> dict[str, tuple[Verdict, ...]]:
    """Those of these media that have some, in the order of their incidents; up to `limit` in all, the newest ones.

    An incident that lasts is known up to its peak.
    """
    end_s = func.coalesce(incidents.c.end_s, incidents.c.peak_position_s)
    reviewed = incidents.c.media_id.in_(media_ids) & incidents.c.verdict.is_not(None)
    columns = (incidents.c.media_id, incidents.c.start_s, end_s.label("last_s"), incidents.c.verdict)
    rows = (await tx.execute(select(*columns).where(reviewed).order_by(incidents.c.id.desc()).limit(limit))).all()
    found: dict[str, tuple[Verdict, ...]] = {}
    for row in reversed(rows):
        verdict = Verdict(row.start_s, row.last_s, row.verdict == kept.Verdict.CONFIRMED)
        found[row.media_id] = (*found.get(row.media_id, ()), verdict)
    return found
