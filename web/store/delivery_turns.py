"""Whose turn it is to be sent, and how an attempt went."""

import functools
from dataclasses import dataclass

from sqlalchemy import Integer, Select, Text, any_, bindparam, delete, not_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Delivery, DeliveryState, Style
from ..delivery.room import Closed
from .delivery_claims import STILL, UNCLAIMED, many, not_claimed, which
from .delivery_rows import advance, pass_on
from .delivery_tables import deliveries
from .tables import id_type


@dataclass(frozen=True, slots=True)
class Due:
    """One whose turn and time has come."""

    id: str
    sender: str
    host: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Found:
    """What is due, and what may be besides."""

    due: tuple[Due, ...]
    """The longest due first, one of each sender at most."""
    more: bool
    """There may be more of them."""
    next_s: float | None
    """When the time of the next one comes, in Unix seconds; None when none is waited for, and where there are more."""


async def due(tx: AsyncConnection, *, now_s: float, limit: int, closed: Closed, by: str | None = None) -> Found:
    """Up to so many that are not closed, and not claimed by any other node than `by`."""
    wanted = _in_order(claims=by is not None, tried=not closed.tried)
    # One more tells whether there are more, or when the next one will be due.
    values = {"senders": list(closed.senders), "hosts": list(closed.hosts), "most": limit + 1}
    rows = (await tx.execute(wanted, {**values, "now": now_s, "by": by})).all()
    found = [Due(row[0], row[1], row[2], row[3]) for row in rows if row[4] <= now_s]
    return Found(
        due=tuple(found[:limit]),
        more=len(found) > limit,
        next_s=rows[len(found)][4] if len(found) < len(rows) else None,
    )


@functools.cache
def _in_order(*, claims: bool, tried: bool) -> Select[str, str, str, int, float]:
    """`claims`: there are any. `tried`: also those that were tried before. It takes longer to make than to execute."""
    columns = (deliveries.c.id, deliveries.c.sender, deliveries.c.host, deliveries.c.attempts)
    sender, host = deliveries.c.sender, deliveries.c.host
    wanted = select(*columns, deliveries.c.next_attempt).where(deliveries.c.next_attempt.is_not(None))
    if claims:
        shut = (sender == any_(many("senders", id_type()))) | (host == any_(many("hosts", Text())))
        wanted = wanted.where(not_(shut), not_claimed())
    else:
        wanted = wanted.where(
            sender.not_in(bindparam("senders", expanding=True)), host.not_in(bindparam("hosts", expanding=True))
        )
    if not tried:
        wanted = wanted.where(deliveries.c.attempts == 0)
    return wanted.order_by(deliveries.c.next_attempt, deliveries.c.id).limit(bindparam("most", type_=Integer))


async def delivered(tx: AsyncConnection, delivery: Delivery, *, now_s: float) -> bool:
    """It was taken. An event's delivery is forgotten, a job's is kept with the job.

    False, and nothing is done, where it is not there or claimed by somebody else by now.
    """
    statement = _FORGOTTEN if delivery.style is Style.STANDARD else _DELIVERED
    if not (await tx.execute(statement, which(delivery))).rowcount:
        return False
    await pass_on(tx, {delivery.sender: delivery.number}, now_s=now_s)
    return True


async def postpone(tx: AsyncConnection, delivery: Delivery, *, next_s: float, error: str, now_s: float) -> None:
    """After an attempt that failed."""
    await _failed(tx, delivery.id, _attempted(DeliveryState.PENDING, next_attempt_s=next_s, error=error))
    await advance(tx, {delivery.sender: delivery.number}, now_s=now_s)


async def give_up(
    tx: AsyncConnection, delivery: Delivery, *, error: str, now_s: float, owed_before_s: float | None = None
) -> None:
    """After the last attempt failed too, with what was owed to the same receiver before that time.

    Those after it have their turn now.
    """
    await _failed(tx, delivery.id, _attempted(DeliveryState.FAILED, error=error))
    if owed_before_s is not None:
        pending = (deliveries.c.sender == delivery.sender) & (deliveries.c.state == DeliveryState.PENDING.value)
        values = {"state": DeliveryState.FAILED.value, "next_attempt": None, "last_error": error}
        await tx.execute(update(deliveries).where(pending, deliveries.c.owed < owed_before_s).values(values))
    await advance(tx, {delivery.sender: delivery.number}, now_s=now_s)


def _attempted(
    state: DeliveryState, *, next_attempt_s: float | None = None, error: str | None = None
) -> dict[str, object]:
    return {
        "state": state.value,
        "attempts": deliveries.c.attempts + 1,
        "next_attempt": next_attempt_s,
        "last_error": error,
    }


async def _failed(tx: AsyncConnection, delivery_id: str, values: dict[str, object]) -> None:
    """One that was given up meanwhile, because there are too many, stays so."""
    pending = deliveries.c.state == DeliveryState.PENDING.value
    await tx.execute(update(deliveries).where(deliveries.c.id == delivery_id, pending).values(values))


_FORGOTTEN = delete(deliveries).where(STILL)
_DELIVERED = update(deliveries).where(STILL).values(_attempted(DeliveryState.DELIVERED) | UNCLAIMED)
