"""One subscriber on server-sent events: the same events, one `id`, `event` and `data` each."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web

from ..delivery.cloudevents import format_id
from ..delivery.frames import Parcel, parcels
from ..delivery.history import Entry
from ..delivery.subscriber import GOING_AWAY, TOO_SLOW, Ending, Subscriber
from .feed_asked import Asked, Feeding, subscribed

EVENT_STREAM = "text/event-stream"
_HEADERS = {"Content-Type": EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_HEARTBEAT_S = 15.0
_HEARTBEAT = b":\n\n"
_MOST_BUFFERED_BYTES = 64 * 1024
_STUCK_S = 30.0
"""Without a client's taking anything of what waits for it."""
_LEAVE_TIMEOUT_S = 0.75


async def stream(request: web.Request, parts: Feeding, asked: Asked) -> web.StreamResponse:
    """Send events until the client leaves or is cut, or the service stops."""
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    transport = request.transport
    if transport is None:
        return response
    transport.set_write_buffer_limits(high=_MOST_BUFFERED_BYTES)
    outlet = _Outlet()
    with subscribed(parts, asked, outlet) as subscriber:
        try:
            with suppress(ConnectionError, TimeoutError):
                ending = await _deliver(response, parts, subscriber, outlet)
                await _end(response, ending, subscriber)
                # All of it must be on its way before the connection may be cut.
                transport.set_write_buffer_limits(high=0)
                async with asyncio.timeout(_STUCK_S if ending.code == TOO_SLOW else _LEAVE_TIMEOUT_S):
                    await request.writer.drain()
        finally:
            if transport.get_write_buffer_size():
                # A close waits for what nobody reads.
                transport.abort()
    return response


class _Outlet:
    """Takes nothing at once, and wakes who waits for the client when the subscription is cut."""

    def __init__(self) -> None:
        self.scope: asyncio.Timeout | None = None

    def write(self, parcel: Parcel) -> bool:
        del parcel
        return False

    def attend(self) -> None:
        """It is always attended."""

    def leave(self) -> None:
        if self.scope is not None:
            self.scope.reschedule(asyncio.get_running_loop().time())


async def _deliver(response: web.StreamResponse, parts: Feeding, subscriber: Subscriber, outlet: _Outlet) -> Ending:
    """How it ended. Raises `TimeoutError` where the client takes nothing, `ConnectionError` where it left."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as outlet.scope:
            while batch := await _next(response, subscriber):
                for parcel in parcels(batch):
                    subscriber.sent = parcel.last
                    parts.hub.tally.sent += len(parcel.entries)
                    await _write(response, _lines(parcel.entries))
                await asyncio.sleep(0)
    outlet.scope = None
    if subscriber.ending is None:
        raise TimeoutError
    return subscriber.ending


async def _next(response: web.StreamResponse, subscriber: Subscriber) -> list[Entry]:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT_S):
                return await subscriber.take()
        await _write(response, _HEARTBEAT)


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(_STUCK_S):
        # Were it cancelled while it waits for room, whoever writes next would be, too: they wait for the same.
        await asyncio.shield(response.write(data))


async def _end(response: web.StreamResponse, ending: Ending, subscriber: Subscriber) -> None:
    """A client comes back by itself, after the last id; it is told why it must, except where the service stops."""
    if ending.code != GOING_AWAY:
        last = format_id(subscriber.sent)
        told = json.dumps({"code": ending.code, "reason": ending.reason, "last": last}, separators=(",", ":"))
        async with asyncio.timeout(_STUCK_S if ending.code == TOO_SLOW else _LEAVE_TIMEOUT_S):
            await response.write(f"event: error\ndata: {told}\n\n".encode())
    async with asyncio.timeout(_STUCK_S if ending.code == TOO_SLOW else _LEAVE_TIMEOUT_S):
        await response.write_eof()


def _lines(entries: Sequence[Entry]) -> bytes:
    return b"".join(
        f"id: {format_id(entry.number)}\nevent: {entry.kind}\n".encode() + b"data: " + entry.data + b"\n\n"
        for entry in entries
    )
