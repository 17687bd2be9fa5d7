"""Deliveries as rows, and the rule that the next one of each sender alone has a time to be sent at."""

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    RowMapping,
    Update,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Claim, Delivery, DeliveryState, Owed, Style, host_of
from ..ids import new_ids
from .delivery_tables import deliveries
from .tables import NOBODY, id_type

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


def _advancing(of: ColumnElement[str], since: ColumnElement[int]) -> tuple[Update, Update]:
    """Of a sender, or a table of them: takes the turn from who was overtaken, and gives it to the first."""
    mine = deliveries.c.sender == of
    other = deliveries.alias("other")
    has_turn = (other.c.sender == of) & other.c.next_attempt.is_not(None)
    # PostgreSQL takes those that are pending for few until it has looked at the table, and would go through them all.
    pending = (other.c.sender == of) & (other.c.number >= since) & (other.c.state.concat("") == _PENDING)
    first = select(func.min(other.c.number)).where(pending).correlate_except(other).scalar_subquery()
    # A queue may be thousands long. Those that have a turn are found by the index of them alone; for a comparison of
    # the number itself, or the least one, SQLite would look through the queue instead.
    first_turn = select(func.min(other.c.number + 0)).where(has_turn).correlate_except(other).scalar_subquery()
    number = deliveries.c.number + 0
    overtaken = or_(number > first, number > first_turn)
    nobody = ~exists(select(1).select_from(other).where(has_turn).correlate_except(other))
    return (
        update(deliveries).where(mine, deliveries.c.next_attempt.is_not(None), overtaken).values(next_attempt=None),
        update(deliveries).where(mine, deliveries.c.number == first, nobody).values(next_attempt=bindparam("now")),
    )


_ONE = _advancing(bindparam("of", type_=id_type()), bindparam("since", type_=BigInteger))
_senders = (
    func.unnest(bindparam("of", type_=ARRAY(id_type())), bindparam("since", type_=ARRAY(BigInteger)))
    .table_valued(column("of", id_type()), column("since", BigInteger))
    .render_derived()
)
_MANY = _advancing(_senders.c.of, _senders.c.since)


async def advance(tx: AsyncConnection, changed: Mapping[str, int], *, now_s: float) -> None:
    """Let the first pending one of each sender have its turn, now unless its time is set already.

    `changed` has the number of the first one that was added or is no longer what it was, by sender.
    """
    # After one that was given up is tried again, it comes before the one whose turn it was.
    await _execute(tx, (_ONE[0], _MANY[0]), changed, now_s)
    await pass_on(tx, changed, now_s=now_s)


async def pass_on(tx: AsyncConnection, changed: Mapping[str, int], *, now_s: float) -> None:
    """As `advance`, where nobody was overtaken: one that is over passes its turn on, if it had it still."""
    await _execute(tx, (_ONE[1], _MANY[1]), changed, now_s)


async def _execute(
    tx: AsyncConnection, statements: tuple[Update, Update], changed: Mapping[str, int], now_s: float
) -> None:
    one, many = statements
    if tx.dialect.name == "postgresql":
        # A statement for each sender would be sent there.
        await tx.execute(many, {"of": list(changed), "since": list(changed.values()), "now": now_s})
    else:
        await tx.execute(one, [{"of": of, "since": since, "now": now_s} for of, since in changed.items()])


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
    by: str | None = row["claimed_by"]
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
        claim=None if by is None else Claim(by, row["claimed_until"]),
    )
