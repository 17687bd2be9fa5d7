"""Contexts that are entered and left whole, however often who uses them is cancelled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from web.store.sheltered import Sheltered


class Work:
    """A context whose beginning and end take as long as the test wants, and tidy up when they are cancelled."""

    def __init__(self) -> None:
        self.at: list[str] = []
        self.go_on = {name: asyncio.Event() for name in ("enter", "leave", "tidy")}
        self.reached = {name: asyncio.Event() for name in ("enter", "leave", "tidy", "body")}

    async def _do(self, name: str) -> None:
        self.reached[name].set()
        try:
            await self.go_on[name].wait()
        except asyncio.CancelledError:
            self.reached["tidy"].set()
            await self.go_on["tidy"].wait()
            self.at.append(f"{name} tidied up")
            raise
        self.at.append(name)

    @asynccontextmanager
    async def context(self) -> AsyncIterator[str]:
        await self._do("enter")
        try:
            yield "entered"
        finally:
            await self._do("leave")

    async def use(self) -> None:
        async with Sheltered(self.context()) as what:
            assert what == "entered"
            self.reached["body"].set()
            await asyncio.Event().wait()


async def cancelled(times: int, task: "asyncio.Task[None]") -> None:
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)


async def test_it_is_entered_and_left_as_without_it() -> None:
    work = Work()
    for event in work.go_on.values():
        event.set()
    with pytest.raises(ZeroDivisionError):
        async with Sheltered(work.context()):
            raise ZeroDivisionError
    assert work.at == ["enter", "leave"]


async def test_what_its_beginning_or_its_end_raises_is_raised() -> None:
    @asynccontextmanager
    async def failing(at: str) -> AsyncIterator[None]:
        if at == "enter":
            raise ZeroDivisionError
        yield
        raise KeyError(at)

    with pytest.raises(ZeroDivisionError):
        async with Sheltered(failing("enter")):
            pass
    with pytest.raises(KeyError):
        async with Sheltered(failing("leave")):
            pass


async def test_a_context_may_swallow_an_error() -> None:
    @asynccontextmanager
    async def swallowing() -> AsyncIterator[None]:
        with suppress(ZeroDivisionError):
            yield

    async with Sheltered(swallowing()):
        raise ZeroDivisionError


@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("where", ["enter", "leave"])
async def test_who_is_cancelled_meanwhile_waits_until_it_has_tidied_up(where: str, times: int) -> None:
    work = Work()
    task = asyncio.create_task(work.use())
    if where == "leave":
        work.go_on["enter"].set()
        await work.reached["body"].wait()
        task.cancel()
    await work.reached[where].wait()
    await cancelled(times, task)
    await work.reached["tidy"].wait()
    await asyncio.sleep(0)
    assert not task.done()
    work.go_on["tidy"].set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert work.at == (["enter"] if where == "leave" else []) + [f"{where} tidied up"]


async def test_what_was_entered_in_spite_of_it_is_left_again() -> None:
    steps: list[str] = []
    reached = asyncio.Event()

    @asynccontextmanager
    async def stubborn() -> AsyncIterator[None]:
        with suppress(asyncio.CancelledError):
            reached.set()
            await asyncio.Event().wait()
        steps.append("entered")
        try:
            yield
        finally:
            steps.append("left")

    async def use() -> None:
        async with Sheltered(stubborn()):
            steps.append("used")

    task = asyncio.create_task(use())
    await reached.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert steps == ["entered", "left"]


@pytest.mark.parametrize("failing", [True, False])
async def test_who_is_cancelled_while_it_is_left_is_so_whatever_comes_of_that(failing: bool) -> None:
    leaving, go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        yield
        with suppress(asyncio.CancelledError):
            leaving.set()
            await go_on.wait()
        if failing:
            raise ZeroDivisionError

    async def use() -> None:
        async with Sheltered(slow()):
            pass

    task = asyncio.create_task(use())
    await leaving.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
