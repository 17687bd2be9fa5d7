"""Tasks that go on beside something else, and end with it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def going_on(run: Callable[[], Coroutine[None, None, None]], name: str) -> AsyncIterator[None]:
    """`run` goes on as long as the context lasts, and is then cancelled and waited for."""
    task = asyncio.create_task(run(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
