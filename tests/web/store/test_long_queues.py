"""What a delivery costs the database does not depend on how many wait, or were given up, before and after it."""

from collections.abc import Awaitable
from pathlib import Path

from aiosqlite import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.servers.stores import new_store
from tests.web.store.test_deliveries import HOOK, due, event, filled, next_due_s, the
from web.store import deliveries, delivery_turns
from web.store.store import open_store

_GIVEN_UP, _WAITING = 500, 2000


async def steps(tx: AsyncConnection, doing: Awaitable[object]) -> int:
    """How much SQLite works for it, in steps of its virtual machine."""
    raw = (await tx.get_raw_connection()).driver_connection
    assert isinstance(raw, Connection)
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    await raw.set_progress_handler(count, 1)
    await doing
    await raw.set_progress_handler(None, 1)  # type: ignore[arg-type]
    return done


async def one_after_the_other(tx: AsyncConnection, first: int) -> list[int]:
    """The steps of all that may happen to the next one of a queue."""
    others = [
        await steps(tx, deliveries.add(tx, [event(9_999_999)], now_s=2.0)),
        await steps(tx, due(tx, 5.0)),
        await steps(tx, next_due_s(tx, 1.0)),
    ]
    doing = await the(tx, HOOK.id, first)
    others.append(await steps(tx, delivery_turns.postpone(tx, doing, next_s=3.0, error="x", now_s=2.0)))
    others.append(await steps(tx, delivery_turns.give_up(tx, doing, error="x", now_s=3.0)))
    others.append(await steps(tx, deliveries.retry(tx, doing.id, now_s=4.0)))
    others.append(await steps(tx, delivery_turns.delivered(tx, doing, now_s=5.0)))
    return others


async def test_a_long_queue_costs_no_more_than_a_short_one(tmp_path: Path) -> None:
    async with open_store(new_store(tmp_path / "short.db")) as store, store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [event(number) for number in range(1, 4)], now_s=1.0)
        short = await one_after_the_other(tx, 1)
    async with open_store(new_store(tmp_path / "long.db")) as store, store.writing() as tx:
        await filled(tx)
        await deliveries.add(tx, [event(number) for number in range(_GIVEN_UP)], now_s=1.0)
        await deliveries.give_up_all(tx, HOOK.id, error="x")
        await deliveries.add(tx, [event(_GIVEN_UP + number) for number in range(_WAITING)], now_s=1.0)
        long = await one_after_the_other(tx, _GIVEN_UP)
    assert all(more <= 2 * few for few, more in zip(short, long, strict=True)), (short, long)
