"""How much of what is kept there is, for metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .delivery_tables import deliveries
from .tables import jobs


@dataclass(frozen=True, slots=True)
class Kept:
    """Numbers of rows."""

    jobs: Mapping[str, int]
    """Of one region, by status."""
    callbacks: Mapping[str, int]
    """Of jobs and events, by state."""


async def kept(tx: AsyncConnection, *, region: str) -> Kept:
    return Kept(await _by(tx, jobs.c.status, jobs.c.region == region), await _by(tx, deliveries.c.state))


async def _by(tx: AsyncConnection, column: Column[str], *which: ColumnElement[bool]) -> Mapping[str, int]:
    rows = await tx.execute(select(column, func.count()).where(*which).group_by(column))
    return dict(rows.all())
