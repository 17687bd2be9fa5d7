"""Stores of every earlier version: brought to the present schema with all that is in them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from tests.web.store.test_jobs import FRAMES, JOB
from tests.web.store.test_keys import FIRST
from web.store import callbacks, jobs, keys, meta, migrate, watched
from web.store.errors import StoreError
from web.store.postgres import open_database as open_postgres
from web.store.sqlite import open_database as open_sqlite
from web.store.store import Store, open_store
from web.store.tables import metadata

NEWEST = "0002"
assert watched.events.metadata is metadata


async def before(address: str, do: Callable[[Connection], None]) -> None:
    """Do something with a store as an earlier version would have left it."""
    database = open_sqlite(address) if address.startswith("sqlite") else open_postgres(address)
    try:
        async with Store(database).writing() as tx:
            await tx.run_sync(do)
    finally:
        await database.engine.dispose()


def earlier(revision: str) -> Callable[[Connection], None]:
    """The schema of a revision with a row in each of the tables that people would miss."""

    def make(connection: Connection) -> None:
        migrate.bring_up(connection, to=revision)
        insert(connection, "keys", id="1", name="one", secret_hash="h", scopes="check admin", created=10.0)
        values = {"id": "med_a", "request_id": "req_a", "key_id": "1", "kind": "stored", "models": "gore gore-2.0"}
        times = {"interval": 2.0, "max_duration": 1800.0, "started": 10.25, "last_update": 10.25, "operations": 0}
        insert(connection, "jobs", **values, **times, uri=JOB.uri, address=JOB.address, status="ongoing")
        for frame in FRAMES:
            detail = None if frame.detail is None else json.dumps(frame.detail)
            place = {"job_id": "med_a", "number": frame.number, "position_ms": frame.position_ms}
            insert(connection, "job_frames", **place, prob=frame.prob, detail=detail)
        owed = {"id": "cbk_1", "job_id": "med_a", "number": 1, "body": b"{}", "url": "https://h/"}
        insert(connection, "callbacks", **owed, state="pending", attempts=2, next_attempt=5.0)
        insert(connection, "meta", name="signing_key", value=b"k" * 32)

    return make


def insert(connection: Connection, table: str, **values: object) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)  # noqa: S608


def before_alembic(connection: Connection) -> None:
    """As version 0.1 left it: a number in `meta` and no table of Alembic's."""
    earlier("0001")(connection)
    connection.execute(text("DROP TABLE alembic_version"))


async def differences(store: Store) -> object:
    def compare(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    async with store.reading() as tx:
        return await tx.run_sync(compare)


async def version(store: Store) -> tuple[str, bytes | None]:
    async with store.reading() as tx:
        revision = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        return revision, await meta.get(tx, "version")


async def test_a_new_store_has_the_tables_that_are_described(store: Store) -> None:
    assert await differences(store) == []
    assert await version(store) == (NEWEST, b"2")


@pytest.mark.parametrize("made", [before_alembic, earlier("0001")], ids=["before Alembic", "0001"])
async def test_an_earlier_store_is_led_up_with_all_that_is_in_it(
    address: str, made: Callable[[Connection], None]
) -> None:
    await before(address, made)
    for _ in range(2):
        async with open_store(address) as store:
            assert await differences(store) == []
            assert await version(store) == (NEWEST, b"2")
            async with store.reading() as tx:
                assert await keys.listed(tx) == (FIRST,)
                assert await jobs.find(tx, JOB.id) == JOB
                assert await jobs.frames(tx, JOB.id) == FRAMES
                owed = await callbacks.find(tx, "cbk_1")
                assert owed is not None
                assert (owed.body, owed.attempts, owed.next_attempt_s) == (b"{}", 2, 5.0)
                assert await meta.get(tx, "signing_key") == b"k" * 32


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(address: str) -> None:
    async with open_store(address) as store, store.writing() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(StoreError, match="newer gorewatch \\(schema 99, this one knows 2\\)"):
        async with open_store(address):
            pass

    def untouched(connection: Connection) -> None:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0099"

    await before(address, untouched)


async def test_a_database_of_something_else_is_refused_and_left_alone(address: str) -> None:
    def songs(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE songs (name TEXT)"))

    await before(address, songs)
    with pytest.raises(StoreError, match="a database of something else"):
        async with open_store(address):
            pass

    def untouched(connection: Connection) -> None:
        assert connection.dialect.has_table(connection, "songs")
        assert not connection.dialect.has_table(connection, "meta")

    await before(address, untouched)


async def test_a_step_that_fails_leaves_the_store_as_it_was(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(address) as store, store.writing() as tx:
        await keys.add(tx, FIRST)
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for path in (Path(migrate.__file__).parent / "migrations").rglob("*.py"):
        (folder / path.relative_to(Path(migrate.__file__).parent / "migrations")).write_text(path.read_text())
    (folder / "versions" / "v0003_bad.py").write_text(
        'from alembic import op\nrevision = "0003"\ndown_revision = "0002"\n'
        'def upgrade():\n    op.drop_table("keys")\n    raise ZeroDivisionError\n'
    )
    with pytest.raises(ZeroDivisionError):
        await before(address, lambda connection: migrate.bring_up(connection, folder=folder))
    async with open_store(address) as store:
        assert await version(store) == (NEWEST, b"2")
        async with store.reading() as tx:
            assert await keys.listed(tx) == (FIRST,)
