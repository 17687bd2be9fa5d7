"""Which service a row belongs to: those of several regions may share a database, and each minds its own rows alone."""

from typing import Final

from sqlalchemy import Column, ColumnElement, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import place
from .address import DEFAULT_REGION
from .job import JobStatus
from .tables import jobs, meta, standing_streams, uploads
from .upsert import insert_into
from .watched import media

DEFAULT: Final = DEFAULT_REGION
_SERVICE = "service"
"""By this name in `meta` whoever writes alone has left a mark; by this and a region, whoever writes for that one."""


def of(column: Column[str], region: str | None) -> tuple[ColumnElement[bool], ...]:
    """Which rows are a region's; all are where that is None."""
    return () if region is None else (column == region,)


def mark_of(region: str | None) -> str:
    """What the mark of the service of a region is called; of the only one there is, where that is None."""
    return _SERVICE if region is None else f"{_SERVICE}:{region}"


async def mark(tx: AsyncConnection, region: str | None, value: bytes) -> None:
    """Leave a mark, and take away those of whom it cannot write beside. Waits for what they are writing."""
    alone, name = mark_of(None), mark_of(region)
    others = meta.c.name.startswith(f"{_SERVICE}:", autoescape=True) if region is None else meta.c.name == alone
    await tx.execute(delete(meta).where(others))
    row = insert_into(tx, meta).values(name=name, value=value)
    await tx.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def take_over(tx: AsyncConnection, region: str) -> None:
    """Give a region what a version before regions left: all that goes on, and how far the event log was recorded.

    The first service that starts after that version gets it. What has ended belongs to nobody.
    """
    for table, goes_on in (
        (media, media.c.finished.is_(None)),
        (jobs, jobs.c.status == JobStatus.ONGOING.value),
        (standing_streams, None),
        (uploads, None),
    ):
        left = update(table).where(table.c.region.is_(None)).values(region=region)
        await tx.execute(left if goes_on is None else left.where(goes_on))
    await place.take_over(tx, region)
