"""Scores of media, in blocks."""

import asyncio
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .blocks import Judged, encode, joined
from .errors import StoreError
from .upsert import insert_into
from .watched import scores

_SIZE = (
    func.sum(scores.c.count).label("samples"),
    func.count().label("blocks"),
    func.max(scores.c.step).label("step"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of one media."""

    samples: int = 0
    blocks: int = 0
    thinned: bool = False
    """Of some blocks fewer samples are left than were judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Samples of one media from one position to another, both included."""

    media_id: str
    first_s: float
    last_s: float
    at_s: float
    """When it was written last, Unix seconds."""
    step_s: float = 0.0
    """Seconds of media time that two samples stand for; 0 for all that were judged."""
    count: int
    data: bytes


def block_of(media_id: str, samples: Sequence[Judged], *, at_s: float) -> Block:
    """All that were judged, as they were; at most `blocks.MOST_SAMPLES`."""
    first_s, last_s = samples[0].position_s, samples[-1].position_s
    return Block(media_id=media_id, first_s=first_s, last_s=last_s, at_s=at_s, count=len(samples), data=encode(samples))


async def put(tx: AsyncConnection, those: Sequence[Block]) -> None:
    """Keep them, in place of what began at the same positions."""
    rows = [
        {
            "media_id": block.media_id,
            "first_s": block.first_s,
            "last_s": block.last_s,
            "at": block.at_s,
            "step": block.step_s,
            "count": block.count,
            "data": block.data,
        }
        for block in those
    ]
    row = insert_into(tx, scores)
    fresh = {name: row.excluded[name] for name in ("last_s", "at", "step", "count", "data")}
    await tx.execute(row.on_conflict_do_update(index_elements=["media_id", "first_s"], set_=fresh), rows)


async def read(
    tx: AsyncConnection, media_id: str, *, from_s: float = -math.inf, to_s: float = math.inf
) -> list[Judged]:
    """The samples of a media from one position to another, both included, in order.

    Old ones are thinned out. Raises `StoreError` for what is damaged.
    """
    of_it = _within(media_id, from_s, to_s)
    blocks = (await tx.scalars(select(scores.c.data).where(of_it).order_by(scores.c.first_s))).all()
    try:
        return await asyncio.to_thread(joined, blocks, from_s=from_s, to_s=to_s)
    except ValueError as error:
        raise StoreError(
            f"The scores of {media_id} are damaged in the store: {error}; put a copy of it back."
        ) from error


async def page(
    tx: AsyncConnection,
    media_id: str,
    *,
    after_s: float | None,
    limit: int,
    from_s: float = -math.inf,
    to_s: float = math.inf,
) -> tuple[Block, ...]:
    """Up to `limit` blocks with samples of a media from one position to another, in order.

    `after_s` is where the last block of the page before begins.
    """
    of_it = _within(media_id, from_s, to_s)
    if after_s is not None:
        of_it &= scores.c.first_s > after_s
    rows = await tx.execute(select(scores).where(of_it).order_by(scores.c.first_s).limit(limit))
    return tuple(_block(row) for row in rows.mappings())


async def size(tx: AsyncConnection, media_id: str, *, from_s: float = -math.inf, to_s: float = math.inf) -> Size:
    """Of the blocks with samples of a media from one position to another."""
    row = (await tx.execute(select(*_SIZE).where(_within(media_id, from_s, to_s)))).one()
    return Size(samples=row.samples or 0, blocks=row.blocks, thinned=bool(row.step))


async def sizes(tx: AsyncConnection, media_ids: Collection[str]) -> dict[str, Size]:
    """Those of these media that have scores."""
    of_them = select(scores.c.media_id, *_SIZE).where(scores.c.media_id.in_(media_ids)).group_by(scores.c.media_id)
    return {
        row.media_id: Size(samples=row.samples, blocks=row.blocks, thinned=bool(row.step))
        for row in await tx.execute(of_them)
    }


async def unthinned(tx: AsyncConnection, *, before_s: float, limit: int) -> tuple[Block, ...]:
    """Blocks with all their samples that were written before a time, the oldest first."""
    old = (scores.c.step == 0.0) & (scores.c.at < before_s)
    rows = await tx.execute(select(scores).where(old).order_by(scores.c.at).limit(limit))
    return tuple(_block(row) for row in rows.mappings())


async def thin(tx: AsyncConnection, block: Block, thinned: Sequence[Judged], *, step_s: float) -> None:
    """Put fewer samples in the place of a block's, unless it was written again meanwhile."""
    values = {"step": step_s, "count": len(thinned), "data": encode(thinned)}
    await tx.execute(update(scores).where(_same(block)).values(values))


async def drop(tx: AsyncConnection, block: Block) -> None:
    """Delete it, unless it was written again meanwhile."""
    await tx.execute(delete(scores).where(_same(block)))


async def forget_media(tx: AsyncConnection, media_id: str) -> None:
    """Delete all of one media."""
    await tx.execute(delete(scores).where(scores.c.media_id == media_id))


async def count(tx: AsyncConnection) -> int:
    """Of blocks."""
    return await tx.scalar(select(func.count()).select_from(scores)) or 0


async def forget(tx: AsyncConnection, *, before_s: float, excess: int, limit: int) -> int:
    """Delete up to `limit` of the oldest blocks: from before a time, and `excess` at least. How many were deleted."""
    columns = (scores.c.media_id, scores.c.first_s, scores.c.at)
    oldest = await tx.execute(select(*columns).order_by(scores.c.at).limit(limit))
    gone = [
        (media_id, first_s)
        for place, (media_id, first_s, at_s) in enumerate(oldest)
        if at_s < before_s or place < excess
    ]
    if gone:
        await tx.execute(delete(scores).where(tuple_(scores.c.media_id, scores.c.first_s).in_(gone)))
    return len(gone)


def _within(media_id: str, from_s: float, to_s: float) -> ColumnElement[bool]:
    return (scores.c.media_id == media_id) & (scores.c.last_s >= from_s) & (scores.c.first_s <= to_s)


def _same(block: Block) -> ColumnElement[bool]:
    return (scores.c.media_id == block.media_id) & (scores.c.first_s == block.first_s) & (scores.c.at == block.at_s)


def _block(row: RowMapping) -> Block:
    return Block(
        media_id=row["media_id"],
        first_s=row["first_s"],
        last_s=row["last_s"],
        at_s=row["at"],
        step_s=row["step"],
        count=row["count"],
        data=row["data"],
    )
