"""Scores of earlier versions, which had no days: they stay, however many there are, and age like others."""

import asyncio

import pytest
from sqlalchemy import text

from tests.servers.postgres import Postgres
from tests.until import until
from tests.web.store.test_blocks import wave
from tests.web.store.test_migrate import WATCHED, before, check_moderated, earlier
from web.store import scores
from web.store.postgres import open_database
from web.store.scores import block_of
from web.store.store import Store, open_store


async def test_scores_of_an_earlier_version_are_thinned_out_and_go_like_others(address: str) -> None:
    await before(address, earlier("0004"))
    async with open_store(address) as store, store.writing() as tx:
        newer = block_of(WATCHED, wave(30)[9:], at_s=1_790_000_100.0)
        await scores.put(tx, [newer])
        assert await scores.read(tx, WATCHED) == wave(30)
        old = {block.media_id: block for block in await scores.unthinned(tx, before_s=2.0, limit=9)}
        await scores.thin(tx, old[WATCHED], wave(2), step_s=10.0)
        await scores.drop(tx, old["med_a"])
        assert await scores.read(tx, WATCHED) == [*wave(2), *wave(30)[9:]]
        assert await scores.read(tx, "med_a") == []
        assert await scores.forget(tx, before_s=2.0, excess=0, limit=9) == 1
        assert await scores.count(tx) == 1
        assert await scores.read(tx, WATCHED) == wave(30)[9:]


async def test_a_table_may_take_longer_to_be_changed_than_other_statements_may(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgres.new_database()
    await before(address, earlier("0004"))
    changing = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
        "AND clock_timestamp() - query_start > interval '1.5 s'"
    )
    database = open_database(address)
    beside = Store(database)

    async def opened() -> None:
        async with open_store(address) as store, store.reading() as tx:
            await check_moderated(tx)

    async def waits() -> bool:
        async with beside.reading() as tx:
            return opening.done() or bool(await tx.scalar(changing))

    monkeypatch.setattr("web.store.postgres._STATEMENT_TIMEOUT_S", 1.0)
    try:
        async with beside.reading() as reader:
            await reader.execute(text("SELECT count(*) FROM scores"))
            opening = asyncio.create_task(opened())
            await until(waits)
        await opening
    finally:
        await database.engine.dispose()
