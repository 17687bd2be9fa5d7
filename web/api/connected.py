"""Work that is given up when the one who asked for it goes."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from aiohttp import web

_LOOK_EVERY_S = 0.25
T = TypeVar("T")


async def while_connected(request: web.Request, work: Coroutine[None, None, T]) -> T:
    """What `work` gives. When the client goes, or this is cancelled, it is cancelled and waited for."""
    task = asyncio.create_task(work, name="while-connected")
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=_LOOK_EVERY_S)
            if request.transport is None or request.transport.is_closing():
                task.cancel()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
