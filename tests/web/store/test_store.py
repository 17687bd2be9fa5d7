"""The store as a file: how it is made, what is said when it cannot be used, and who may write when."""

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from web.store import meta, migrate
from web.store.errors import StoreError
from web.store.sqlite import open_database
from web.store.store import Store, open_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/some where/gorewatch.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def refused(url: str) -> str:
    """What is said of a store that cannot be opened."""
    with pytest.raises(StoreError) as raised:
        async with open_store(url):
            pass
    assert "\n" not in str(raised.value)
    return str(raised.value)


async def test_what_is_written_is_there_again_and_for_nobody_else(url: str) -> None:
    async with open_store(url) as store, store.writing() as tx:
        await meta.put(tx, "one", b"1")
    assert stat.S_IMODE(file_of(url).stat().st_mode) == 0o600
    async with open_store(url) as store, store.reading() as tx:
        assert await meta.get(tx, "one") == b"1"
        assert await meta.get(tx, "two") is None


async def test_another_process_may_write_in_between(store: Store, url: str) -> None:
    with closing(sqlite3.connect(file_of(url))) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(store.probe())
        async with store.reading() as tx:
            assert await meta.get(tx, "probed") is None
        other.execute("INSERT INTO meta VALUES ('other', x'00')")
        other.commit()
    await writing
    async with store.reading() as tx:
        assert await meta.get(tx, "other") == b"\0"
        assert await meta.get(tx, "probed") is not None


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_writer_that_is_cancelled_leaves_nothing_and_holds_nobody_up(
    times: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever finds the file locked fails at once, instead of waiting.
    monkeypatch.setattr("web.store.sqlite._BUSY_TIMEOUT_MS", 0)

    async def write(store: Store) -> None:
        async with store.writing() as tx:
            for _ in range(2):
                await meta.put(tx, "cancelled", b"1")
                await meta.get(tx, "cancelled")

    async with open_store(url) as store:
        steps = cut_off = 0
        while True:
            writing = asyncio.create_task(write(store))
            for _ in range(steps):
                await asyncio.sleep(0)
            for _ in range(times):
                writing.cancel()
                await asyncio.sleep(0)
            await store.probe()
            async with store.reading() as tx:
                there = await meta.get(tx, "cancelled") is not None
            await asyncio.wait({writing})
            if not writing.cancelled():
                break
            cut_off += not there
            steps += 1
    assert cut_off > 10


@pytest.mark.parametrize("named", ["sqlite:///", "gorewatch.db", "mysql://user:secret@host/d", "sqlite:///a\0b"])
async def test_what_names_no_file_is_refused(named: str) -> None:
    said = await refused(named)
    assert "sqlite:///FILE" in said
    assert "secret" not in said


@pytest.mark.parametrize("content", [b"This is a letter, not a store." * 100, os.urandom(8192)], ids=["text", "noise"])
async def test_a_file_that_is_no_store_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter"
    path.write_bytes(content)
    assert f"{path} is damaged or no store" in await refused(f"sqlite:///{path}")
    assert path.read_bytes() == content


async def test_a_damaged_store_is_refused(url: str) -> None:
    async with open_store(url):
        pass
    path = file_of(url)
    path.write_bytes(path.read_bytes()[:8192] + os.urandom(path.stat().st_size - 8192))
    assert "is damaged" in await refused(url)


async def test_a_store_that_was_cut_off_is_refused(url: str) -> None:
    async with open_store(url):
        pass
    os.truncate(file_of(url), file_of(url).stat().st_size // 2)
    assert "is damaged" in await refused(url)


async def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (name)")
        other.commit()
    assert "a database of something else" in await refused(f"sqlite:///{path}")


async def test_a_folder_where_the_file_should_be_and_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    assert "GOREWATCH_DATA_DIR" in await refused(f"sqlite:///{tmp_path}")
    (tmp_path / "file").touch()
    assert "GOREWATCH_DATA_DIR" in await refused(f"sqlite:///{tmp_path}/file/gorewatch.db")


async def test_a_store_of_a_newer_version_is_refused(url: str) -> None:
    async with open_store(url) as store, store.writing() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    assert "newer gorewatch (schema 99" in await refused(url)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """As a user whom file permissions stop, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def allow(path: Path, mode: int) -> None:
    path.chmod(mode)


async def test_a_store_that_may_not_be_written_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/gorewatch.db"
        async with open_store(url):
            pass
        allow(Path(folder), 0o555)
        allow(file_of(url), 0o444)
        with as_somebody_else():
            assert "cannot be written" in await refused(url)
        allow(Path(folder), 0o755)


async def test_a_full_disk_is_said_and_passes(url: str) -> None:
    database = open_database(url)
    pages = 1000

    def confine(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    event.listen(database.engine.sync_engine, "begin", confine)
    try:
        store = Store(database)
        async with store.writing() as tx:
            await tx.run_sync(migrate.bring_up)
        pages = 1
        with pytest.raises(StoreError, match="is its disk full"):
            async with store.writing() as tx:
                await meta.put(tx, "large", bytes(10**6))
        pages = 1000
        await store.probe()
    finally:
        await database.engine.dispose()
