"""Transactions, whatever the database: whole or not at all, one writer at a time, readers that see one state."""

import asyncio

import pytest

from web.store import meta
from web.store.store import Store, open_store


async def test_the_signing_key_is_drawn_once(address: str) -> None:
    keys = set()
    for _ in range(2):
        async with open_store(address) as store, store.writing() as tx:
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
