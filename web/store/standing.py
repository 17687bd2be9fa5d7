"""Streams that stand: live ones that the next service takes up again, if this one ends before they do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import RowMapping, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.policy import Policy

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


async def add(tx: AsyncConnection, those: Sequence[StandingStream]) -> None:
    """Those that are there already stay as they are. Of an owner's streams one has a name: the one that is added."""
    named = (standing_streams.c.key_id == bindparam("of")) & (standing_streams.c.name == bindparam("called"))
    others = [{"of": one.owner or NOBODY, "called": one.name, "this": one.id} for one in those]
    await tx.execute(delete(standing_streams).where(named, bindparam("this") != _ID), others)
    rows = [
        {
            "id": one.id,
            "key_id": one.owner or NOBODY,
            "name": one.name,
            "address": one.address,
            "policy": policy_text(one.policy),
            "added": one.added_s,
        }
        for one in those
    ]
    await tx.execute(insert_into(tx, standing_streams).on_conflict_do_nothing(index_elements=["id"]), rows)


async def remove(tx: AsyncConnection, ids: Collection[str]) -> None:
    """Those that are not there are passed over."""
    await tx.execute(delete(standing_streams).where(bindparam("gone") == _ID), [{"gone": one} for one in ids])


async def listed(tx: AsyncConnection) -> tuple[StandingStream, ...]:
    """All, oldest first."""
    rows = await tx.execute(select(standing_streams).order_by(standing_streams.c.added, _ID))
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
