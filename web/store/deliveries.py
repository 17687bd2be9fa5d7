"""What is owed to receivers: added, looked through, tried again. Those of one sender have their turns by number."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.delivery import Delivery, DeliveryState, Owed, Style
from .delivery_rows import COLUMNS, advance, delivery_of, rows_of
from .delivery_tables import OVER, deliveries
from .tables import NOBODY
from .turn_locks import hold
from .upsert import insert_into, insert_rows

_PENDING = deliveries.c.state == DeliveryState.PENDING.value
_FAILED = deliveries.c.state == DeliveryState.FAILED.value
_EVENT = deliveries.c.style == Style.STANDARD.value


async def add(tx: AsyncConnection, owed: Sequence[Owed], *, now_s: float) -> None:
    """Owe all of these; those that are owed stay as they are. Needs a transaction that writes."""
    await hold(tx, {one.sender for one in owed})
    adding = insert_into(tx, deliveries).on_conflict_do_nothing(index_elements=["sender", "number"])
    await insert_rows(tx, adding, COLUMNS, rows_of(owed, now_s=now_s))
    added: dict[str, int] = {}
    for one in owed:
        added[one.sender] = min(one.number, added.get(one.sender, one.number))
    await advance(tx, added, now_s=now_s)


async def next_number(tx: AsyncConnection, sender: str) -> int:
    """What follows the last number of a sender, 1 for the first."""
    last = select(func.coalesce(func.max(deliveries.c.number), 0)).where(deliveries.c.sender == sender)
    number: int = (await tx.execute(last)).scalar_one()
    return number + 1


async def find(tx: AsyncConnection, delivery_id: str) -> Delivery | None:
    found = await tx.execute(select(deliveries).where(deliveries.c.id == delivery_id))
    row = found.mappings().one_or_none()
    return None if row is None else delivery_of(row)


async def retry(tx: AsyncConnection, delivery_id: str, *, now_s: float) -> bool:
    """Owe one again that was given up, its attempts counted anew. False if it was not."""
    which = select(deliveries.c.sender, deliveries.c.number).where(deliveries.c.id == delivery_id)
    found = (await tx.execute(which)).one_or_none()
    if found is None:
        return False
    sender, number = found
    await hold(tx, [sender])
    retried = update(deliveries).where(deliveries.c.id == delivery_id, _FAILED)
    done = await tx.execute(retried.values(state=DeliveryState.PENDING.value, attempts=0, next_attempt=None))
    if not done.rowcount:
        return False
    await advance(tx, {sender: number}, now_s=now_s)
    return True


async def listed(
    tx: AsyncConnection,
    *,
    styles: Collection[Style],
    limit: int,
    state: DeliveryState | None = None,
    after_id: str = "",
) -> tuple[Delivery, ...]:
    """Those of every key, by id, which is by age; `after_id` is the last one of the page before."""
    return await _read(tx, _page(styles, state, limit=limit, after_id=after_id))


async def listed_of(
    tx: AsyncConnection,
    key_id: str | None,
    *,
    styles: Collection[Style],
    limit: int,
    state: DeliveryState | None = None,
    after_id: str = "",
) -> tuple[Delivery, ...]:
    """The same, of one key alone."""
    page = _page(styles, state, limit=limit, after_id=after_id)
    return await _read(tx, page.where(deliveries.c.key_id == (key_id or NOBODY)))


async def counts(tx: AsyncConnection, senders: Collection[str]) -> dict[tuple[str, DeliveryState], int]:
    """How many of each sender stand how; what is not there is none."""
    mine = deliveries.c.sender.in_(senders)
    # Both are told by an index alone.
    every = select(deliveries.c.sender, func.count()).where(mine).group_by(deliveries.c.sender)
    over = select(deliveries.c.sender, deliveries.c.state, func.count()).where(mine, text(OVER))
    found = {(sender, DeliveryState.PENDING): count for sender, count in await tx.execute(every)}
    for sender, state, count in await tx.execute(over.group_by(deliveries.c.sender, deliveries.c.state)):
        found[sender, DeliveryState(state)] = count
        found[sender, DeliveryState.PENDING] -= count
    return {which: count for which, count in found.items() if count}


async def confine(tx: AsyncConnection, senders: Collection[str], *, most: int, why: str) -> dict[str, int]:
    """Give up what these senders owe beyond `most` each: the oldest `gore.prob` first, which are dropped.

    Others stay as given up, as many as may be owed; older ones are dropped too. How many went, by what they were.
    """
    gone = {"gore.prob": 0, "given up": 0, "forgotten": 0}
    await hold(tx, senders)
    for (sender, state), count in (await counts(tx, senders)).items():
        over = count - most
        if over > 0 and state is DeliveryState.PENDING:
            dropped = await _drop(tx, _oldest(sender, state, over).where(deliveries.c.kind == "gore.prob"))
            gone["gore.prob"] += dropped
            gone["given up"] += await _fail(tx, _oldest(sender, state, over - dropped), why)
    for (sender, state), count in (await counts(tx, senders)).items():
        if count > most and state is DeliveryState.FAILED:
            gone["forgotten"] += await _drop(tx, _oldest(sender, state, count - most))
    return gone


async def forget(tx: AsyncConnection, *, owed_before_s: float) -> int:
    """Drop the events that were given up and are older than that; how many there were. A job takes its own along."""
    return await _drop(tx, select(deliveries.c.id).where(_FAILED, _EVENT, deliveries.c.owed < owed_before_s))


async def give_up_all(tx: AsyncConnection, sender: str, *, error: str) -> None:
    """Nothing more is sent on behalf of this one, whose turns are held; what it owes may be tried again."""
    await _fail(tx, select(deliveries.c.id).where(deliveries.c.sender == sender, _PENDING), error)


async def _read(tx: AsyncConnection, wanted: Select[tuple[object, ...]]) -> tuple[Delivery, ...]:
    return tuple(delivery_of(row) for row in (await tx.execute(wanted)).mappings())


async def _drop(tx: AsyncConnection, ids: Select[tuple[str]]) -> int:
    return (await tx.execute(delete(deliveries).where(deliveries.c.id.in_(ids.scalar_subquery())))).rowcount


async def _fail(tx: AsyncConnection, ids: Select[tuple[str]], error: str) -> int:
    given_up = update(deliveries).where(deliveries.c.id.in_(ids.scalar_subquery()))
    values = {"state": DeliveryState.FAILED.value, "next_attempt": None, "last_error": error}
    return (await tx.execute(given_up.values(values))).rowcount


def _oldest(sender: str, state: DeliveryState, count: int) -> Select[tuple[str]]:
    """Ids of a sender's oldest ones, its next one apart: that may be under way."""
    of_sender = select(deliveries.c.id).where(deliveries.c.sender == sender, deliveries.c.state == state.value)
    if state is not DeliveryState.PENDING:
        of_sender = of_sender.where(text(OVER))
    return of_sender.where(deliveries.c.next_attempt.is_(None)).order_by(deliveries.c.number).limit(count)


def _page(
    styles: Collection[Style], state: DeliveryState | None, *, limit: int, after_id: str
) -> Select[tuple[object, ...]]:
    page = select(deliveries).where(deliveries.c.id > after_id, deliveries.c.style.in_(style.value for style in styles))
    if state is not None:
        page = page.where(deliveries.c.state == state.value)
    return page.order_by(deliveries.c.id).limit(limit)
