"""The event log: one stream of NATS JetStream, which numbers events, keeps them, and hands them to whoever follows.

The number that it gives an event is the event's id. So ids are the same for subscribers of every node, and their order
is that in which the events were kept.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from ..delivery.history import Entry
from ..delivery.journal import Published
from ..store.errors import Refused, StoreError
from ..store.kept import MediaFacts
from .fresh import Messages
from .messages import Message, NotAnEvent, entry_of, message_of, subjects_of
from .reading import followed, heed_cancellation, read
from .writing import Writer

STREAM: Final = "GOREWATCH"
REQUEST_S = 5.0
RECONNECT_S = 1
_log = logging.getLogger("gorewatch.bus")


class BusError(StoreError):
    """NATS cannot be reached, or does not do what it is asked. `str()` says what to do about it."""


class EventLog:
    """A `web.delivery.journal.EventLog`: that of a region, or of all. Lives on one event loop.

    Numbers are those of all regions, so that in one region they are not in sequence. `describe` is asked for a media at
    each of its events that say more than a score.
    """

    def __init__(
        self,
        client: Client,
        *,
        region: str | None,
        describe: Callable[[str], MediaFacts | None],
        timeout_s: float = REQUEST_S,
    ) -> None:
        """Nothing is written with None for `region`, and the events of all are read."""
        self._client = client
        self._stream: JetStreamContext = client.jetstream(timeout=timeout_s)
        self._writer = Writer(client)
        self._region = region
        self._only = None if region is None else subjects_of(region)
        self._describe = describe
        self._timeout_s = timeout_s
        self._watchers: list[Callable[[int, Messages], None]] = []
        self.written = 0
        """The greatest number that an event of this service was given."""

    @property
    def ok(self) -> bool:
        """There is a connection."""
        return self._client.is_connected

    async def write(self, batch: Sequence[Published]) -> None:
        """Keep them all, in their order. Raises `BusError`: some may be kept, and are known when they come again.

        Raises `Refused` where one is larger than the server takes.
        """
        # Else it would be sent once more for each attempt, as soon as there is a connection again.
        if not self._client.is_connected:
            raise BusError("there is no connection to NATS")
        messages = [self._message(published) for published in batch]
        async with self._asking():
            self.written = max(self.written, await self._writer.write(messages))

    async def keep_alone(self, refused: Published) -> bool:
        """False: what the log refuses it does not take in part."""
        del refused
        return False

    async def after(self, number: int, limit: int) -> list[Entry]:
        """Up to `limit` of the events kept after that number, oldest first. Raises `BusError`."""
        return [entry for entry in map(_entry, await self.read(number, limit)) if entry is not None]

    async def read(self, number: int, limit: int) -> Messages:
        """The same as they are in the log, each with its number. Raises `BusError`."""
        async with self._asking():
            return await read(self._client, self._stream, STREAM, number + 1, limit, only=self._only)

    async def floor(self) -> int:
        """The number up to which events are gone. Raises `BusError`."""
        return (await self._ends())[0]

    async def bounds(self) -> tuple[int, int]:
        """The number up to which events are gone, and that of the newest. Raises `BusError`."""
        floor, last = await self._ends()
        return floor, last if self._only is None else await self._last_on(self._only, floor)

    async def follow(self, number: int) -> AsyncIterator[Sequence[Entry]]:
        """All events after that number as they come, from whichever node; goes on after the connection was lost."""
        while True:
            try:
                async for batch in followed(self._client, self._stream, STREAM, number + 1, only=self._only):
                    for see in self._watchers:
                        see(number, batch)
                    number = batch[-1][0]
                    if entries := [entry for one in batch if (entry := _entry(one)) is not None]:
                        yield entries
            except (NatsError, OSError, TimeoutError) as error:
                heed_cancellation()
                _log.warning("the event log is asked anew for what follows: %s", why(error))
                await asyncio.sleep(RECONNECT_S)

    @contextmanager
    def watching(self, see: Callable[[int, Messages], None]) -> Iterator[None]:
        """While the block lasts, `see` gets what is followed: all after a number, as it is in the log."""
        self._watchers.append(see)
        try:
            yield
        finally:
            self._watchers.remove(see)

    async def _ends(self) -> tuple[int, int]:
        async with self._asking():
            state = (await self._stream.stream_info(STREAM)).state
        return state.first_seq - 1, state.last_seq

    async def _last_on(self, subjects: str, floor: int) -> int:
        """The number of the newest of some of the events, or the floor where none is left."""
        async with self._asking():
            try:
                return max((await self._stream.get_last_msg(STREAM, subjects)).seq or 0, floor)
            except NotFoundError:
                return floor

    def _message(self, published: Published) -> Message:
        assert self._region is not None, "this one only reads"
        known = self._describe(published.media_id)
        message = message_of(published, region=self._region, facts=known)
        if message.size_bytes > self._client.max_payload:
            raise Refused(f"{message.size_bytes} bytes are more than NATS takes (max_payload)")
        return message

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except (NatsError, OSError, TimeoutError) as error:
            heed_cancellation()
            raise BusError(why(error)) from error
        heed_cancellation()


def _entry(one: tuple[int, Message]) -> Entry | None:
    number, message = one
    try:
        return entry_of(message, number)
    except NotAnEvent as error:
        _log.error("passed over in the event log: %s", error)
        return None


def why(error: BaseException) -> str:
    """What NATS or the way to it has to say, for people."""
    if isinstance(error, TimeoutError):
        return "it takes too long"
    return str(error).removeprefix("nats: ") or type(error).__name__
