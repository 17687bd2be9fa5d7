"""Reads the items of a source one by one, each waited for with a limit."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from stream.sample import Sample, Source, State, Status


@runtime_checkable
class Timely(Protocol):
    """A source that can be waited for with a limit itself."""

    async def next_within(self, within_s: float | None) -> Sample | Status | None:
        """The next item; None when there is none within that time, for ever without one.

        Nothing is lost when it is cancelled. Not to be called after a final status, nor beside `__aiter__`.
        """
        ...


class Reader(Protocol):
    """To be used by one task."""

    async def next_within(self, within_s: float | None) -> Sample | Status | None: ...

    async def aclose(self) -> None:
        """Stop reading. The source stays open. Idempotent."""
        ...


def reader_of(source: Source) -> Reader:
    """By its own waiting if it has any: a task for every item costs more than all else that is done with it."""
    return _OwnReader(source) if isinstance(source, Timely) else _TaskReader(aiter(source))


class _OwnReader:
    def __init__(self, source: Timely) -> None:
        self._source = source

    async def next_within(self, within_s: float | None) -> Sample | Status | None:
        return await self._source.next_within(within_s)

    async def aclose(self) -> None:
        """There is nothing to stop."""


class _TaskReader:
    """An iterator may not be cancelled, which would end it: whoever waits leaves a task behind, and finds it again."""

    def __init__(self, items: AsyncIterator[Sample | Status]) -> None:
        self._items = items
        self._reading: asyncio.Future[Sample | Status] | None = None

    async def next_within(self, within_s: float | None) -> Sample | Status | None:
        if self._reading is None:
            self._reading = asyncio.ensure_future(anext(self._items, Status(State.ENDED)))
        await asyncio.wait({self._reading}, timeout=within_s)
        if not self._reading.done():
            return None
        reading, self._reading = self._reading, None
        return reading.result()

    async def aclose(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.wait({reading})
            if not reading.cancelled():
                reading.exception()
