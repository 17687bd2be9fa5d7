"""Deliveries as rows, and the rule that the next one of each sender alone has a time to be sent at."""

from collections.abc import Mapping, Sequence

from sqlalchemy import RowMapping, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Delivery, DeliveryState, Owed, Style, host_of
from ..ids import new_ids
from .delivery_tables import deliveries
from .tables import NOBODY

COLUMNS = (
    "id",
    "sender",
    "number",
    "style",
    "job_id",
    "key_id",
    "stream_id",
    "media_id",
    "kind",
    "holder",
    "url",
    "host",
    "body",
    "owed",
    "state",
    "attempts",
)
"""Of a new row."""
_PENDING = DeliveryState.PENDING.value
_MINE = deliveries.c.sender == bindparam("of")
_other = deliveries.alias("other")
_HAS_TURN = (_other.c.sender == bindparam("of")) & _other.c.next_attempt.is_not(None)
_FIRST = (
    select(func.min(_other.c.number))
    .where(_other.c.sender == bindparam("of"), _other.c.number >= bindparam("since"))
    .where(_other.c.state == _PENDING)
    .scalar_subquery()
)
# A queue may be thousands long. Those that have a turn are found by the index of them alone; for a comparison of the
# number itself, or the least one, SQLite would look through the queue instead.
_NUMBER = deliveries.c.number + 0
_FIRST_TURN = select(func.min(_other.c.number + 0)).where(_HAS_TURN).scalar_subquery()
_OVERTAKEN = (
    update(deliveries)
    .where(_MINE, deliveries.c.next_attempt.is_not(None), or_(_NUMBER > _FIRST, _NUMBER > _FIRST_TURN))
    .values(next_attempt=None)
)
_NEXT = (
    update(deliveries)
    .where(_MINE, deliveries.c.number == _FIRST, ~exists(select(1).where(_HAS_TURN)))
    .values(next_attempt=bindparam("now"))
)


async def advance(tx: AsyncConnection, changed: Mapping[str, int], *, now_s: float) -> None:
    """Let the first pending one of each sender have its turn, now unless its time is set already.

    `changed` has the number of the first one that was added or is no longer what it was, by sender.
    """
    those = [{"of": sender, "since": number, "now": now_s} for sender, number in changed.items()]
    # After one that was given up is tried again, it comes before the one whose turn it was.
    await tx.execute(_OVERTAKEN, those)
    await tx.execute(_NEXT, those)


def rows_of(owed: Sequence[Owed], *, now_s: float) -> list[tuple[object, ...]]:
    """New rows, whose turn has not come; a value for each of `COLUMNS`."""
    return [_row(one, an_id, now_s) for one, an_id in zip(owed, new_ids("cbk", len(owed)), strict=True)]


def _row(owed: Owed, delivery_id: str, now_s: float) -> tuple[object, ...]:
    return (
        delivery_id,
        owed.sender,
        owed.number,
        owed.style.value,
        owed.job_id,
        owed.key_id or NOBODY,
        owed.stream_id,
        owed.media_id,
        owed.kind,
        owed.holder,
        owed.url,
        host_of(owed.url),
        owed.body,
        now_s,
        _PENDING,
        0,
    )


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
