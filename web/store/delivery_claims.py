"""Which node sends what: on a server's store each delivery is claimed by the node that sends it, for a while.

In a file there are no claims, as only one service sends from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    ColumnElement,
    Float,
    RowMapping,
    Select,
    any_,
    bindparam,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from ..delivery.delivery import Claim, Delivery
from .delivery_rows import delivery_of
from .delivery_tables import deliveries, webhook_secrets
from .tables import id_type
from .webhooks import Secret, secret_in


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery to be sent now, and what signs it if that is in the store."""

    delivery: Delivery
    secret: Secret | None


def many(name: str, of: TypeEngine[str]) -> BindParameter[Sequence[str]]:
    """A parameter of a server's: one statement for any number of values, which it need not learn anew for each."""
    return bindparam(name, type_=ARRAY(of))


def not_claimed() -> ColumnElement[bool]:
    """No other node sends anything of this sender's now; `by`, a parameter as `now` is, asks."""
    now, by = bindparam("now", type_=Float), bindparam("by", type_=id_type())
    other = deliveries.alias("claimed")
    claimed = (other.c.sender == deliveries.c.sender) & (other.c.claimed_until > now) & (other.c.claimed_by != by)
    of_sender = select(1).select_from(other).where(claimed).correlate(deliveries).exists()
    # Of a row that another node changes meanwhile PostgreSQL looks at the row itself once more, and at nothing else.
    itself = or_(deliveries.c.claimed_until.is_(None), deliveries.c.claimed_until <= now, deliveries.c.claimed_by == by)
    return itself & ~of_sender


async def take(tx: AsyncConnection, ids: Sequence[str], *, claim: Claim | None, now_s: float) -> tuple[Taken, ...]:
    """Those of these that are to be sent now and that no other node was faster to claim, in this order."""
    if claim is None:
        found = await tx.execute(_READING, {"ids": ids})
    else:
        found = await tx.execute(_CLAIMING, {"ids": ids, "by": claim.by, "until": claim.until_s, "now": now_s})
    places = {one: place for place, one in enumerate(ids)}
    return tuple(sorted(map(_taken, found.mappings()), key=lambda one: places[one.delivery.id]))


def _with_secrets(rows: CTE) -> Select[tuple[object, ...]]:
    secret = (webhook_secrets.c.secret, webhook_secrets.c.previous, webhook_secrets.c.previous_until)
    joined = rows.outerjoin(webhook_secrets, webhook_secrets.c.holder == rows.c.holder)
    return select(rows, *secret).select_from(joined)


def _reading() -> Select[tuple[object, ...]]:
    asked_for = deliveries.c.id.in_(bindparam("ids", expanding=True))
    return _with_secrets(select(deliveries).where(asked_for).cte("taken"))


def _claiming() -> Select[tuple[object, ...]]:
    asked_for = deliveries.c.id == any_(many("ids", id_type()))
    due = select(deliveries.c.id).where(asked_for, deliveries.c.next_attempt <= bindparam("now"), not_claimed())
    # What another node is just claiming is passed over, and not waited for.
    free = due.with_for_update(of=deliveries, skip_locked=True).cte("free")
    claiming = update(deliveries).where(deliveries.c.id.in_(select(free.c.id)))
    claimed = claiming.values(claimed_by=bindparam("by"), claimed_until=bindparam("until"))
    return _with_secrets(claimed.returning(*deliveries.c).cte("taken"))


# To make these takes longer than to execute them.
_READING, _CLAIMING = _reading(), _claiming()


async def give_back(tx: AsyncConnection, delivery: Delivery) -> bool:
    """It is no longer being sent. False where it is not `STILL` the node's that took it."""
    return (await tx.execute(_GIVING_BACK, which(delivery))).rowcount > 0


def which(delivery: Delivery) -> dict[str, object]:
    """The parameters of `STILL`."""
    return {"which": delivery.id, "mine": None if delivery.claim is None else delivery.claim.by}


STILL = (deliveries.c.id == bindparam("which")) & deliveries.c.claimed_by.is_not_distinct_from(
    bindparam("mine", type_=id_type())
)
"""A delivery is there, and claimed by nobody else since it was taken."""
UNCLAIMED = {"claimed_by": None, "claimed_until": None}
_GIVING_BACK = update(deliveries).where(STILL).values(UNCLAIMED)


async def give_back_all(tx: AsyncConnection, by: str) -> None:
    """All that a node has claimed may be sent by others, at once."""
    mine = (deliveries.c.claimed_until.is_not(None)) & (deliveries.c.claimed_by == by)
    await tx.execute(update(deliveries).where(mine).values(UNCLAIMED))


def _taken(row: RowMapping) -> Taken:
    return Taken(delivery_of(row), secret_in(row))
