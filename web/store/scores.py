"""Scores of media, in blocks."""

import asyncio
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, Select, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .blocks import Judged, encode, joined
from .days import UNDATED, day_at, first_day
from .errors import StoreError
from .partitions import partitioned
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
    day: int
    """That it is kept under."""


def block_of(media_id: str, samples: Sequence[Judged], *, at_s: float, day: int | None = None) -> Block:
    """All that were judged, as they were; at most `blocks.MOST_SAMPLES`.

    `day` is that of a block that is written again, which keeps it; it is that of `at_s` otherwise.
    """
    return Block(
        media_id=media_id,
        first_s=samples[0].position_s,
        last_s=samples[-1].position_s,
        at_s=at_s,
        count=len(samples),
        data=encode(samples),
        # Whatever the clock did since the media began, its blocks are found by when its id was made.
        day=max(day_at(at_s) if day is None else day, first_day(media_id)),
    )


async def put(tx: AsyncConnection, those: Sequence[Block]) -> None:
    """Keep them, in place of what began at the same positions and has the same day."""
    rows = [
        {
            "media_id": block.media_id,
            "first_s": block.first_s,
            "last_s": block.last_s,
            "at": block.at_s,
            "step": block.step_s,
            "count": block.count,
            "data": block.data,
            "day": block.day,
        }
        for block in those
    ]
    row = insert_into(tx, scores)
    fresh = {name: row.excluded[name] for name in ("last_s", "at", "step", "count", "data")}
    key = ["media_id", "first_s", *(["day"] if partitioned(tx) else [])]
    await tx.execute(row.on_conflict_do_update(index_elements=key, set_=fresh), rows)


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
    those = scores.c.media_id.in_(media_ids) & _since(min(map(first_day, media_ids), default=UNDATED))
    of_them = select(scores.c.media_id, *_SIZE).where(those).group_by(scores.c.media_id)
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
    await tx.execute(delete(scores).where(_of(media_id)))


async def count(tx: AsyncConnection) -> int:
    """Of blocks."""
    return await tx.scalar(select(func.count()).select_from(scores)) or 0


async def forget(tx: AsyncConnection, *, before_s: float, excess: int, limit: int, spared: Collection[int] = ()) -> int:
    """Delete the oldest blocks: those from before a time, `limit` at most, and `excess` in all, `limit` at most.

    Those of days that are spared go only for being too many. Returns how many were deleted; fewer than `limit` are
    the last.
    """
    too_old = (scores.c.at < before_s) & scores.c.day.not_in(spared)
    gone = await _delete(tx, _oldest(limit).where(too_old))
    if gone < excess:
        gone += await _delete(tx, _oldest(min(excess - gone, limit)))
    return gone


def _oldest(limit: int) -> Select[str, float, int]:
    columns = (scores.c.media_id, scores.c.first_s, scores.c.day)
    return select(*columns).order_by(scores.c.at).limit(limit)


async def _delete(tx: AsyncConnection, those: Select[str, float, int]) -> int:
    key = tuple_(scores.c.media_id, scores.c.first_s, scores.c.day)
    return (await tx.execute(delete(scores).where(key.in_(those)))).rowcount


def _of(media_id: str) -> ColumnElement[bool]:
    return (scores.c.media_id == media_id) & _since(first_day(media_id))


def _since(day: int) -> ColumnElement[bool]:
    """Not before a day, as far as is known: PostgreSQL looks at no other partitions."""
    return (scores.c.day == UNDATED) | (scores.c.day >= day)


def _within(media_id: str, from_s: float, to_s: float) -> ColumnElement[bool]:
    return _of(media_id) & (scores.c.last_s >= from_s) & (scores.c.first_s <= to_s)


def _same(block: Block) -> ColumnElement[bool]:
    of_it = (scores.c.media_id == block.media_id) & (scores.c.first_s == block.first_s)
    return of_it & (scores.c.day == block.day) & (scores.c.at == block.at_s)


def _block(row: RowMapping) -> Block:
    return Block(
        media_id=row["media_id"],
        first_s=row["first_s"],
        last_s=row["last_s"],
        at_s=row["at"],
        step_s=row["step"],
        count=row["count"],
        data=row["data"],
        day=row["day"],
    )
