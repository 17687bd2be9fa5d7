"""Deliveries as rows, and the rule that the next one of each sender alone has a time to be sent at."""

from collections.abc import Collection, Sequence

from sqlalchemy import RowMapping, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Delivery, DeliveryState, Owed, Style, host_of
from ..ids import new_ids
from .delivery_tables import deliveries
from .tables import NOBODY

_queued = deliveries.alias("queued")
_FIRST = (
    select(func.min(_queued.c.number))
    .where(_queued.c.sender == bindparam("of"), _queued.c.state == DeliveryState.PENDING.value)
    .scalar_subquery()
)
# Each finds what it looks for by an index: a queue may be thousands long.
_OVERTAKEN = (
    update(deliveries)
    .where(
        deliveries.c.sender == bindparam("of"), deliveries.c.next_attempt.is_not(None), deliveries.c.number != _FIRST
    )
    .values(next_attempt=None)
)
_NEXT = (
    update(deliveries)
    .where(deliveries.c.sender == bindparam("of"), deliveries.c.number == _FIRST, deliveries.c.next_attempt.is_(None))
    .values(next_attempt=bindparam("now"))
)


async def advance(tx: AsyncConnection, senders: Collection[str], *, now_s: float) -> None:
    """Let the first one of each that is pending have its turn, now unless its time is set already."""
    those = [{"of": sender, "now": now_s} for sender in senders]
    # After one that was given up is tried again, it comes before the one whose turn it was.
    await tx.execute(_OVERTAKEN, those)
    await tx.execute(_NEXT, those)


def rows_of(owed: Sequence[Owed], *, now_s: float) -> list[dict[str, object]]:
    """New rows, whose turn has not come."""
    return [_row(one, an_id, now_s) for one, an_id in zip(owed, new_ids("cbk", len(owed)), strict=True)]


def _row(owed: Owed, delivery_id: str, now_s: float) -> dict[str, object]:
    return {
        "id": delivery_id,
        "sender": owed.sender,
        "number": owed.number,
        "style": owed.style.value,
        "job_id": owed.job_id,
        "key_id": owed.key_id or NOBODY,
        "stream_id": owed.stream_id,
        "media_id": owed.media_id,
        "kind": owed.kind,
        "holder": owed.holder,
        "url": owed.url,
        "host": host_of(owed.url),
        "body": owed.body,
        "owed": now_s,
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
    }


def delivery_of(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        sender=row["sender"],
        number=row["number"],
        style=Style(row["style"]),
        key_id=row["key_id"] or None,
        stream_id=row["stream_id"],
        media_id=row["media_id"],
        kind=row["kind"],
        holder=row["holder"],
        url=row["url"],
        body=row["body"],
        owed_s=row["owed"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_attempt_s=row["next_attempt"],
        last_error=row["last_error"],
    )
