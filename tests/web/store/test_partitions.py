"""Scores by day on PostgreSQL: where they are, what is looked at, made and dropped; and the same reads on SQLite."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.servers.postgres import PASSWORD, USER, Postgres
from tests.web.store.dated import DAY_S, NOW_S, at, block, days, make_days, media_of, places, put, read
from tests.web.store.test_blocks import wave
from web.store import partitions, scores
from web.store.days import AHEAD, day_at
from web.store.scores import Block, block_of
from web.store.store import Store, open_store


async def test_a_store_is_opened_with_partitions_for_today_and_the_days_after(postgres: Postgres) -> None:
    async with open_store(postgres.new_database()) as store, store.reading() as tx:
        there = sorted(await partitions.there(tx))
        assert there == list(range(there[0], there[0] + AHEAD + 1))
        now_s = await tx.scalar(text("SELECT extract(epoch FROM now())::float8"))
    assert there[0] in (day_at(now_s or 0.0), day_at(now_s or 0.0) - 1)


async def test_services_that_open_one_at_once_make_each_partition_once(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    address = postgres.new_database()

    async def opened() -> list[int]:
        async with open_store(address) as store:
            return await days(store)

    first, *others = await asyncio.gather(*(opened() for _ in range(4)))
    async with open_store(address) as store:
        assert await days(store) == first
        async with store.writing() as tx:
            for day in first:
                await tx.execute(text(f"DROP TABLE {at(day)}"))
    again, *more = await asyncio.gather(*(opened() for _ in range(4)))
    assert len(first) == AHEAD + 1
    assert [again, *others, *more] == [first] * 7
    assert not caplog.records


async def test_blocks_are_in_the_partition_of_the_day_on_which_they_were_written_first(server_store: Store) -> None:
    long, brief = media_of(2), media_of(0)
    await make_days(server_store, 2)
    parts = [block(long, 0, age_days=1.5), block(long, 10, age_days=1.0), block(long, 20, age_days=0.0)]
    await put(server_store, *parts, block(brief, 0, age_days=0.0))
    assert await places(server_store) == {at(-2): 1, at(-1): 1, at(0): 2}
    again = block_of(long, wave(15), at_s=NOW_S, day=parts[0].day)
    await put(server_store, again)
    assert await places(server_store) == {at(-2): 1, at(-1): 1, at(0): 2}
    assert await read(server_store, long) == wave(30)


async def test_a_clock_that_was_put_back_hides_nothing(store: Store) -> None:
    media_id = media_of(0)
    await put(store, block(media_id, 0, age_days=0.0), block(media_id, 10, age_days=40.0))
    assert await read(store, media_id) == wave(20)


async def test_what_is_read_spans_days_and_is_in_order(store: Store) -> None:
    await partitions.make_ahead(store, now_s=NOW_S)
    media_id, other = media_of(6), media_of(6, number=1)
    blocks = [block(media_id, 10 * number, age_days=5.0 - number) for number in range(9)]
    await put(store, *reversed(blocks), block(other, 0, age_days=5.0))
    async with store.reading() as tx:
        pages: list[Block] = []
        while page := await scores.page(tx, media_id, after_s=pages[-1].first_s if pages else None, limit=2):
            pages += page
        assert pages == blocks
        assert await scores.read(tx, media_id) == wave(90)
        assert (await scores.sizes(tx, [media_id, other]))[media_id] == await scores.size(tx, media_id)
    async with store.writing() as tx:
        await scores.forget_media(tx, media_id)
        assert await scores.read(tx, media_id) == []
        assert await scores.read(tx, other) == wave(10)


async def test_a_day_without_partition_is_refused_nothing_and_gets_one_later(server_store: Store) -> None:
    media_id = media_of(50)
    blocks = [block(media_id, 10 * number, age_days=age) for number, age in enumerate((50, 49, -5, -400))]
    await put(server_store, *blocks)
    assert await places(server_store) == {"scores_rest": 4}
    longer = replace(block(media_id, 20, age_days=-5), at_s=NOW_S)
    await put(server_store, longer)
    await make_days(server_store, -5)
    assert await places(server_store) == {"scores_rest": 3, at(5): 1}
    assert await read(server_store, media_id) == wave(40)
    await put(server_store, longer, block(media_id, 40, age_days=-5))
    assert await places(server_store) == {"scores_rest": 3, at(5): 2}


async def test_days_that_are_over_go_and_the_last_blocks_of_them_that_are_not_too_old_stay(server_store: Store) -> None:
    await make_days(server_store, 9)
    old, lasting, young = media_of(9), media_of(9, number=1), media_of(5)
    last = replace(block(lasting, 10, age_days=9.0), at_s=NOW_S - 7.9 * DAY_S)
    await put(server_store, *(block(old, first, age_days=9.0) for first in (0, 10)))
    await put(server_store, block(lasting, 0, age_days=9.0), last, block(young, 0, age_days=5.0))
    await partitions.drop_over(server_store, before_s=NOW_S - 8.0 * DAY_S, now_s=NOW_S)
    assert await days(server_store) == [-8, -7, -6, *range(AHEAD + 1)]
    assert await places(server_store) == {"scores_rest": 2}
    assert await read(server_store, old) == []
    assert await read(server_store, lasting) == wave(20)[10:]
    assert await read(server_store, young) == wave(10)
    # It goes on, on a day that has no partition any more.
    longer = block_of(lasting, wave(30)[10:], at_s=NOW_S, day=last.day)
    await put(server_store, longer)
    assert await read(server_store, lasting) == wave(30)[10:]


async def test_a_day_with_many_blocks_that_are_not_too_old_is_left(
    server_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(partitions, "MOST_MOVED", 2)
    media_id = media_of(9)
    await put(server_store, *(block(media_id, first, age_days=9.0) for first in (0, 10, 20)))
    await make_days(server_store, 9)
    assert -9 not in await days(server_store)
    assert f"{at(-9)} is not made" in caplog.text
    monkeypatch.setattr(partitions, "MOST_MOVED", 3)
    await make_days(server_store, 9)
    assert await places(server_store) == {at(-9): 3}
    await put(server_store, *(replace(block(media_id, first, age_days=9.0), at_s=NOW_S) for first in (30, 40, 50, 60)))
    await partitions.drop_over(server_store, before_s=NOW_S - 5.0 * DAY_S, now_s=NOW_S)
    assert await places(server_store) == {at(-9): 7}
    assert await read(server_store, media_id) == wave(70)


async def test_partitions_that_a_wrong_clock_made_go_when_it_is_right(server_store: Store) -> None:
    media_id = media_of(-4000)
    await make_days(server_store, -4000)
    await put(server_store, block(media_id, 0, age_days=-4000))
    assert len(await days(server_store)) == 2 * (AHEAD + 1)
    await partitions.drop_over(server_store, before_s=0.0, now_s=NOW_S)
    assert await days(server_store) == list(range(AHEAD + 1))
    assert await read(server_store, media_id) == wave(10)


async def test_who_reads_is_not_disturbed_and_what_is_over_is_dropped_the_next_time(
    server_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_TIMEOUT_MS", 20)
    old, young = media_of(9), media_of(0)
    await make_days(server_store, 9)
    await put(server_store, block(old, 0, age_days=9.0))
    async with server_store.reading() as reader:
        assert await scores.count(reader) == 1
        await partitions.drop_over(server_store, before_s=NOW_S - 8.0 * DAY_S, now_s=NOW_S)
        assert "scores of days that are over are not dropped yet: The store" in caplog.text
        await put(server_store, block(young, 0, age_days=0.0))
        assert await scores.read(reader, old) == wave(10)
    await partitions.drop_over(server_store, before_s=NOW_S - 8.0 * DAY_S, now_s=NOW_S)
    assert await days(server_store) == [-8, -7, -6, *range(AHEAD + 1)]
    assert await places(server_store) == {at(0): 1}


async def test_who_reads_is_not_disturbed_and_a_partition_is_made_the_next_time(
    server_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_TIMEOUT_MS", 20)
    media_id = media_of(0)
    async with server_store.reading() as reader:
        assert await scores.count(reader) == 0
        await make_days(server_store, -9)
        assert "scores of days to come have no partitions yet: The store" in caplog.text
        await put(server_store, block(media_id, 0, age_days=-9.0))
    assert await places(server_store) == {"scores_rest": 1}
    await make_days(server_store, -9)
    assert await places(server_store) == {at(9): 1}
    assert await read(server_store, media_id) == wave(10)


async def test_who_does_not_own_the_tables_may_use_them(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    address = postgres.new_database()
    media_id = media_of(9)
    clerk = address.replace(f"{USER}:", "clerk:")
    async with open_store(address) as store:
        await make_days(store, 9)
        await put(store, block(media_id, 0, age_days=9.0))
        async with store.writing() as tx:
            await tx.execute(text(f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'"))
            await tx.execute(text("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk"))
    async with open_store(clerk) as store:
        before = await days(store)
        await make_days(store, -9)
        assert "have no partitions yet: The store" in caplog.text
        await partitions.drop_over(store, before_s=NOW_S - 5.0 * DAY_S, now_s=NOW_S)
        assert "are not dropped yet: The store" in caplog.text
        await put(store, block(media_id, 10, age_days=-9.0))
        assert await days(store) == before
        assert await read(store, media_id) == wave(20)
    async with open_store(address) as store, store.writing() as tx:
        await tx.execute(text("DROP OWNED BY clerk"))
        await tx.execute(text("DROP ROLE clerk"))


async def test_a_store_in_a_file_has_no_partitions(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        await put(store, block(media_of(9), 0, age_days=9.0))
        await partitions.make_ahead(store, now_s=NOW_S)
        await partitions.drop_over(store, before_s=NOW_S, now_s=NOW_S)
        assert await days(store) == []
        assert await read(store, media_of(9)) == wave(10)
