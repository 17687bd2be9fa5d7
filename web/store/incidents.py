"""Incidents: as they stood when they were last told of, with the newest review of each."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, RowMapping, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.incidents import Incident

from ..ids import first_id
from .kept import IncidentFilter, KeptIncident, LatestReview, Verdict
from .tables import NOBODY
from .upsert import insert_into
from .watched import incidents, reviews

_PREFIX = "inc"
_APART_S = 3600.0
"""How far apart an id and the event that told of its start can be made at most, a clock set meanwhile included."""


async def put(tx: AsyncConnection, those: Sequence[KeptIncident]) -> None:
    """Keep how they stand now. What was told later is never undone by what was told before: an end stays, and so does
    the higher peak."""
    rows = [
        {
            "id": kept.incident.id,
            "media_id": kept.media_id,
            "stream_id": kept.stream_id,
            "key_id": kept.owner or NOBODY,
            "started": kept.started_s,
            "start_s": kept.incident.start_s,
            "end_s": kept.incident.end_s,
            "peak": kept.incident.peak,
            "peak_position_s": kept.incident.peak_position_s,
        }
        for kept in those
    ]
    row = insert_into(tx, incidents)
    new, higher = row.excluded, row.excluded.peak > incidents.c.peak
    later = {
        "end_s": func.coalesce(incidents.c.end_s, new.end_s),
        "peak": case((higher, new.peak), else_=incidents.c.peak),
        "peak_position_s": case((higher, new.peak_position_s), else_=incidents.c.peak_position_s),
    }
    await tx.execute(row.on_conflict_do_update(index_elements=["id"], set_=later), rows)


async def find(tx: AsyncConnection, incident_id: str) -> KeptIncident | None:
    row = (await tx.execute(select(incidents).where(incidents.c.id == incident_id))).mappings().one_or_none()
    return None if row is None else _incident(row)


async def listed(
    tx: AsyncConnection, *, limit: int, wanted: IncidentFilter, before_id: str | None = None
) -> tuple[KeptIncident, ...]:
    """Newest first; `before_id` is the last one of the page before."""
    page = select(incidents).where(*_conditions(wanted))
    if before_id is not None:
        page = page.where(incidents.c.id < before_id)
    rows = await tx.execute(page.order_by(incidents.c.id.desc()).limit(limit))
    return tuple(_incident(row) for row in rows.mappings())


async def some(tx: AsyncConnection, ids: Collection[str]) -> dict[str, KeptIncident]:
    """Those of these ids that are there."""
    rows = await tx.execute(select(incidents).where(incidents.c.id.in_(ids)))
    return {row["id"]: _incident(row) for row in rows.mappings()}


async def there(tx: AsyncConnection, ids: Collection[str]) -> frozenset[str]:
    """Which of these ids are there."""
    return frozenset(await tx.scalars(select(incidents.c.id).where(incidents.c.id.in_(ids))))


async def set_picture(tx: AsyncConnection, incident_id: str, path: str | None) -> bool:
    """Note where the frame of the peak is kept. False if there is no such incident."""
    done = await tx.execute(update(incidents).where(incidents.c.id == incident_id).values(picture=path))
    return done.rowcount > 0


async def count(tx: AsyncConnection) -> int:
    return await tx.scalar(select(func.count()).select_from(incidents)) or 0


async def forget(tx: AsyncConnection, *, before_s: float, excess: int, limit: int) -> tuple[int, tuple[str, ...]]:
    """Delete up to `limit` of the oldest that ended, with their reviews: from before a time, and `excess` at least.

    How many were deleted, and where their pictures are, which may go now.
    """
    columns = (incidents.c.id, incidents.c.picture)
    ended = select(*columns).where(incidents.c.end_s.is_not(None)).order_by(incidents.c.id).limit(limit)
    oldest = await tx.execute(ended)
    first_kept = first_id(_PREFIX, before_s)
    gone = [
        (incident_id, picture)
        for place, (incident_id, picture) in enumerate(oldest)
        if incident_id < first_kept or place < excess
    ]
    if gone:
        ids = [incident_id for incident_id, _ in gone]
        await tx.execute(delete(reviews).where(reviews.c.incident_id.in_(ids)))
        await tx.execute(delete(incidents).where(incidents.c.id.in_(ids)))
    return len(gone), tuple(picture for _, picture in gone if picture is not None)


def _conditions(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owners is not None:
        conditions.append(incidents.c.key_id.in_([owner or NOBODY for owner in wanted.owners]))
    if wanted.stream_id is not None:
        conditions.append(incidents.c.stream_id == wanted.stream_id)
    if wanted.media_id is not None:
        conditions.append(incidents.c.media_id == wanted.media_id)
    if wanted.state is not None:
        lasting = incidents.c.end_s.is_(None)
        conditions.append(lasting if wanted.state == "open" else ~lasting)
    if wanted.verdict is not None:
        same = (
            incidents.c.verdict.is_(None) if wanted.verdict == "none" else incidents.c.verdict == wanted.verdict.value
        )
        conditions.append(same)
    # Ids are made a moment before their event: they narrow down what is looked at, and the event's time decides.
    if wanted.since_s is not None:
        conditions.append(incidents.c.id >= first_id(_PREFIX, wanted.since_s - _APART_S))
        conditions.append(incidents.c.started >= wanted.since_s)
    if wanted.until_s is not None:
        conditions.append(incidents.c.id < first_id(_PREFIX, wanted.until_s + _APART_S))
        conditions.append(incidents.c.started < wanted.until_s)
    return conditions


def _incident(row: RowMapping) -> KeptIncident:
    return KeptIncident(
        incident=Incident(row["id"], row["start_s"], row["end_s"], row["peak"], row["peak_position_s"]),
        media_id=row["media_id"],
        stream_id=row["stream_id"],
        owner=row["key_id"] or None,
        started_s=row["started"],
        picture=row["picture"],
        review=_review(row),
    )


def _review(row: RowMapping) -> LatestReview | None:
    if row["verdict"] is None:
        return None
    return LatestReview(
        verdict=Verdict(row["verdict"]), note=row["note"], reviewed_by=row["reviewed_by"], at_s=row["reviewed"]
    )
