"""Keys: who may use the service. Rows stay when a key is revoked, so that the service does not open itself again."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..access.scopes import Scope, ordered
from .tables import keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `id` is the `api_user`; of the secret there is a hash alone."""

    id: str
    name: str
    secret_hash: str
    scopes: tuple[Scope, ...]
    rate_per_s: float | None = None
    """Requests a second, None for any number."""
    max_jobs: int | None = None
    """Jobs at once, None for any number."""
    created_s: float
    last_used_s: float | None = None
    revoked_s: float | None = None


async def add(tx: AsyncConnection, key: Key) -> None:
    await tx.execute(
        insert(keys).values(
            id=key.id,
            name=key.name,
            secret_hash=key.secret_hash,
            scopes=" ".join(ordered(key.scopes)),
            rate=key.rate_per_s,
            jobs=key.max_jobs,
            created=key.created_s,
            last_used=key.last_used_s,
            revoked=key.revoked_s,
        )
    )


async def listed(tx: AsyncConnection) -> tuple[Key, ...]:
    """All, oldest first, the revoked ones included."""
    rows = await tx.execute(select(keys).order_by(keys.c.created, keys.c.id))
    return tuple(_key(row) for row in rows.mappings())


async def revoke(tx: AsyncConnection, key_id: str, *, at_s: float) -> bool:
    """Whether there was such a key to revoke."""
    wanted = (keys.c.id == key_id) & keys.c.revoked.is_(None)
    done = await tx.execute(update(keys).where(wanted).values(revoked=at_s))
    return done.rowcount > 0


async def used(tx: AsyncConnection, moments_s: Mapping[str, float]) -> None:
    """Note when keys were last used, by id."""
    for key_id, at_s in moments_s.items():
        await tx.execute(update(keys).where(keys.c.id == key_id).values(last_used=at_s))


def _key(row: RowMapping) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        secret_hash=row["secret_hash"],
        scopes=ordered(Scope(word) for word in row["scopes"].split()),
        rate_per_s=row["rate"],
        max_jobs=row["jobs"],
        created_s=row["created"],
        last_used_s=row["last_used"],
        revoked_s=row["revoked"],
    )
