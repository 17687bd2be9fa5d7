"""Which streams stand: noted without waiting, and written as soon as the store takes it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.until import until
from tests.web.store.test_standing import DOOR
from web.background import going_on
from web.recording.standing import Standing
from web.store import standing as rows
from web.store.errors import Refused, StoreError
from web.store.standing import StandingStream
from web.store.store import Store

FAR_S = 3600.0


def named(name: str) -> StandingStream:
    return replace(DOOR, id=f"str_{name}", name=name)


async def stored(store: Store) -> list[str]:
    async with store.reading() as tx:
        return [one.name for one in await rows.listed(tx)]


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[Standing]:
    standing = Standing(store, again_after_s=0.01)
    try:
        async with going_on(standing.run, "standing"):
            yield standing
    finally:
        await standing.aclose()


def failing(monkeypatch: pytest.MonkeyPatch, store: Store) -> Callable[[], None]:
    """Have nothing written until what is returned is called."""
    writing, broken = store.writing, True

    @asynccontextmanager
    async def refusing() -> AsyncIterator[AsyncConnection]:
        if broken:
            raise StoreError("The disk is full.")
        async with writing() as tx:
            yield tx

    def mend() -> None:
        nonlocal broken
        broken = False

    monkeypatch.setattr(store, "writing", refusing)
    return mend


async def test_what_is_noted_is_in_the_store_once_it_is_settled(store: Store) -> None:
    async with running(store) as standing:
        for name in ("a", "b", "c"):
            standing.add(named(name))
        standing.add(named("a"))
        await standing.settled("str_c", within_s=FAR_S)
        assert await stored(store) == ["a", "b", "c"]
        standing.remove("str_b")
        standing.remove("str_never")
        await standing.settled("str_b", within_s=FAR_S)
        assert await stored(store) == ["a", "c"]
        standing.add(named("b"))
        await standing.settled("str_b", within_s=FAR_S)
        assert await stored(store) == ["a", "b", "c"]


async def test_what_an_earlier_service_left_is_removed_too(store: Store) -> None:
    async with store.writing() as tx:
        await rows.add(tx, [named("a"), named("b")])
    async with running(store) as standing:
        standing.stored(["str_a", "str_b"])
        standing.remove("str_a")
        await standing.settled("str_a", within_s=FAR_S)
        assert await stored(store) == ["b"]


async def test_while_the_store_fails_nobody_waits_and_only_the_latest_change_does(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(store) as standing:
        standing.add(named("old"))
        await standing.settled("str_old", within_s=FAR_S)
        mend = failing(monkeypatch, store)
        standing.add(named("new"))
        await until(lambda: standing.failing)
        await standing.settled("str_new", within_s=0.01)
        for _ in range(100):
            standing.remove("str_new")
            standing.add(named("new"))
            standing.remove("str_old")
        assert standing.waiting == 2
        assert await stored(store) == ["old"]
        mend()
        await until(lambda: not standing.failing)
        assert await stored(store) == ["new"]
    assert sum("The disk is full." in message for message in caplog.messages) == 1


async def test_what_was_never_tried_to_be_written_is_forgotten_with_its_stream(store: Store) -> None:
    standing = Standing(store)
    standing.add(named("a"))
    standing.remove("str_a")
    assert standing.waiting == 0


async def test_what_waits_at_the_end_is_written(store: Store) -> None:
    standing = Standing(store)
    standing.add(named("a"))
    await standing.aclose()
    assert await stored(store) == ["a"]


async def test_what_cannot_be_written_at_the_end_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    standing = Standing(store)
    standing.add(named("a"))
    with monkeypatch.context() as patch:
        failing(patch, store)
        await standing.aclose()
    assert "of 1 streams it could not be kept whether they are taken up again: The disk is full." in caplog.messages


async def test_a_store_that_hangs_does_not_hold_up_the_end(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    standing = Standing(store)
    standing.add(named("a"))
    async with store.writing():
        await standing.aclose(timeout_s=0.05)
    assert "the store takes more than 0.05 s" in caplog.text
    assert await stored(store) == []


async def test_one_that_can_never_be_written_does_not_hold_up_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add = rows.add

    async def picky(tx: AsyncConnection, those: Sequence[StandingStream], *, region: str) -> None:
        if any(one.name == "bad" for one in those):
            raise Refused("No such character.")
        await add(tx, those, region=region)

    monkeypatch.setattr(rows, "add", picky)
    standing = Standing(store)
    for name in ("a", "bad", "c"):
        standing.add(named(name))
    await standing.flush()
    assert await stored(store) == ["a", "c"]
    assert "the stream str_bad will not be taken up again: No such character." in caplog.messages


async def test_a_write_that_is_cut_off_is_done_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = asyncio.Event()
    remove = rows.remove

    async def slow(tx: AsyncConnection, ids: Collection[str]) -> None:
        await remove(tx, ids)
        reached.set()
        await asyncio.Event().wait()

    standing = Standing(store)
    standing.add(named("a"))
    await standing.flush()
    standing.remove("str_a")
    with monkeypatch.context() as patch:
        patch.setattr(rows, "remove", slow)
        async with going_on(standing.run, "standing"):
            await reached.wait()
            standing.add(named("b"))
    await standing.aclose()
    assert await stored(store) == ["b"]


async def test_nothing_is_noted_unless_streams_are_taken_up(store: Store) -> None:
    standing = Standing(store, keeps=False)
    standing.add(named("a"))
    await standing.settled("str_a", within_s=FAR_S)
    await standing.aclose()
    assert await stored(store) == []
