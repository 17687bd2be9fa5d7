"""Who sends in `bench fanout`: the hub with the real event socket, a bare loop over its sockets, and `websockets`."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Literal

from aiohttp import web
from websockets.asyncio.server import ServerConnection, broadcast, serve

from inference.events import MediaStalled

from ..access.caller import ANYBODY, Caller
from ..api.feed_asked import Asked
from ..api.feed_socket import new_socket, talk
from ..delivery.filters import Filter
from ..delivery.hub import Hub
from .fanout_readers import STAMP_DIGITS, stamp

Way = Literal["hub", "aiohttp", "websockets"]
WAYS: tuple[Way, ...] = ("hub", "aiohttp", "websockets")
STREAM = "str_bench"
_COME_TIMEOUT_S = 60.0


class _Everybody:
    """Lets all in, for ever."""

    def still(self, caller: Caller) -> bool:
        del caller
        return True

    def watching(self, look: Callable[[], None]) -> AbstractContextManager[None]:
        del look
        return nullcontext()


class Hosts:
    """All that send, on one event loop."""

    def __init__(self, *, history_events: int) -> None:
        self.hub = Hub(history_events=history_events, queue_limit=1000)
        self.access = _Everybody()
        self.port = 0
        self.theirs = 0
        """The port of `websockets`."""
        self._sockets: set[web.WebSocketResponse] = set()
        self._connections: set[ServerConnection] = set()

    async def settled(self, count: int) -> None:
        """Until so many are subscribed to each."""
        async with asyncio.timeout(_COME_TIMEOUT_S):
            while len(self._sockets) < count or len(self._connections) < count:  # noqa: ASYNC110 - one look more costs nothing
                await asyncio.sleep(0.05)

    def publish(self, stream: str, size: int = STAMP_DIGITS) -> None:
        """One event through the hub; it says when."""
        self.hub.publish(stream, "med_bench", MediaStalled(stamp(time.monotonic()).ljust(size)))

    async def send(self, way: Way) -> None:
        """One event, or a text of the same length to the hub's sockets or to those of `websockets`."""
        match way:
            case "hub":
                self.publish(STREAM)
            case "aiohttp":
                text = _text()
                for socket in self._sockets:
                    await socket.send_str(text)
            case "websockets":
                broadcast(self._connections, _text())

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The event socket of the service, without its middlewares."""
        socket = new_socket(request, compress=False)
        since = request.query.get("since")
        asked = Asked(ANYBODY, Filter(frozenset(request.query.getall("stream"))), None if since is None else int(since))
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            return await talk(request, socket, self, asked)
        finally:
            self._sockets.discard(socket)

    async def connected(self, connection: ServerConnection) -> None:
        """A subscriber of `websockets`, until it leaves."""
        self._connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            self._connections.discard(connection)


@asynccontextmanager
async def hosting(*, history_events: int) -> AsyncIterator[Hosts]:
    """Both servers on free ports of loopback while the block lasts."""
    hosts = Hosts(history_events=history_events)
    app = web.Application()
    app.router.add_get("/ours", hosts.events)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        hosts.port = runner.addresses[0][1]
        async with serve(hosts.connected, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=1024) as theirs:
            hosts.theirs = next(iter(theirs.sockets)).getsockname()[1]
            yield hosts
    finally:
        await hosts.hub.aclose()
        await runner.cleanup()


def _text() -> str:
    """As long as an event of the hub."""
    return (
        '{"specversion":"1.0","id":"00001795369203120000","type":"media.stalled","source":"/v1/streams/str_bench",'
        '"time":"2026-11-22T17:40:03.120Z","datacontenttype":"application/json","subject":"med_bench",'
        f'"data":{{"reason":"{stamp(time.monotonic())}"}}}}'
    )
