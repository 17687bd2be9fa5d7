"""Contexts that nothing cuts short: a transaction that was left half-way would keep all others waiting."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class Sheltered(AbstractAsyncContextManager[T]):
    """A context that is entered and left by tasks of its own, which are cancelled once at most.

    Whoever is cancelled, and be it again and again as it happens at the end of the service, is so when they are over.
    """

    def __init__(self, context: AbstractAsyncContextManager[T]) -> None:
        self._context = context

    async def __aenter__(self) -> T:
        entering = asyncio.create_task(_run(self._context.__aenter__()))
        if not await _cancelled_until(entering):
            return entering.result()
        stopped = asyncio.CancelledError()
        if not entering.cancelled() and entering.exception() is None:
            await self.__aexit__(asyncio.CancelledError, stopped, None)
        raise stopped

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        leaving = asyncio.create_task(_run(self._context.__aexit__(kind, error, trace)))
        if not await _cancelled_until(leaving):
            return leaving.result()
        raise asyncio.CancelledError from None if leaving.cancelled() else leaving.exception()


async def _run(work: Coroutine[None, None, T]) -> T:
    return await work


async def _cancelled_until(task: asyncio.Task[T]) -> bool:
    """Wait until a task is over; whether who waits was cancelled meanwhile, of which it is told once."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            if not cancelled:
                task.cancel()
            cancelled = True
    return cancelled
