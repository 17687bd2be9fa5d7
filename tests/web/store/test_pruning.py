"""Which partitions PostgreSQL looks at for what is asked of the scores."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.web.store.dated import NOW_S, at, block, make_days, media_of, put
from tests.web.store.test_blocks import wave
from web.store import scores
from web.store.days import AHEAD
from web.store.store import Store, open_store


@contextmanager
def noting(tx: AsyncConnection) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """The statements that are executed, with their values."""
    noted: list[tuple[str, tuple[object, ...]]] = []

    def note(_: object, __: object, statement: str, values: tuple[object, ...], *___: object) -> None:
        noted.append((statement, values))

    connection = tx.sync_connection
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(connection, "before_cursor_execute", note)


async def looked_at(tx: AsyncConnection, do: Callable[[AsyncConnection], Awaitable[object]]) -> set[str]:
    """The partitions that PostgreSQL means to read for what is done."""
    with noting(tx) as noted:
        await do(tx)
    found: set[str] = set()
    for statement, values in noted:
        plan = (await tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)).scalar_one()
        found |= set(relations(json.loads(plan) if isinstance(plan, str) else plan))
    return found


def relations(plan: object) -> Iterator[str]:
    if isinstance(plan, list):
        for part in plan:
            yield from relations(part)
    elif isinstance(plan, dict):
        if "Scan" in plan.get("Node Type", "") and "Relation Name" in plan:
            yield str(plan["Relation Name"])
        for part in plan.values():
            yield from relations(part)


async def test_no_partition_is_looked_at_from_before_a_media_began(server_store: Store) -> None:
    await make_days(server_store, 20, 16, 12, 8, 4)
    one, old = media_of(1), media_of(9)
    whole = block(one, 0, age_days=0.0)
    await put(server_store, whole, block(old, 0, age_days=9.0))
    since = {at(day) for day in range(-1, AHEAD + 1)} | {"scores_rest", "scores_undated"}
    async with server_store.writing() as tx:
        assert await looked_at(tx, lambda tx: scores.read(tx, one)) == since
        assert await looked_at(tx, lambda tx: scores.page(tx, one, after_s=1.0, limit=5)) == since
        assert await looked_at(tx, lambda tx: scores.size(tx, one, from_s=1.0, to_s=2.0)) == since
        assert await looked_at(tx, lambda tx: scores.sizes(tx, [one, media_of(0)])) == since
        assert await looked_at(tx, lambda tx: scores.forget_media(tx, media_of(1, number=7))) == since
        more = {at(day) for day in range(-9, AHEAD + 1)} | since
        assert await looked_at(tx, lambda tx: scores.sizes(tx, [one, old])) == more


async def test_one_block_is_thinned_and_dropped_in_its_own_partition(server_store: Store) -> None:
    await make_days(server_store, 8, 4)
    one = block(media_of(4), 0, age_days=4.0)
    await put(server_store, one)
    async with server_store.writing() as tx:
        thinned = wave(10)[:2]
        assert await looked_at(tx, lambda tx: scores.thin(tx, one, thinned, step_s=10.0)) == {at(-4)}
        assert await scores.read(tx, one.media_id) == thinned
        assert await looked_at(tx, lambda tx: scores.drop(tx, one)) == {at(-4)}
        assert await scores.read(tx, one.media_id) == []


async def test_what_is_oldest_is_found_and_deleted_without_looking_through_all(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        await put(store, *(block(media_of(9), first, age_days=9.0) for first in (0, 10, 20)))
        async with store.writing() as tx:
            with noting(tx) as noted:
                assert await scores.forget(tx, before_s=NOW_S, excess=9, limit=2) == 3
            assert len(noted) == 2
            for statement, values in noted:
                plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                assert not [step.detail for step in plan if step.detail == "SCAN scores"]
