"""The store as a file: how it is made, what is said when it cannot be used, and who may write when."""

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from web.store import meta, migrate
from web.store.errors import StoreError
from web.store.sqlite import open_engine
from web.store.store import Store, open_store


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


async def test_the_signing_key_is_drawn_once(url: str) -> None:
    keys = set()
    for _ in range(2):
        async with open_store(url) as store, store.writing() as tx:
            keys.add(await meta.signing_key(tx))
    assert [len(key) for key in keys] == [32]


async def test_an_error_undoes_the_whole_transaction(store: Store) -> None:
    async def write() -> None:
        async with store.writing() as tx:
            await meta.put(tx, "one", b"1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    async with store.reading() as tx:
        assert await meta.get(tx, "one") is None


async def test_writers_take_turns_and_readers_see_what_is_done(store: Store) -> None:
    async def count_up() -> None:
        async with store.writing() as tx:
            number = int(await meta.get(tx, "n") or b"0")
            await asyncio.sleep(0)
            await meta.put(tx, "n", str(number + 1).encode())

    await asyncio.gather(*(count_up() for _ in range(20)))
    async with store.writing() as writer:
        await meta.put(writer, "n", b"99")
        async with store.reading() as reader:
            assert await meta.get(reader, "n") == b"20"


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


async def test_a_cancelled_writer_leaves_the_store_usable(store: Store) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with store.writing() as tx:
            await meta.put(tx, "one", b"1")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})
    await store.probe()
    async with store.reading() as tx:
        assert await meta.get(tx, "one") is None


@pytest.mark.parametrize("text", ["sqlite:///", "gorewatch.db", "mysql://h/d", "postgresql://user:secret@host/db"])
async def test_what_names_no_file_is_refused(text: str) -> None:
    said = await refused(text)
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
        await meta.put(tx, "version", b"99")
    assert "newer gorewatch (schema 99" in await refused(url)


async def test_an_older_store_is_led_up_step_by_step_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def step(number: int) -> None:
        taken.append(number)

    def bring_up(connection: Connection) -> None:
        steps = {2: lambda _: step(2), 3: lambda _: step(3)}
        migrate_bring_up(connection, version=4, steps=steps)

    async with open_store(url):
        pass
    migrate_bring_up = migrate.bring_up
    monkeypatch.setattr(migrate, "bring_up", bring_up)
    for _ in range(2):
        async with open_store(url):
            pass
    assert taken == [2, 3]


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
    engine = open_engine(url)
    pages = 1000

    def confine(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    event.listen(engine.sync_engine, "begin", confine)
    try:
        store = Store(engine)
        async with store.writing() as tx:
            await tx.run_sync(migrate.bring_up)
        pages = 1
        with pytest.raises(StoreError, match="is its disk full"):
            async with store.writing() as tx:
                await meta.put(tx, "large", bytes(10**6))
        pages = 1000
        await store.probe()
    finally:
        await engine.dispose()
