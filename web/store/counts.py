"""How much of what is kept there is, for metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import callbacks, jobs


@dataclass(frozen=True, slots=True)
class Kept:
    """Numbers of rows."""

    jobs: Mapping[str, int]
    """By status."""
    callbacks: Mapping[str, int]
    """By state."""


async def kept(tx: AsyncConnection) -> Kept:
    return Kept(await _by(tx, jobs.c.status), await _by(tx, callbacks.c.state))


async def _by(tx: AsyncConnection, column: Column[str]) -> Mapping[str, int]:
    rows = await tx.execute(select(column, func.count()).group_by(column))
    return dict(rows.all())
