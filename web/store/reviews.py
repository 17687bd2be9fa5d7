"""Reviews of incidents: every one is kept, the newest is what counts."""

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .kept import Review, Verdict
from .watched import incidents, reviews


async def add(tx: AsyncConnection, review: Review) -> bool:
    """Keep one more. False, and nothing is kept, if there is no such incident."""
    note = None if review.note is None else review.note.replace("\0", "�")
    newest = {
        "verdict": review.verdict.value,
        "note": note,
        "reviewed_by": review.reviewed_by,
        "reviewed": review.at_s,
    }
    done = await tx.execute(update(incidents).where(incidents.c.id == review.incident_id).values(newest))
    if not done.rowcount:
        return False
    await tx.execute(
        insert(reviews).values(
            id=review.id,
            incident_id=review.incident_id,
            verdict=review.verdict.value,
            note=note,
            reviewed_by=review.reviewed_by,
            at=review.at_s,
        )
    )
    return True


async def listed(
    tx: AsyncConnection, incident_id: str, *, limit: int, before_id: str | None = None
) -> tuple[Review, ...]:
    """Those of one incident, newest first; `before_id` is the last one of the page before."""
    page = select(reviews).where(reviews.c.incident_id == incident_id)
    if before_id is not None:
        page = page.where(reviews.c.id < before_id)
    rows = await tx.execute(page.order_by(reviews.c.id.desc()).limit(limit))
    return tuple(
        Review(
            id=row["id"],
            incident_id=row["incident_id"],
            verdict=Verdict(row["verdict"]),
            note=row["note"],
            reviewed_by=row["reviewed_by"],
            at_s=row["at"],
        )
        for row in rows.mappings()
    )
