"""Callbacks that are owed, were delivered, or were given up. Those of one job are sent one after the other."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import RowMapping, Select, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from .tables import NOBODY, callbacks, jobs


class CallbackState(StrEnum):
    """How a callback stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up; somebody may have it tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One body to be posted. `number` is its place among those of its job, from 1."""

    id: str
    job_id: str
    number: int
    body: bytes
    url: str
    state: CallbackState = CallbackState.PENDING
    attempts: int = 0
    next_attempt_s: float | None = None
    """Unix seconds; None unless it is pending."""
    last_error: str | None = None


async def add(tx: AsyncConnection, *, callback_id: str, job_id: str, body: bytes, url: str, due_s: float) -> Callback:
    """Owe one more callback of a job, after those that it has. Needs a transaction that writes."""
    last = select(func.coalesce(func.max(callbacks.c.number), 0)).where(callbacks.c.job_id == job_id)
    number = (await tx.execute(last)).scalar_one() + 1
    callback = Callback(id=callback_id, job_id=job_id, number=number, body=body, url=url, next_attempt_s=due_s)
    await tx.execute(
        insert(callbacks).values(
            id=callback.id,
            job_id=callback.job_id,
            number=callback.number,
            body=callback.body,
            url=callback.url,
            state=callback.state.value,
            attempts=callback.attempts,
            next_attempt=callback.next_attempt_s,
        )
    )
    return callback


async def find(tx: AsyncConnection, callback_id: str) -> Callback | None:
    row = (await tx.execute(select(callbacks).where(callbacks.c.id == callback_id))).mappings().one_or_none()
    return None if row is None else _callback(row)


async def due(tx: AsyncConnection, *, now_s: float, limit: int) -> tuple[Callback, ...]:
    """Those whose turn and time has come, the longest due first: of each job the first one that is still pending."""
    wanted = _next_of_jobs().where(callbacks.c.next_attempt <= now_s)
    rows = await tx.execute(wanted.order_by(callbacks.c.next_attempt, callbacks.c.id).limit(limit))
    return tuple(_callback(row) for row in rows.mappings())


async def next_due_s(tx: AsyncConnection) -> float | None:
    """When the next one's turn and time comes, in Unix seconds; None when none is pending."""
    turns = _next_of_jobs().subquery()
    at_s: float | None = await tx.scalar(select(func.min(turns.c.next_attempt)))
    return at_s


async def delivered(tx: AsyncConnection, callback_id: str) -> None:
    await _attempted(tx, callback_id, state=CallbackState.DELIVERED, next_attempt_s=None, error=None)


async def postpone(tx: AsyncConnection, callback_id: str, *, next_attempt_s: float, error: str) -> None:
    """After an attempt that failed."""
    await _attempted(tx, callback_id, state=CallbackState.PENDING, next_attempt_s=next_attempt_s, error=error)


async def give_up(tx: AsyncConnection, callback_id: str, *, error: str) -> None:
    """After the last attempt failed too. Those after it have their turn now."""
    await _attempted(tx, callback_id, state=CallbackState.FAILED, next_attempt_s=None, error=error)


async def retry(tx: AsyncConnection, callback_id: str, *, due_s: float) -> bool:
    """Owe one again that was given up, its attempts counted anew. False if it was not."""
    failed = (callbacks.c.id == callback_id) & (callbacks.c.state == CallbackState.FAILED.value)
    values = {"state": CallbackState.PENDING.value, "attempts": 0, "next_attempt": due_s}
    return (await tx.execute(update(callbacks).where(failed).values(values))).rowcount > 0


async def listed(
    tx: AsyncConnection,
    *,
    limit: int,
    state: CallbackState | None = None,
    after_id: str = "",
) -> tuple[Callback, ...]:
    """Those of every key, by id, which is by age; `after_id` is the last one of the page before."""
    rows = await tx.execute(_page(state, limit=limit, after_id=after_id))
    return tuple(_callback(row) for row in rows.mappings())


async def listed_of(
    tx: AsyncConnection,
    key_id: str | None,
    *,
    limit: int,
    state: CallbackState | None = None,
    after_id: str = "",
) -> tuple[Callback, ...]:
    """The same, of one key's jobs alone."""
    page = _page(state, limit=limit, after_id=after_id).join(jobs, jobs.c.id == callbacks.c.job_id)
    rows = await tx.execute(page.where(jobs.c.key_id == (key_id or NOBODY)))
    return tuple(_callback(row) for row in rows.mappings())


def _page(state: CallbackState | None, *, limit: int, after_id: str) -> Select[tuple[object, ...]]:
    page = select(callbacks).where(callbacks.c.id > after_id)
    if state is not None:
        page = page.where(callbacks.c.state == state.value)
    return page.order_by(callbacks.c.id).limit(limit)


def _next_of_jobs() -> Select[tuple[object, ...]]:
    earlier = callbacks.alias("earlier")
    before = (
        (earlier.c.job_id == callbacks.c.job_id)
        & (earlier.c.number < callbacks.c.number)
        & (earlier.c.state == CallbackState.PENDING.value)
    )
    pending = callbacks.c.state == CallbackState.PENDING.value
    return select(callbacks).where(pending, ~exists().where(before))


async def _attempted(
    tx: AsyncConnection, callback_id: str, *, state: CallbackState, next_attempt_s: float | None, error: str | None
) -> None:
    values = {
        "state": state.value,
        "attempts": callbacks.c.attempts + 1,
        "next_attempt": next_attempt_s,
        "last_error": error,
    }
    await tx.execute(update(callbacks).where(callbacks.c.id == callback_id).values(values))


def _callback(row: RowMapping) -> Callback:
    return Callback(
        id=row["id"],
        job_id=row["job_id"],
        number=row["number"],
        body=row["body"],
        url=row["url"],
        state=CallbackState(row["state"]),
        attempts=row["attempts"],
        next_attempt_s=row["next_attempt"],
        last_error=row["last_error"],
    )
