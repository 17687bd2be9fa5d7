"""Who looked at clear pictures, and for how long: an audit trail, added to and never changed once it is whole."""

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .kept import View
from .tables import NOBODY
from .watched import views


async def add(tx: AsyncConnection, view: View) -> None:
    await tx.execute(
        insert(views).values(
            id=view.id,
            kind=view.kind,
            subject=view.subject,
            key_id=view.owner or NOBODY,
            viewed_by=view.viewed_by,
            at=view.at_s,
            shown_s=view.shown_s,
        )
    )


async def note_shown(tx: AsyncConnection, view_id: str, *, viewed_by: str, shown_s: float) -> bool | None:
    """Note for how long it was shown, once: False if that is known already, None if this person has no such view."""
    theirs = (views.c.id == view_id, views.c.viewed_by == viewed_by)
    done = await tx.execute(update(views).where(*theirs, views.c.shown_s.is_(None)).values(shown_s=shown_s))
    if done.rowcount:
        return True
    return None if await tx.scalar(select(views.c.id).where(*theirs)) is None else False


async def listed(
    tx: AsyncConnection, *, limit: int, subject: str | None = None, before_id: str | None = None
) -> tuple[View, ...]:
    """Newest first, of one stream or incident or of all; `before_id` is the last one of the page before."""
    page = select(views)
    if subject is not None:
        page = page.where(views.c.subject == subject)
    if before_id is not None:
        page = page.where(views.c.id < before_id)
    rows = await tx.execute(page.order_by(views.c.id.desc()).limit(limit))
    return tuple(
        View(
            id=row["id"],
            kind=row["kind"],
            subject=row["subject"],
            owner=row["key_id"] or None,
            viewed_by=row["viewed_by"],
            at_s=row["at"],
            shown_s=row["shown_s"],
        )
        for row in rows.mappings()
    )


async def count(tx: AsyncConnection) -> int:
    return await tx.scalar(select(func.count()).select_from(views)) or 0


async def forget(tx: AsyncConnection, *, before_s: float, excess: int, limit: int) -> int:
    """Delete up to `limit` of the oldest: those from before a time, and `excess` at least. How many were deleted."""
    oldest = await tx.execute(select(views.c.id, views.c.at).order_by(views.c.id).limit(limit))
    gone = [view_id for place, (view_id, at_s) in enumerate(oldest) if at_s < before_s or place < excess]
    if gone:
        await tx.execute(delete(views).where(views.c.id.in_(gone)))
    return len(gone)
