"""Single values that the service keeps for itself, by name."""

import secrets

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import meta
from .upsert import insert_into

_SIGNING_KEY = "signing_key"
_SIGNING_KEY_BYTES = 32


async def get(tx: AsyncConnection, name: str) -> bytes | None:
    found: bytes | None = await tx.scalar(select(meta.c.value).where(meta.c.name == name))
    return found


async def held(tx: AsyncConnection, name: str) -> bytes | None:
    """As `get`; on a server nobody changes it before the transaction is over."""
    found: bytes | None = await tx.scalar(select(meta.c.value).where(meta.c.name == name).with_for_update(read=True))
    return found


async def put(tx: AsyncConnection, name: str, value: bytes) -> None:
    row = insert_into(tx, meta).values(name=name, value=value)
    await tx.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def signing_key(tx: AsyncConnection) -> bytes:
    """What tokens are signed with, drawn at the first call. Needs a transaction that writes."""
    drawn = insert_into(tx, meta).values(name=_SIGNING_KEY, value=secrets.token_bytes(_SIGNING_KEY_BYTES))
    # Another service on the same database may have been a moment earlier.
    await tx.execute(drawn.on_conflict_do_nothing(index_elements=["name"]))
    key = await get(tx, _SIGNING_KEY)
    assert key is not None, "written just now"
    return key
