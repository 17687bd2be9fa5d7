"""What is PostgreSQL's own: what is said of a server that cannot be used, and what happens when it goes away."""

import asyncio
import json
import socket

import pytest
from sqlalchemy import text

from tests.servers.postgres import PASSWORD, Postgres
from tests.until import until
from tests.web.command import gorewatch
from web.store import keys, meta, watched
from web.store.errors import StoreError
from web.store.keys import Key
from web.store.postgres import open_database
from web.store.store import Store, open_store
from web.store.tables import metadata


async def refused(url: str) -> str:
    """What is said of a store that cannot be opened."""
    with pytest.raises(StoreError) as raised:
        async with open_store(url):
            pass
    said = str(raised.value)
    assert "\n" not in said
    assert "s3cret" not in said
    return said


async def test_a_password_that_is_wrong(postgres: Postgres) -> None:
    address = postgres.address("postgres", password="s3cret-too")
    assert "refuses its user or password" in await refused(address)


async def test_a_database_that_is_not_there(postgres: Postgres) -> None:
    assert "no such database; make it with createdb" in await refused(postgres.address("nothing"))


async def test_a_database_that_cannot_keep_all_text(postgres: Postgres) -> None:
    address = postgres.new_database("--template=template0", "--encoding=LATIN1", "--locale=C")
    assert "keeps text as LATIN1" in await refused(address)


async def test_a_server_that_is_not_there() -> None:
    said = await refused("postgresql://me:s3cret@127.0.0.1:1/gorewatch")
    assert said == "The store 127.0.0.1:1/gorewatch cannot be reached: Connection refused; is PostgreSQL running there?"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:s3cret@nowhere.invalid/gorewatch", "The store nowhere.invalid/gorewatch cannot be reached"),
        ("postgresql://me:s3cret@127.0.0.1/gorewatch?sslmode=perhaps", "is not one of PostgreSQL's"),
        ("postgresql://me:s3cret@127.0.0.1:99999999/gorewatch", "is not one of PostgreSQL's"),
        ("postgresql://me:s3c[ret@127.0.0.1:1/gorewatch", ""),
    ],
)
async def test_an_address_that_leads_nowhere(address: str, said: str) -> None:
    assert said in await refused(address)


async def test_a_server_that_takes_connections_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.store.postgres._CONNECT_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        said = await refused(f"postgresql://me:s3cret@127.0.0.1:{port}/gorewatch")
    assert "does not answer within" in said


async def test_no_password_is_in_the_log(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with open_store(postgres.new_database()) as store:
        await store.probe()
    await refused("postgresql://me:s3cret@127.0.0.1/gorewatch?sslmode=perhaps")
    assert "s3cret" not in caplog.text
    assert PASSWORD not in caplog.text


async def test_it_stops_and_starts_again_under_load(postgres: Postgres) -> None:
    kept: set[str] = set()
    said: set[str] = set()
    stop = asyncio.Event()

    async def write(store: Store, name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            key = Key(id=f"{name}-{number}", name="", secret_hash="", scopes=(), created_s=float(number))
            try:
                async with store.writing() as tx:
                    await keys.add(tx, key)
                kept.add(key.id)
            except StoreError as error:
                said.add(str(error))
                await asyncio.sleep(0.01)

    async with open_store(postgres.new_database()) as store:
        async with asyncio.TaskGroup() as group:
            for name in "abcd":
                group.create_task(write(store, name))
            for _ in range(2):
                await more_than(kept, len(kept) + 20)
                said.clear()
                await asyncio.to_thread(postgres.stop)
                await more_than(said, 0)
                await asyncio.to_thread(postgres.start)
            await more_than(kept, len(kept) + 20)
            stop.set()
        async with store.reading() as tx:
            assert {key.id for key in await keys.listed(tx)} >= kept
        assert not any("s3cret" in sentence for sentence in said)
        await store.probe()


async def more_than(what: set[str], number: int) -> None:
    await until(lambda: len(what) > number)


async def test_a_connection_that_was_cut_is_not_used_again(postgres: Postgres) -> None:
    async with open_store(postgres.new_database()) as store:
        await store.probe()
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)
        await store.probe()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "ALTER DATABASE {} SET default_transaction_read_only = on",
            "is read-only; name the server that is written to",
        ),
        ("ALTER TABLE meta RENAME TO atem", 'failed: relation "meta" does not exist.'),
    ],
)
async def test_a_database_that_does_not_take_what_is_written(postgres: Postgres, change: str, said: str) -> None:
    address = postgres.new_database()
    async with open_store(address) as store, store.writing() as tx:
        await tx.execute(text(change.format(address.rpartition("/")[2])))
    database = open_database(address)
    try:
        with pytest.raises(StoreError) as raised:
            await Store(database).probe()
        assert said in str(raised.value)
    finally:
        await database.engine.dispose()


async def test_a_reader_sees_one_state(postgres: Postgres) -> None:
    async with open_store(postgres.new_database()) as store, store.reading() as reader:
        assert await meta.get(reader, "n") is None
        async with store.writing() as tx:
            await meta.put(tx, "n", b"1")
        assert await meta.get(reader, "n") is None


async def test_two_services_that_start_together_make_one_schema(postgres: Postgres) -> None:
    address = postgres.new_database()

    async def opened() -> bytes:
        async with open_store(address) as store, store.writing() as tx:
            return await meta.signing_key(tx)

    drawn = await asyncio.gather(*(opened() for _ in range(4)))
    assert len(set(drawn)) == 1


async def test_ids_are_in_the_order_of_their_time_in_any_language(postgres: Postgres) -> None:
    by_bytes = text(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE collation_name = 'C' AND table_schema = 'public' AND table_name NOT LIKE 'scores\\_%'"
    )
    async with open_store(postgres.new_database()) as store, store.reading() as tx:
        found = {(str(table), str(column)) for table, column in await tx.execute(by_bytes)}
        dialect = tx.dialect
    ids = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if getattr(column.type.dialect_impl(dialect), "collation", None) == "C"
    }
    assert {("jobs", "id"), ("deliveries", "id"), (watched.media.name, "id"), (watched.events.name, "owner")} <= ids
    assert found == ids


def test_keys_are_made_and_listed_by_the_command(postgres: Postgres) -> None:
    environment = {"GOREWATCH_STORE": postgres.new_database()}
    made = gorewatch("keys", "create", "--name", "shop", "--json", env=environment)
    assert made.returncode == 0, made.stderr
    listed = gorewatch("keys", "list", "--json", env=environment)
    assert json.loads(listed.stdout)["api_user"] == json.loads(made.stdout)["api_user"]
