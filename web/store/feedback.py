"""What people say that a picture is: kept to train on."""

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import NOBODY, feedback


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One judgement of one picture."""

    id: str
    key_id: str | None
    model: str
    label: str
    """The class that it belongs to."""
    uri: str
    path: str | None = None
    """Where the picture is kept; None if it is not."""
    created_s: float
    prob: float | None = None
    """What the detector said, where that is known."""


async def add(tx: AsyncConnection, given: Feedback) -> None:
    values = {
        "id": given.id,
        "key_id": given.key_id or NOBODY,
        "model": given.model,
        "class": given.label,
        "uri": given.uri,
        "path": given.path,
        "created": given.created_s,
        "prob": given.prob,
    }
    await tx.execute(insert(feedback).values(values))


async def listed(tx: AsyncConnection, *, limit: int, after_id: str = "") -> tuple[Feedback, ...]:
    """Of every key, by id, which is by age; `after_id` is the last one of the page before."""
    rows = await tx.execute(select(feedback).where(feedback.c.id > after_id).order_by(feedback.c.id).limit(limit))
    return tuple(
        Feedback(
            id=row["id"],
            key_id=row["key_id"] or None,
            model=row["model"],
            label=row["class"],
            uri=row["uri"],
            path=row["path"],
            created_s=row["created"],
            prob=row["prob"],
        )
        for row in rows.mappings()
    )
