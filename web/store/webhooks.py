"""Webhooks of keys, and the secrets that sign what is posted of events."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..delivery.endpoint import Endpoint
from .delivery_tables import deliveries, unwanted_streams, webhook_secrets, webhooks
from .tables import NOBODY
from .turn_locks import hold
from .upsert import insert_into

STREAMS_REMEMBERED = 1000
BOTH_SIGN_S = 86_400.0
"""For so long after it was replaced, a secret signs beside the new one."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What signs on behalf of one holder: a webhook, or a key for the callbacks of its streams."""

    current: str
    previous: str | None = None
    previous_until_s: float = 0.0

    def signing(self, *, now_s: float) -> tuple[str, ...]:
        """Those that sign now, the new one first."""
        if self.previous is None or now_s >= self.previous_until_s:
            return (self.current,)
        return self.current, self.previous


async def add(tx: AsyncConnection, endpoint: Endpoint, *, secret: str) -> None:
    await tx.execute(
        insert(webhooks).values(
            id=endpoint.id,
            key_id=endpoint.key_id or NOBODY,
            url=endpoint.url,
            kinds=" ".join(endpoint.kinds),
            streams=" ".join(endpoint.streams),
            sees_all=endpoint.sees_all,
            created=endpoint.created_s,
            disabled=endpoint.disabled,
        )
    )
    await tx.execute(insert(webhook_secrets).values(holder=endpoint.id, secret=secret))


async def listed(tx: AsyncConnection) -> tuple[Endpoint, ...]:
    """All, oldest first."""
    rows = await tx.execute(select(webhooks).order_by(webhooks.c.created, webhooks.c.id))
    return tuple(_endpoint(row) for row in rows.mappings())


async def count_of(tx: AsyncConnection, key_id: str | None) -> int:
    count = select(func.count()).select_from(webhooks).where(webhooks.c.key_id == (key_id or NOBODY))
    return int((await tx.execute(count)).scalar_one())


async def remove(tx: AsyncConnection, webhook_id: str) -> bool:
    """With its secret and all that is owed to it; whether it was there."""
    await hold(tx, [webhook_id])
    await tx.execute(delete(webhook_secrets).where(webhook_secrets.c.holder == webhook_id))
    await tx.execute(delete(deliveries).where(deliveries.c.sender == webhook_id))
    return (await tx.execute(delete(webhooks).where(webhooks.c.id == webhook_id))).rowcount > 0


async def disable(tx: AsyncConnection, ids: Collection[str], why: str | None) -> None:
    """Say why nothing is sent to these, or with None that events are again."""
    await tx.execute(update(webhooks).where(webhooks.c.id.in_(ids)).values(disabled=why))


async def secret_of(tx: AsyncConnection, holder: str) -> Secret | None:
    row = (await tx.execute(select(webhook_secrets).where(webhook_secrets.c.holder == holder))).mappings().one_or_none()
    return None if row is None else secret_in(row)


async def secret_or(tx: AsyncConnection, holder: str, fresh: str) -> Secret:
    """A holder's secret, which is `fresh` if it had none. Needs a transaction that writes."""
    found = await secret_of(tx, holder)
    if found is None:
        await tx.execute(insert(webhook_secrets).values(holder=holder, secret=fresh))
    return found or Secret(fresh)


async def replace_secret(tx: AsyncConnection, holder: str, fresh: str, *, now_s: float) -> Secret:
    """Have `fresh` sign from now on, for a day beside the one so far. Needs a transaction that writes."""
    found = await secret_or(tx, holder, fresh)
    if found.current == fresh:
        return found
    replaced = Secret(fresh, found.current, now_s + BOTH_SIGN_S)
    values = {"secret": fresh, "previous": replaced.previous, "previous_until": replaced.previous_until_s}
    await tx.execute(update(webhook_secrets).where(webhook_secrets.c.holder == holder).values(values))
    return replaced


async def want_no_more(tx: AsyncConnection, stream_id: str, *, now_s: float) -> None:
    """The receiver of a stream's events said so. Of the latest so many streams that is remembered."""
    row = insert_into(tx, unwanted_streams).values(stream_id=stream_id, at=now_s)
    await tx.execute(row.on_conflict_do_nothing(index_elements=["stream_id"]))
    latest_first = select(unwanted_streams.c.stream_id).order_by(unwanted_streams.c.at.desc())
    old = latest_first.offset(STREAMS_REMEMBERED).scalar_subquery()
    await tx.execute(delete(unwanted_streams).where(unwanted_streams.c.stream_id.in_(old)))


async def unwanted(tx: AsyncConnection) -> tuple[str, ...]:
    """The streams whose receivers want no more events, the latest last."""
    return tuple(await tx.scalars(select(unwanted_streams.c.stream_id).order_by(unwanted_streams.c.at)))


def secret_in(row: RowMapping) -> Secret | None:
    """Of a row that has the columns of one."""
    return None if row["secret"] is None else Secret(row["secret"], row["previous"], row["previous_until"] or 0.0)


def _endpoint(row: RowMapping) -> Endpoint:
    return Endpoint(
        id=row["id"],
        key_id=row["key_id"] or None,
        url=row["url"],
        kinds=tuple(row["kinds"].split()),
        streams=tuple(row["streams"].split()),
        sees_all=row["sees_all"],
        created_s=row["created"],
        disabled=row["disabled"],
    )
