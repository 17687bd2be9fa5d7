"""The body of a request on its way: read ahead where its way depends on it, and the rest as it comes."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

_WITHIN_S = 20.0


class Body:
    """Of one request."""

    def __init__(self, request: web.Request) -> None:
        self._content = request.content
        self._length = request.content_length
        self._head = b""
        self._begun = False
        self.there = request.can_read_body
        self.whole = not self.there
        """All of it is known, and can be sent as often as it takes."""

    @property
    def sendable(self) -> bool:
        """Nothing of it is gone that was not kept."""
        return self.whole or not self._begun

    @property
    def known(self) -> bytes:
        """What was read ahead."""
        return self._head

    async def read_ahead(self, most_bytes: int) -> None:
        """All of it, unless it is larger, or comes too slowly: then the rest goes on as it comes.

        Raises what aiohttp does for a body that is malformed or breaks off.
        """
        if self.whole or (self._length or 0) > most_bytes:
            return
        read = bytearray()
        try:
            async with asyncio.timeout(_WITHIN_S):
                while len(read) <= most_bytes:
                    piece = await self._content.readany()
                    if not piece:
                        self.whole = True
                        break
                    read += piece
        except TimeoutError:
            pass
        self._head = bytes(read)

    def data(self) -> bytes | AsyncIterator[bytes] | None:
        """What is to be sent."""
        if not self.there:
            return None
        return self._head if self.whole else self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        self._begun = True
        if self._head:
            yield self._head
        async for piece in self._content.iter_any():
            yield piece
