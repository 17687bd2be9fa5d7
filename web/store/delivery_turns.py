"""Whose turn it is to be sent, and how an attempt went."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Delivery, DeliveryState, Style
from ..delivery.room import Closed
from .delivery_rows import advance, delivery_of
from .delivery_tables import deliveries


async def due(tx: AsyncConnection, *, now_s: float, limit: int, closed: Closed) -> tuple[Delivery, ...]:
    """Those whose turn and time has come and that are not closed, the longest due first: one of each sender at most."""
    wanted = select(deliveries).where(
        deliveries.c.next_attempt <= now_s,
        deliveries.c.sender.not_in(closed.senders),
        deliveries.c.host.not_in(closed.hosts),
    )
    if closed.tried:
        wanted = wanted.where(deliveries.c.attempts == 0)
    rows = await tx.execute(wanted.order_by(deliveries.c.next_attempt, deliveries.c.id).limit(limit))
    return tuple(delivery_of(row) for row in rows.mappings())


async def next_due_s(tx: AsyncConnection, *, after_s: float) -> float | None:
    """When the time of the next one comes after that one, in Unix seconds; None when none is waited for."""
    later = select(func.min(deliveries.c.next_attempt)).where(deliveries.c.next_attempt > after_s)
    at_s: float | None = await tx.scalar(later)
    return at_s


async def delivered(tx: AsyncConnection, delivery: Delivery, *, now_s: float) -> None:
    """It was taken. An event's delivery is forgotten, a job's is kept with the job."""
    if delivery.style is Style.STANDARD:
        await tx.execute(delete(deliveries).where(deliveries.c.id == delivery.id))
    else:
        await _attempted(tx, delivery.id, state=DeliveryState.DELIVERED, next_attempt_s=None, error=None)
    await advance(tx, {delivery.sender: delivery.number}, now_s=now_s)


async def postpone(tx: AsyncConnection, delivery: Delivery, *, next_s: float, error: str, now_s: float) -> None:
    """After an attempt that failed."""
    await _attempted(tx, delivery.id, state=DeliveryState.PENDING, next_attempt_s=next_s, error=error)
    await advance(tx, {delivery.sender: delivery.number}, now_s=now_s)


async def give_up(
    tx: AsyncConnection, delivery: Delivery, *, error: str, now_s: float, owed_before_s: float | None = None
) -> None:
    """After the last attempt failed too, with what was owed to the same receiver before that time.

    Those after it have their turn now.
    """
    await _attempted(tx, delivery.id, state=DeliveryState.FAILED, next_attempt_s=None, error=error)
    if owed_before_s is not None:
        pending = (deliveries.c.sender == delivery.sender) & (deliveries.c.state == DeliveryState.PENDING.value)
        values = {"state": DeliveryState.FAILED.value, "next_attempt": None, "last_error": error}
        await tx.execute(update(deliveries).where(pending, deliveries.c.owed < owed_before_s).values(values))
    await advance(tx, {delivery.sender: delivery.number}, now_s=now_s)


async def _attempted(
    tx: AsyncConnection, delivery_id: str, *, state: DeliveryState, next_attempt_s: float | None, error: str | None
) -> None:
    """One that was given up meanwhile, because there are too many, stays so unless it arrived."""
    values = {
        "state": state.value,
        "attempts": deliveries.c.attempts + 1,
        "next_attempt": next_attempt_s,
        "last_error": error,
    }
    still = (deliveries.c.state == DeliveryState.PENDING.value) | (state is DeliveryState.DELIVERED)
    await tx.execute(update(deliveries).where(deliveries.c.id == delivery_id, still).values(values))
