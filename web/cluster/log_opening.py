"""Opens the event log: the connection to NATS, the stream that keeps it, and who may write to it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import BadRequestError, NotFoundError

from ..limits import Retention
from ..store.kept import MediaFacts
from .log import RECONNECT_S, REQUEST_S, STREAM, BusError, EventLog, why
from .messages import PREFIX
from .presence import SomebodyThere, alone

_SUBJECTS: Final = f"{PREFIX}.>"
_DUPLICATES_S = 600.0
"""How long after an event the log still knows that it has it: longer than a writing may be tried again."""
_CONNECT_S = 10.0
_DAY_S = 86_400.0
_log = logging.getLogger("gorewatch.bus")


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
        await _prepare(client.jetstream(timeout=REQUEST_S), retention, first=first)
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
                f"NATS has no events ({why(error)}): start the service that watches streams first."
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
                reconnect_time_wait=RECONNECT_S,
                max_reconnect_attempts=-1,
                error_cb=told,
                disconnected_cb=lost,
                reconnected_cb=back,
            )
            return client
    except (NatsError, OSError, TimeoutError) as error:
        raise BusError(
            f"NATS does not answer ({why(error)}): start it, or correct GOREWATCH_BUS (the setting bus)."
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
            raise BusError(f"NATS does not do what it is asked: {why(error)}.") from error
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
            f"NATS keeps no events ({why(error)}): it has to run with JetStream (`nats-server -js`), "
            f"version 2.10 or newer, and let this user make the stream {STREAM}."
        ) from error


async def _make(stream: JetStreamContext, config: StreamConfig) -> StreamInfo:
    try:
        return await stream.add_stream(config)
    except BadRequestError:
        # Another service was faster, by a clock that has another number.
        return await stream.stream_info(STREAM)
