"""The event log: one stream of NATS JetStream, which numbers events, keeps them, and hands them to whoever follows.

The number that it gives an event is the event's id. So ids are the same for subscribers of every node, and their order
is that in which the events were kept.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    DiscardPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
)
from nats.js.errors import BadRequestError, NotFoundError

from ..delivery.history import Entry
from ..delivery.journal import Published
from ..limits import Retention
from ..store.errors import Refused, StoreError
from ..store.kept import MediaFacts
from .fresh import Messages
from .messages import PREFIX, Message, NotAnEvent, entry_of, message_of, subjects_of
from .presence import SomebodyThere, alone
from .reading import followed, heed_cancellation, read
from .writing import Writer

STREAM: Final = "GOREWATCH"
_SUBJECTS: Final = f"{PREFIX}.>"
_DUPLICATES_S = 600.0
"""How long after an event the log still knows that it has it: longer than a writing may be tried again."""
_CONNECT_S = 10.0
_REQUEST_S = 5.0
_RECONNECT_S = 1
_DAY_S = 86_400.0
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
        timeout_s: float = _REQUEST_S,
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
                _log.warning("the event log is asked anew for what follows: %s", _why(error))
                await asyncio.sleep(_RECONNECT_S)

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
            raise BusError(_why(error)) from error
        heed_cancellation()


@asynccontextmanager
async def open_log(
    url: str,
    *,
    region: str,
    retention: Retention,
    describe: Callable[[str], MediaFacts | None],
    above: int,
    clock: Callable[[], float] = time.time,
    within_s: float = _CONNECT_S,
) -> AsyncIterator[EventLog]:
    """The log of a region, made if there is none for any; `above` is a number that no event has gone beyond.

    Raises `BusError`, if no server answers after `within_s`.
    """
    client = await _connected(url, within_s=within_s)
    try:
        log = EventLog(client, region=region, describe=describe)
        first = max(int(clock() * 1e6), above + 1)
        await _prepare(client.jetstream(timeout=_REQUEST_S), retention, first=first)
        async with _sole(client, region):
            yield log
    finally:
        await client.close()


@asynccontextmanager
async def read_log(url: str, *, within_s: float = _CONNECT_S) -> AsyncIterator[EventLog]:
    """The log of all regions, to be read. Raises `BusError`, if no server answers after `within_s` or it has no log."""
    client = await _connected(url, within_s=within_s)
    try:
        log = EventLog(client, region=None, describe=lambda _: None)
        try:
            async with asyncio.timeout(within_s):
                await log.bounds()
        except (BusError, TimeoutError) as error:
            raise BusError(
                f"NATS has no events ({_why(error)}): start the service that watches streams first."
            ) from error
        yield log
    finally:
        await client.close()


async def _connected(url: str, *, within_s: float) -> Client:
    async def told(error: Exception) -> None:
        _log.debug("NATS: %s", error)

    async def lost() -> None:
        if not client.is_closed:
            _log.warning("the connection to NATS is lost; events wait until it is back")

    async def back() -> None:
        _log.warning("the connection to NATS is back")

    client = Client()
    try:
        async with asyncio.timeout(within_s):
            await client.connect(
                url,
                name="gorewatch",
                connect_timeout=10,
                reconnect_time_wait=_RECONNECT_S,
                max_reconnect_attempts=-1,
                error_cb=told,
                disconnected_cb=lost,
                reconnected_cb=back,
            )
            return client
    except (NatsError, OSError, TimeoutError) as error:
        raise BusError(
            f"NATS does not answer ({_why(error)}): start it, or correct GOREWATCH_BUS (the setting bus)."
        ) from error


@asynccontextmanager
async def _sole(client: Client, region: str) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(alone(client, region))
        except SomebodyThere as error:
            raise BusError(
                f"Another gorewatch service of the region {region}, or of a version without regions, uses this event "
                "log: end that one, or give this one a region of its own (GOREWATCH_REGION), or a server "
                "(GOREWATCH_BUS)."
            ) from error
        except (NatsError, OSError) as error:
            raise BusError(f"NATS does not do what it is asked: {_why(error)}.") from error
        yield


async def _prepare(stream: JetStreamContext, retention: Retention, *, first: int) -> None:
    """Make the stream, or bring what settings say of the one that is there up to date."""
    age_s = retention.events_days * _DAY_S
    try:
        try:
            info = await stream.stream_info(STREAM)
        except NotFoundError:
            info = await _make(
                stream,
                StreamConfig(
                    name=STREAM,
                    description="gorewatch: every event, numbered",
                    subjects=[_SUBJECTS],
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.OLD,
                    max_age=age_s,
                    max_msgs=retention.events_most,
                    duplicate_window=min(_DUPLICATES_S, age_s),
                    first_seq=first,
                ),
            )
        if (info.config.max_age, info.config.max_msgs) != (age_s, retention.events_most):
            await stream.update_stream(info.config, max_age=age_s, max_msgs=retention.events_most)
    except (NatsError, OSError, TimeoutError) as error:
        raise BusError(
            f"NATS keeps no events ({_why(error)}): it has to run with JetStream (`nats-server -js`), "
            f"version 2.10 or newer, and let this user make the stream {STREAM}."
        ) from error


async def _make(stream: JetStreamContext, config: StreamConfig) -> StreamInfo:
    try:
        return await stream.add_stream(config)
    except BadRequestError:
        # Another service was faster, by a clock that has another number.
        return await stream.stream_info(STREAM)


def _entry(one: tuple[int, Message]) -> Entry | None:
    number, message = one
    try:
        return entry_of(message, number)
    except NotAnEvent as error:
        _log.error("passed over in the event log: %s", error)
        return None


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it takes too long"
    return str(error).removeprefix("nats: ") or type(error).__name__
