"""Media: what each was, and how it ended."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.summary import MediaRef
from stream.errors import Failure

from ..ids import first_id
from ..wire import failure_json
from . import regions
from .kept import KeptMedia, MediaEnd, MediaFacts, MediaFilter, MediaPicture
from .policy_text import policy_from, policy_text
from .tables import NOBODY
from .upsert import insert_into
from .watched import media

_PREFIX = "med"
_CODEC_CHARACTERS = 32


async def add(tx: AsyncConnection, those: Sequence[MediaFacts], *, region: str = regions.DEFAULT) -> None:
    """Keep media of the service of a region. Those that are there already stay as they are."""
    rows = [
        {
            "id": facts.ref.media_id,
            "stream_id": facts.stream_id,
            "request_id": facts.ref.request_id,
            "key_id": facts.owner or NOBODY,
            "name": facts.name,
            # The only text from outside: PostgreSQL has no place for this one character.
            "uri": facts.ref.uri.replace("\0", "�"),
            "started": facts.started_s,
            "policy": None if facts.policy is None else policy_text(facts.policy),
            "region": region,
        }
        for facts in those
    ]
    await tx.execute(insert_into(tx, media).on_conflict_do_nothing(index_elements=["id"]), rows)


async def describe(tx: AsyncConnection, media_id: str, picture: MediaPicture) -> None:
    """Note what its first frame told."""
    values = {
        "codec": picture.codec[:_CODEC_CHARACTERS],
        "width": picture.width,
        "height": picture.height,
        "fps": picture.fps,
    }
    await tx.execute(update(media).where(media.c.id == media_id).values(values))


async def end(tx: AsyncConnection, media_id: str, how: MediaEnd) -> None:
    values = {
        "finished": how.finished_s,
        "operations": how.operations,
        "prob": how.prob,
        "summary": how.summary,
        "failure": None if how.failure is None else json.dumps(failure_json(how.failure)),
    }
    await tx.execute(update(media).where(media.c.id == media_id).values(values))


async def find(tx: AsyncConnection, media_id: str) -> KeptMedia | None:
    row = (await tx.execute(select(media).where(media.c.id == media_id))).mappings().one_or_none()
    return None if row is None else _media(row)


async def names(tx: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """The names of the streams of those of these ids that are there."""
    rows = await tx.execute(select(media.c.id, media.c.name).where(media.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def callback_urls(tx: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Where the events of these media are posted, by media; only of those whose policy says so."""
    if not ids:
        return {}
    rows = await tx.execute(select(media.c.id, media.c.policy).where(media.c.id.in_(ids), media.c.policy.is_not(None)))
    urls = {media_id: json.loads(policy).get("callback_url") for media_id, policy in rows}
    return {media_id: url for media_id, url in urls.items() if url is not None}


async def running(tx: AsyncConnection, *, region: str | None = None) -> tuple[KeptMedia, ...]:
    """Those whose end is not known, oldest first; of one region or of all."""
    those = (media.c.finished.is_(None), *regions.of(media.c.region, region))
    rows = await tx.execute(select(media).where(*those).order_by(media.c.id))
    return tuple(_media(row) for row in rows.mappings())


async def listed(
    tx: AsyncConnection, *, limit: int, wanted: MediaFilter, before_id: str | None = None
) -> tuple[KeptMedia, ...]:
    """Newest first; `before_id` is the last one of the page before."""
    page = select(media)
    if before_id is not None:
        page = page.where(media.c.id < before_id)
    if wanted.owners is not None:
        page = page.where(media.c.key_id.in_([owner or NOBODY for owner in wanted.owners]))
    if wanted.stream_id is not None:
        page = page.where(media.c.stream_id == wanted.stream_id)
    if wanted.stream_ids is not None:
        page = page.where(media.c.stream_id.in_(wanted.stream_ids))
    if wanted.since_s is not None:
        page = page.where(media.c.id >= first_id(_PREFIX, wanted.since_s))
    if wanted.until_s is not None:
        page = page.where(media.c.id < first_id(_PREFIX, wanted.until_s))
    rows = await tx.execute(page.order_by(media.c.id.desc()).limit(limit))
    return tuple(_media(row) for row in rows.mappings())


async def count(tx: AsyncConnection) -> int:
    return await tx.scalar(select(func.count()).select_from(media)) or 0


async def forget(tx: AsyncConnection, *, before_s: float, excess: int, limit: int) -> int:
    """Delete up to `limit` of the first that ended: those from before a time, and `excess` at least. How many."""
    ended = select(media.c.id, media.c.finished).where(media.c.finished.is_not(None))
    oldest = await tx.execute(ended.order_by(media.c.finished).limit(limit))
    gone = [media_id for place, (media_id, at_s) in enumerate(oldest) if at_s < before_s or place < excess]
    if gone:
        await tx.execute(delete(media).where(media.c.id.in_(gone)))
    return len(gone)


def _media(row: RowMapping) -> KeptMedia:
    facts = MediaFacts(
        ref=MediaRef(request_id=row["request_id"], media_id=row["id"], uri=row["uri"]),
        stream_id=row["stream_id"],
        owner=row["key_id"] or None,
        name=row["name"],
        policy=None if row["policy"] is None else policy_from(row["policy"]),
        started_s=row["started"],
    )
    return KeptMedia(facts=facts, picture=_picture(row), end=_end(row), region=row["region"])


def _picture(row: RowMapping) -> MediaPicture | None:
    if row["codec"] is None:
        return None
    return MediaPicture(codec=row["codec"], width=row["width"], height=row["height"], fps=row["fps"])


def _end(row: RowMapping) -> MediaEnd | None:
    if row["finished"] is None:
        return None
    return MediaEnd(
        finished_s=row["finished"],
        operations=row["operations"],
        prob=row["prob"],
        summary=row["summary"],
        failure=None if row["failure"] is None else Failure(**json.loads(row["failure"])),
    )
