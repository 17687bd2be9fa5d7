"""One subscriber on a WebSocket: ready-made frames straight to its transport, and a task of its own while it lags."""

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from ..delivery.filters import NotUnderstood
from ..delivery.frames import Parcel, parcels
from ..delivery.history import Entry
from ..delivery.hub import Hub
from ..delivery.subscriber import TOO_SLOW, Ending, Subscriber
from .feed_asked import Asked, Feeding, subscribed
from .problems import Problem

_SUBPROTOCOL = "cloudevents.json"
_HEARTBEAT_S = 30.0
"""Between two pings; half as long for the answer."""
_MOST_CLIENT_BYTES = 16 * 1024
_MOST_BUFFERED_BYTES = 64 * 1024
"""In the transport of one subscriber, beside what is written at once; what comes then waits in its queue."""
_ANSWER_TIMEOUT_S = 30.0
"""For a client that sent a message to make room for what it is answered."""
_CLOSE_TIMEOUT_S = 30.0
"""For the client to read what is in the buffers between us, and to answer the close."""
_LEAVE_TIMEOUT_S = 0.75
"""The same where it is owed nothing, or the service stops, which must not take long."""
_BROKEN = {
    1002: b"This breaks the WebSocket protocol.",
    1007: b"A text message must be UTF-8.",
    1009: f"A message may have {_MOST_CLIENT_BYTES} bytes.".encode(),
}
_NO_TEXT = 1003
_NO_MESSAGE = 1007


class _Socket(web.WebSocketResponse):
    """Says why, and does not wait for long, where aiohttp closes by itself since a client breaks the rules."""

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
        if message or code not in _BROKEN:
            return await super().close(code=code, message=message, drain=drain)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_TIMEOUT_S):
                return await super().close(code=code, message=_BROKEN[code], drain=False)
        return True


def new_socket(request: web.Request, *, compress: bool) -> web.WebSocketResponse:
    """One that can be prepared. Raises `Problem` for a request that asks for none."""
    socket = _Socket(
        protocols=(_SUBPROTOCOL,),
        heartbeat=_HEARTBEAT_S,
        timeout=_CLOSE_TIMEOUT_S,
        max_msg_size=_MOST_CLIENT_BYTES,
        compress=compress,
    )
    if not socket.can_prepare(request).ok:
        detail = "This path speaks WebSocket, and server-sent events to clients that accept text/event-stream."
        raise Problem(426, detail, headers={"Upgrade": "websocket"})
    return socket


async def talk(
    request: web.Request, socket: web.WebSocketResponse, parts: Feeding, asked: Asked
) -> web.WebSocketResponse:
    """Send events over a prepared socket until the client leaves or is cut, or the service stops."""
    transport = request.transport
    if transport is None:
        return socket
    transport.set_write_buffer_limits(high=_MOST_BUFFERED_BYTES)
    connection = _Connection(request, transport, socket, parts.hub)
    with subscribed(parts, asked, connection) as subscriber:
        try:
            await connection.serve(subscriber)
        finally:
            if transport.get_write_buffer_size():
                # A close waits for what nobody reads.
                transport.abort()
    return socket


class _Connection:
    """The outlet of one subscriber. Each write is of whole frames, as aiohttp's own are, so that they never mix."""

    __slots__ = (
        "_attending",
        "_framed",
        "_hub",
        "_protocol",
        "_pump",
        "_request",
        "_scope",
        "_socket",
        "_subscriber",
        "_transport",
    )

    def __init__(
        self, request: web.Request, transport: asyncio.Transport, socket: web.WebSocketResponse, hub: Hub
    ) -> None:
        self._request = request
        self._protocol = request.protocol
        self._transport = transport
        self._socket = socket
        self._hub = hub
        self._framed = not socket.compress
        """Frames need not be compressed for this one alone."""
        self._subscriber: Subscriber | None = None
        self._attending = False
        self._scope: asyncio.Timeout | None = None
        self._pump: asyncio.Task[None] | None = None

    def write(self, parcel: Parcel) -> bool:
        if not self._framed or self._protocol.writing_paused or self._socket.closed or self._transport.is_closing():
            return False
        self._transport.write(parcel.frames)
        return True

    def attend(self) -> None:
        self._attending = True
        if self._subscriber is not None and (self._pump is None or self._pump.done()):
            self._pump = asyncio.create_task(self._take(self._subscriber), name="subscriber")

    def leave(self) -> None:
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    async def serve(self, subscriber: Subscriber) -> None:
        """Until it is over and closed."""
        self._subscriber = subscriber
        if self._attending:
            self.attend()
        try:
            ending = await self._listen(subscriber)
        finally:
            if self._pump is not None:
                self._pump.cancel()
                await asyncio.wait({self._pump})
        if ending is not None and not self._socket.closed:
            await self._close(ending)

    async def _listen(self, subscriber: Subscriber) -> Ending | None:
        """How to close it; None if the client left."""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(None) as self._scope:
                if subscriber.ending is None and (refusal := await self._hear(subscriber)) is not None:
                    return refusal
        self._scope = None
        return subscriber.ending

    async def _hear(self, subscriber: Subscriber) -> Ending | None:
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.BINARY:
                return Ending(_NO_TEXT, "A message must be text.")
            if message.type is not WSMsgType.TEXT:
                return None
            try:
                self._hub.change(subscriber, subscriber.wanted.changed(message.data))
            except NotUnderstood as error:
                return Ending(_NO_MESSAGE, str(error))
            # Who does not read the answers is not listened to.
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await self._request.writer.drain()

    async def _take(self, subscriber: Subscriber) -> None:
        with suppress(ConnectionError):
            while not self._framed or self._full or not subscriber.resume():
                batch = await subscriber.take()
                if not batch:
                    return
                await self._send(subscriber, batch)
                # A replay must leave others their turn.
                await asyncio.sleep(0)

    async def _send(self, subscriber: Subscriber, batch: list[Entry]) -> None:
        for parcel in parcels(batch):
            await self._request.writer.drain()
            if self._socket.closed or self._transport.is_closing():
                raise ConnectionResetError
            if self._framed:
                self._transport.write(parcel.frames)
            else:
                for entry in parcel.entries:
                    await self._socket.send_frame(entry.data, WSMsgType.TEXT)
            subscriber.sent = parcel.last
            self._hub.tally.sent += len(parcel.entries)

    async def _close(self, ending: Ending) -> None:
        """Say why it ends, and give a slow client time to read up to that; nobody else must be receiving."""
        limit_s = _CLOSE_TIMEOUT_S if ending.code == TOO_SLOW else _LEAVE_TIMEOUT_S
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._socket.close(code=ending.code, message=ending.reason.encode(), drain=False)

    @property
    def _full(self) -> bool:
        """Nothing can be written without waiting, or at all."""
        return self._protocol.writing_paused or self._socket.closed or self._transport.is_closing()
