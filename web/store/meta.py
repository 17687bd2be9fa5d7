"""Single values that the service keeps for itself, by name."""

import secrets

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import meta

_SIGNING_KEY = "signing_key"
_SIGNING_KEY_BYTES = 32


async def get(tx: AsyncConnection, name: str) -> bytes | None:
    found: bytes | None = await tx.scalar(select(meta.c.value).where(meta.c.name == name))
    return found


async def put(tx: AsyncConnection, name: str, value: bytes) -> None:
    done = await tx.execute(update(meta).where(meta.c.name == name).values(value=value))
    if not done.rowcount:
        await tx.execute(insert(meta).values(name=name, value=value))


async def signing_key(tx: AsyncConnection) -> bytes:
    """What tokens are signed with, drawn at the first call. Needs a transaction that writes."""
    key = await get(tx, _SIGNING_KEY)
    if key is None:
        key = secrets.token_bytes(_SIGNING_KEY_BYTES)
        await put(tx, _SIGNING_KEY, key)
    return key
