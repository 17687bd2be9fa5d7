"""`GET /v1/events`: the events as they happen, over a WebSocket."""

import asyncio
import contextlib

from aiohttp import WSMsgType, web

from ..access.caller import Caller
from ..delivery.cloudevents import TYPES, format_id, parse_id
from ..delivery.history import Entry
from ..delivery.hub import NO_LONGER_LET_IN, TOO_SLOW, Filter, Subscriber
from ..policies import FieldError
from .auth import caller_of
from .parts import parts_of
from .problems import Problem, unprocessable

_SUBPROTOCOL = "cloudevents.json"
_HEARTBEAT_S = 30.0
_MOST_CLIENT_BYTES = 4096
_CLOSE_TIMEOUT_S = 30.0
"""For the client to read what is in the buffers between us, and to answer the close."""
_LEAVE_TIMEOUT_S = 0.75
"""The same while the service stops, which must not take long."""

routes = web.RouteTableDef()


@routes.get("/v1/events", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    caller = caller_of(request)
    wanted, since = _filter(request, caller), _since(request)
    socket = web.WebSocketResponse(
        protocols=(_SUBPROTOCOL,),
        heartbeat=_HEARTBEAT_S,
        timeout=_CLOSE_TIMEOUT_S,
        max_msg_size=_MOST_CLIENT_BYTES,
        compress=False,
    )
    if not socket.can_prepare(request).ok:
        raise Problem(426, "This path speaks WebSocket alone.", headers={"Upgrade": "websocket"})
    await socket.prepare(request)
    hub, access = parts_of(request).hub, parts_of(request).access
    subscriber = hub.subscribe(wanted, since=since)
    reading = asyncio.create_task(_read(socket), name="feed-reader")

    def look() -> None:
        if not access.still(caller):
            subscriber.cut(NO_LONGER_LET_IN, "the credentials are no longer valid")

    try:
        with access.watching(look):
            await _deliver(socket, subscriber, reading)
        await _stop(reading)
        await _close(request, socket, subscriber)
    finally:
        reading.cancel()
        hub.unsubscribe(subscriber)
    return socket


async def _read(socket: web.WebSocketResponse) -> None:
    """What clients say is of no interest, but reading it answers pings and notices that they leave."""
    async for _ in socket:
        pass


async def _deliver(socket: web.WebSocketResponse, subscriber: Subscriber, reading: asyncio.Task[None]) -> None:
    """Send events until the client leaves or the subscription ends; never waits for a client that is cut."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(None) as scope:

            def leave(*_: object) -> None:
                scope.reschedule(loop.time())

            subscriber.on_cut = leave
            reading.add_done_callback(leave)
            try:
                while batch := await subscriber.take():
                    await _send_batch(socket, subscriber, batch)
            finally:
                subscriber.on_cut = None
                reading.remove_done_callback(leave)


async def _stop(reading: asyncio.Task[None]) -> None:
    reading.cancel()
    await asyncio.wait({reading})


async def _close(request: web.Request, socket: web.WebSocketResponse, subscriber: Subscriber) -> None:
    """Say why it ends, and give a slow client time to read up to that; nobody else must be receiving."""
    ending = subscriber.ending
    if ending is None or socket.closed:
        return
    limit_s = _CLOSE_TIMEOUT_S if ending.code == TOO_SLOW else _LEAVE_TIMEOUT_S
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(limit_s):
            await socket.close(code=ending.code, message=ending.reason.encode(), drain=False)
    if ending.code == TOO_SLOW and request.transport is not None:
        request.transport.abort()


async def _send_batch(socket: web.WebSocketResponse, subscriber: Subscriber, batch: list[Entry]) -> None:
    for entry in batch:
        # The frame is written as soon as the call begins; what may wait is room for the next.
        subscriber.sent = entry.number
        await socket.send_frame(entry.data, WSMsgType.TEXT)


def _filter(request: web.Request, caller: Caller) -> Filter:
    kinds = request.query.getall("type", [])
    unknown = [kind for kind in kinds if kind not in TYPES]
    if unknown:
        raise unprocessable([FieldError("type", f"must be one of {', '.join(TYPES)}")])
    return Filter(
        streams=frozenset(request.query.getall("stream", [])),
        kinds=frozenset(kinds),
        owners=None if caller.sees_all else frozenset({None, caller.key_id}),
        only_stream=caller.stream,
    )


def _since(request: web.Request) -> int | None:
    text = request.query.get("since")
    if text is None:
        return None
    number = parse_id(text)
    if number is None:
        message = f"must be the id of an event, such as {format_id(42)}"
        raise Problem(400, f"since {message}.", errors=[FieldError("since", message)])
    return number
