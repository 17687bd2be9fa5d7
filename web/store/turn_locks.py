"""Who changes whose turn it is to be sent, while several nodes may."""

from collections.abc import Collection
from zlib import crc32

from sqlalchemy import ARRAY, Integer, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

_KIND = 0x676F7264
"""A number of our own for PostgreSQL's advisory locks."""
_LOCKS = 64
_HOLD = text("SELECT pg_advisory_xact_lock(:kind, lock) FROM unnest(:locks) AS lock").bindparams(
    bindparam("kind", value=_KIND, type_=Integer), bindparam("locks", type_=ARRAY(Integer))
)


async def hold(tx: AsyncConnection, senders: Collection[str]) -> None:
    """No other transaction changes the turns of these senders until this one is over. A file has one writer anyway.

    To be called before anything is done to what they owe. Nodes wait in no circle: who only sends holds those of one
    sender, and of the service one transaction at a time writes.
    """
    if tx.dialect.name == "postgresql" and senders:
        await tx.execute(_HOLD, {"locks": sorted({crc32(sender.encode()) % _LOCKS for sender in senders})})
