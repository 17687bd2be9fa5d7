"""Streams that stand: live ones that the next service takes up again, if this one ends before they do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import RowMapping, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.policy import Policy

from . import regions
from .policy_text import policy_from, policy_text
from .tables import NOBODY, standing_streams
from .upsert import insert_into

_ID = standing_streams.c.id


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingStream:
    """All that it takes to watch a stream again."""

    id: str
    owner: str | None
    """The key that it belongs to; None for nobody's."""
    name: str
    address: str = field(repr=False)
    """As it was given, credentials included."""
    policy: Policy
    added_s: float
    """Unix seconds."""


async def add(tx: AsyncConnection, those: Sequence[StandingStream], *, region: str = regions.DEFAULT) -> None:
    """Keep streams of the service of a region. Those that are there already stay as they are.

    Of an owner's streams there one has a name: the one that is added.
    """
    named = (standing_streams.c.key_id == bindparam("of")) & (standing_streams.c.name == bindparam("called"))
    others = [{"of": one.owner or NOBODY, "called": one.name, "this": one.id} for one in those]
    theirs = standing_streams.c.region == region
    await tx.execute(delete(standing_streams).where(theirs, named, bindparam("this") != _ID), others)
    rows = [
        {
            "id": one.id,
            "key_id": one.owner or NOBODY,
            "name": one.name,
            "address": one.address,
            "policy": policy_text(one.policy),
            "added": one.added_s,
            "region": region,
        }
        for one in those
    ]
    await tx.execute(insert_into(tx, standing_streams).on_conflict_do_nothing(index_elements=["id"]), rows)


async def remove(tx: AsyncConnection, ids: Collection[str]) -> None:
    """Those that are not there are passed over."""
    await tx.execute(delete(standing_streams).where(bindparam("gone") == _ID), [{"gone": one} for one in ids])


async def named_elsewhere(tx: AsyncConnection, owner: str | None, name: str, *, region: str) -> str | None:
    """The other region in which an owner has a stream of that name; None if there is none."""
    named = (standing_streams.c.key_id == (owner or NOBODY)) & (standing_streams.c.name == name)
    theirs = select(standing_streams.c.region).where(named, standing_streams.c.region != region)
    found: str | None = await tx.scalar(theirs.limit(1))
    return found


async def listed(tx: AsyncConnection, *, region: str | None = None) -> tuple[StandingStream, ...]:
    """Oldest first; of one region or of all."""
    those = select(standing_streams).where(*regions.of(standing_streams.c.region, region))
    rows = await tx.execute(those.order_by(standing_streams.c.added, _ID))
    return tuple(_stream(row) for row in rows.mappings())


def _stream(row: RowMapping) -> StandingStream:
    return StandingStream(
        id=row["id"],
        owner=row["key_id"] or None,
        name=row["name"],
        address=row["address"],
        policy=policy_from(row["policy"]) or Policy(),
        added_s=row["added"],
    )
