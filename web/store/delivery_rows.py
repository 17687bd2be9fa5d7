"""Deliveries as rows, and the rule that the next one of each sender alone has a time to be sent at."""

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Delivery, DeliveryState, Owed, Style, host_of
from ..ids import new_id
from .delivery_tables import deliveries
from .tables import NOBODY


async def advance(tx: AsyncConnection, sender: str, *, now_s: float) -> None:
    """Let the first one that is pending have its turn, now unless its time is set already."""
    of_sender = (deliveries.c.sender == sender) & (deliveries.c.state == DeliveryState.PENDING.value)
    wanted = select(deliveries.c.id, deliveries.c.next_attempt).where(of_sender).order_by(deliveries.c.number).limit(1)
    first = (await tx.execute(wanted)).one_or_none()
    if first is None:
        return
    # After one that was given up is tried again, it comes before the one whose turn it was.
    others = of_sender & (deliveries.c.id != first.id) & deliveries.c.next_attempt.is_not(None)
    await tx.execute(update(deliveries).where(others).values(next_attempt=None))
    if first.next_attempt is None:
        await tx.execute(update(deliveries).where(deliveries.c.id == first.id).values(next_attempt=now_s))


def row_of(owed: Owed, *, now_s: float) -> dict[str, object]:
    """A new row, whose turn has not come."""
    return {
        "id": new_id("cbk"),
        "sender": owed.sender,
        "number": owed.number,
        "style": owed.style.value,
        "job_id": owed.job_id,
        "webhook_id": owed.webhook_id,
        "key_id": owed.key_id or NOBODY,
        "stream_id": owed.stream_id,
        "media_id": owed.media_id,
        "event_id": owed.event_id,
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
        webhook_id=row["webhook_id"],
        key_id=row["key_id"] or None,
        stream_id=row["stream_id"],
        media_id=row["media_id"],
        event_id=row["event_id"],
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
