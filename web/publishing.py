"""The publishers of one name, one after the other: a stream goes on with the next one if it comes in time."""

import asyncio
import secrets
from typing import Protocol

from stream.errors import SourceTimeout
from stream.sample import Source

from .ids import new_id


class ReceivedSource(Source, Protocol):
    """A source that a WebRTC peer feeds: `stream.pooled.PooledSource`."""

    @property
    def vacant(self) -> bool: ...
    def trickle(self, fragment: str) -> None: ...
    async def restart_ice(self, fragment: str) -> str | None: ...
    def give_up(self) -> None: ...


class Publishing:
    """Who publishes a stream at present. `session` and `etag` are of the latest publisher."""

    def __init__(self, source: ReceivedSource, *, within_s: float) -> None:
        """`within_s` is how long the next publisher is waited for once one is lost."""
        self._within_s = within_s
        self._source = source
        self._coming: asyncio.Queue[ReceivedSource] = asyncio.Queue(1)
        self._coming.put_nowait(source)
        self._taking_over = False
        self.session = new_id("pub")
        self.etag = ""
        self.new_etag()

    def new_etag(self) -> None:
        """A new ICE session has begun."""
        self.etag = secrets.token_urlsafe(12)

    @property
    def source(self) -> ReceivedSource:
        return self._source

    @property
    def vacant(self) -> bool:
        """The publisher sends no more, and nobody is taking its place yet."""
        return self._source.vacant and not self._taking_over and self._coming.empty()

    def reserve(self) -> None:
        """Somebody is taking the place; `take_over` or `unreserve` must follow."""
        self._taking_over = True

    def unreserve(self) -> None:
        self._taking_over = False

    def take_over(self, source: ReceivedSource) -> None:
        """The next publisher is there."""
        silent, self._source = self._source, source
        self.session = new_id("pub")
        self.new_etag()
        self._coming.put_nowait(source)
        self.unreserve()
        silent.give_up()

    async def next(self) -> Source:
        """The source of the next publisher. Raises `SourceTimeout` when none comes."""
        try:
            async with asyncio.timeout(self._within_s):
                return await self._coming.get()
        except TimeoutError as error:
            raise SourceTimeout(f"The publisher did not come back within {self._within_s:g} s.") from error
