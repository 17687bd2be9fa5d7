"""A disk that is full or may not be written any more, as a small file system of its own."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.servers.disk import fill, remount, small_disk, unchangeable
from tests.web.recording.making import Filming
from tests.web.recording.test_journal import journal_of
from web.store.errors import StoreError
from web.store.store import open_store


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", size_bytes=2 * 2**20) as folder:
        yield folder


async def test_a_full_disk_is_said_loses_nothing_and_passes(disk: Path) -> None:
    ballast = disk / "ballast"
    film = Filming()
    async with open_store(f"sqlite:///{disk}/gorewatch.db") as store:
        journal = journal_of(store, film)
        kept = film.film()
        await journal.write(kept)
        fill(ballast)
        lost = [film.prob() for _ in range(2000)]
        with pytest.raises(StoreError, match="is its disk full, read-only or broken"):
            await journal.write(lost)
        assert not await store.writable()
        assert [entry.number for entry in await journal.after(0, 9999)] == [one.entry.number for one in kept]
        ballast.unlink()
        await journal.write(lost)
        assert len(await journal.after(0, 9999)) == len(kept) + len(lost)
    async with open_store(f"sqlite:///{disk}/gorewatch.db") as store:
        assert len(await journal_of(store).after(0, 9999)) == len(kept) + len(lost)


async def test_a_disk_that_turns_read_only_is_said_to_be(disk: Path) -> None:
    film = Filming()
    address = f"sqlite:///{disk}/gorewatch.db"
    async with open_store(address):
        pass
    remount(disk, "ro")
    with pytest.raises(StoreError, match="cannot be written"):
        async with open_store(address):
            pass
    remount(disk, "rw")
    async with open_store(address) as store:
        await journal_of(store, film).write(film.film())


async def test_what_was_opened_while_nothing_could_be_written_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "gorewatch.db"
    film = Filming()
    async with open_store(f"sqlite:///{path}") as store:
        journal = journal_of(store, film)
        first, *rest = film.film()
        await journal.write([first])
        with unchangeable(path, path.with_name("gorewatch.db-wal")):
            with pytest.raises(StoreError, match="cannot be written"):
                await journal.write(rest)
            # As many as there are, opened for reading alone.
            async with AsyncExitStack() as stack:
                for _ in range(4):
                    await stack.enter_async_context(store.reading())
            for _ in range(4):
                with pytest.raises(StoreError, match="cannot be written"):
                    await store.probe()
        for _ in range(8):
            await store.probe()
        await journal.write(rest)
        assert len(await journal.after(0, 9999)) == 1 + len(rest)
