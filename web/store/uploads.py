"""Addresses that take one large upload each."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from . import regions
from .tables import NOBODY, uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One such address, known by the hash of the secret part of it."""

    media_id: str
    key_id: str | None
    token_hash: str
    expires_s: float
    path: str | None = None
    """Where the file lies, once it is here whole."""
    used_s: float | None = None
    """When it was claimed."""
    region: str | None = None
    """That of the service that has its file; before there is one, of the service that handed the address out."""


async def add(tx: AsyncConnection, upload: Upload) -> None:
    await tx.execute(
        insert(uploads).values(
            media_id=upload.media_id,
            key_id=upload.key_id or NOBODY,
            token_hash=upload.token_hash,
            expires=upload.expires_s,
            path=upload.path,
            used=upload.used_s,
            region=upload.region,
        )
    )


async def find(tx: AsyncConnection, media_id: str) -> Upload | None:
    return await _one(tx, uploads.c.media_id == media_id)


async def claim(tx: AsyncConnection, token_hash: str, *, now_s: float, region: str = regions.DEFAULT) -> Upload | None:
    """Take the address for one upload to the service of a region: who comes second, or too late, gets None."""
    free = (uploads.c.token_hash == token_hash) & uploads.c.used.is_(None) & (uploads.c.expires > now_s)
    if not (await tx.execute(update(uploads).where(free).values(used=now_s, region=region))).rowcount:
        return None
    return await _one(tx, uploads.c.token_hash == token_hash)


async def unclaim(tx: AsyncConnection, media_id: str) -> None:
    """Give the address back after an upload that broke off."""
    unfinished = (uploads.c.media_id == media_id) & uploads.c.path.is_(None)
    await tx.execute(update(uploads).where(unfinished).values(used=None))


async def arrived(tx: AsyncConnection, media_id: str, *, path: str) -> bool:
    """The file is here whole. False if nobody waits for it any more: the address was removed."""
    return (await tx.execute(update(uploads).where(uploads.c.media_id == media_id).values(path=path))).rowcount > 0


async def expired(tx: AsyncConnection, *, now_s: float, region: str = regions.DEFAULT) -> tuple[Upload, ...]:
    """Those of a region whose time is over, the earliest first; their files may go."""
    over = (uploads.c.expires <= now_s) & (uploads.c.region == region)
    rows = await tx.execute(select(uploads).where(over).order_by(uploads.c.expires))
    return tuple(_upload(row) for row in rows.mappings())


async def remove(tx: AsyncConnection, media_id: str) -> None:
    await tx.execute(delete(uploads).where(uploads.c.media_id == media_id))


async def _one(tx: AsyncConnection, wanted: ColumnElement[bool]) -> Upload | None:
    row = (await tx.execute(select(uploads).where(wanted))).mappings().one_or_none()
    return None if row is None else _upload(row)


def _upload(row: RowMapping) -> Upload:
    return Upload(
        media_id=row["media_id"],
        key_id=row["key_id"] or None,
        token_hash=row["token_hash"],
        expires_s=row["expires"],
        path=row["path"],
        used_s=row["used"],
        region=row["region"],
    )
