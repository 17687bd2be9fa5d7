"""Waiting for what nobody tells of, such as a counter or another process."""

import asyncio
import inspect
from collections.abc import Callable

WITHIN_S = 30.0
"""Far more than anything here takes, as a machine may be busy with something else."""


async def until(condition: Callable[[], object], *, every_s: float = 0.005, within_s: float = WITHIN_S) -> None:
    """Until it is so; the condition may be a coroutine function. Raises `TimeoutError`."""
    async with asyncio.timeout(within_s):
        while True:
            found = condition()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(every_s)
