"""One service a database of PostgreSQL's, though the server is started again and connections are lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.servers.postgres import Postgres
from tests.until import until
from web.store import meta
from web.store.errors import StoreError
from web.store.server_lock import open_sole_on_server
from web.store.store import Store, open_store

_OFTEN_S = 0.02
_WITHIN_S = 30.0
_SAME = r"service of the region default runs on the store 127\.0\.0\.1.*GOREWATCH_REGION.*GOREWATCH_STORE"
_APART = r"service runs on the store 127\.0\.0\.1.*one NATS server \(GOREWATCH_BUS\)"
_HOLDERS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1735357029 AND granted")
_CUT_OFF = text(
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def beside(postgres: Postgres) -> AsyncIterator[tuple[str, Store]]:
    """The address of a database, and it as a command has it."""
    address = postgres.new_database()
    async with open_store(address) as store:
        yield address, store
    postgres.drop(address)


async def cut_off(beside: Store) -> None:
    """As a restart of the server does, or a network that forgets connections."""
    async with beside.writing() as tx:
        await tx.execute(_CUT_OFF)


async def holders(beside: Store) -> int:
    async with beside.reading() as tx:
        return int(await tx.scalar(_HOLDERS))


async def waiting(tx: AsyncConnection) -> int:
    """How many wait for somebody else's transaction."""
    return int(await tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def logged(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return caplog.text.count(words)


async def refused(address: str, words: str = _SAME, *, region: str = "default", sharing: bool = False) -> None:
    with pytest.raises(StoreError, match=words):
        async with open_sole_on_server(address, region=region, sharing=sharing):
            raise AssertionError


async def test_the_lock_is_taken_again_after_the_server_was_started_again(postgres: Postgres) -> None:
    address = postgres.new_database()
    async with open_sole_on_server(address, look_every_s=_OFTEN_S) as store, open_store(address) as beside:
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)
        await until(lambda: holders(beside))
        await refused(address)
        await store.probe()
        assert not store.ousted.is_set()
    async with open_store(address) as after:
        assert await holders(after) == 0
    postgres.drop(address)


async def test_who_lost_the_lock_to_another_service_writes_no_more(beside: tuple[str, Store]) -> None:
    address, command = beside
    # It looks after its lock too late.
    async with open_sole_on_server(address, look_every_s=3600.0) as first:
        async with first.writing() as tx:
            await meta.put(tx, "who", b"first")
        await cut_off(command)
        async with open_sole_on_server(address) as second:
            with pytest.raises(StoreError, match="Another gorewatch service has taken over the store"):
                async with first.writing() as tx:
                    await meta.put(tx, "who", b"first again")
            assert first.ousted.is_set()
            assert not await first.writable()
            async with second.writing() as tx:
                assert await meta.get(tx, "who") == b"first"
                await meta.put(tx, "who", b"second")
            assert not second.ousted.is_set()
    await command.probe()


async def test_what_is_being_written_is_waited_for_by_who_takes_over(beside: tuple[str, Store]) -> None:
    address, command = beside
    async with open_store(address) as first:
        await first.claim(b"first")
        async with command.reading() as tx:
            assert await meta.get(tx, "service") == b"first"
        async with first.writing() as tx:
            await meta.put(tx, "who", b"first")
            taking = asyncio.create_task(command.claim(b"second"))
            await until(lambda: waiting(tx))
            assert not taking.done()
        await taking
        async with command.writing() as tx:
            assert await meta.get(tx, "who") == b"first"
        with pytest.raises(StoreError, match="has taken over"):
            await first.probe()


async def test_who_lost_the_lock_and_writes_nothing_finds_out_too(beside: tuple[str, Store]) -> None:
    address, command = beside
    async with open_sole_on_server(address, look_every_s=3600.0) as first:
        await cut_off(command)
        async with open_sole_on_server(address):
            with pytest.raises(StoreError, match="has taken over"):
                await first.check_claim()


async def test_another_schema_of_the_database_is_another_store(beside: tuple[str, Store]) -> None:
    address, command = beside
    async with command.writing() as tx:
        await tx.execute(text("CREATE SCHEMA other"))
    async with open_sole_on_server(address), open_sole_on_server(f"{address}?search_path=other") as other:
        await other.probe()


async def test_a_lock_that_is_lost_is_told_of_and_so_is_its_return(
    beside: tuple[str, Store], caplog: pytest.LogCaptureFixture
) -> None:
    address, command = beside
    async with open_sole_on_server(address, look_every_s=_OFTEN_S):
        await cut_off(command)
        await until(lambda: logged(caplog, "kept from other services again"))
    assert "must be taken again" in caplog.text
    assert "Traceback" not in caplog.text


async def test_services_that_share_are_beside_each_other_one_of_each_region(beside: tuple[str, Store]) -> None:
    address, command = beside
    async with open_sole_on_server(address, region="a", sharing=True) as a:
        async with open_sole_on_server(address, region="b", sharing=True) as b:
            await refused(address, "service of the region b runs", region="b", sharing=True)
            # They could number events alike.
            await refused(address, _APART)
            for store in (a, b):
                await store.probe()
        async with open_sole_on_server(address, region="b", sharing=True, look_every_s=3600.0) as b:
            await cut_off(command)
            async with open_sole_on_server(address, region="b", sharing=True):
                with pytest.raises(StoreError, match="has taken over"):
                    await b.check_claim()
                await a.check_claim()


@pytest.mark.parametrize(("first", "second"), [(None, "a"), ("a", None)])
async def test_who_writes_alone_and_who_shares_oust_each_other(
    beside: tuple[str, Store], first: str | None, second: str | None
) -> None:
    address, command = beside
    async with open_store(address) as earlier:
        await earlier.claim(b"first", region=first)
        await command.claim(b"second", region=second)
        with pytest.raises(StoreError, match="has taken over"):
            await earlier.probe()
        await command.probe()
