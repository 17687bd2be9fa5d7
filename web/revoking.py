"""Ends what a revoked key left running: the streams that it added, those that it publishes, and its jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .access.access import Access
from .registry import Registry
from .running import Stream


class Revoking:
    """Looks at every stream whenever the keys were looked at. Lives on one event loop."""

    def __init__(self, access: Access, registry: Registry) -> None:
        self._access = access
        self._registry = registry
        self._ending: dict[str, asyncio.Task[None]] = {}
        """By stream; at most one each."""

    def look(self) -> None:
        """Begin to end those whose key is revoked by now. A job ends with its stream, as stopped."""
        for stream in self._registry:
            if not stream.closed and stream.id not in self._ending and self._access.revoked(stream.owner):
                name = f"revoking-{stream.id}"
                self._ending[stream.id] = asyncio.create_task(self._end(stream), name=name)

    async def aclose(self) -> None:
        """What is still ending is the registry's to end."""
        tasks = list(self._ending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self, stream: Stream) -> None:
        stream.log.warning("%s is ended: its key %s is revoked", stream.name, stream.owner)
        try:
            await self._registry.end(stream)
        finally:
            del self._ending[stream.id]


@asynccontextmanager
async def ending_what_is_revoked(access: Access, registry: Registry) -> AsyncIterator[None]:
    """For as long as the context lasts. To be left before the registry closes."""
    revoking = Revoking(access, registry)
    try:
        with access.watching(revoking.look):
            yield
    finally:
        await revoking.aclose()
