"""Small applications that stand for services, and what forwards to them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.servers.ports import free_port
from web.cluster.subjects import PATH, Kind, Subject
from web.cluster.upstream import Upstream, open_upstream

TICKET = "node_ticket"


@dataclass
class StandIn:
    """Says its name to whatever it does not know, and notes what it was asked."""

    name: str
    port: int
    has: set[Subject] = field(default_factory=set)
    streams: list[str] = field(default_factory=list)
    refusal: tuple[int, dict[str, object]] | None = None
    """What new things are answered with, if they are not taken."""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path with query, and body."""
    makes: str = f"str_{'0' * 21}"
    """The id of a new stream."""
    hanging: bool = False
    questions: int = 0
    """How often it was asked what it has."""
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]

    async def start(self) -> None:
        app = web.Application(client_max_size=0)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get(PATH, self._has)
        app.router.add_route("*", "/{path:.*}", self._any)
        self._awake.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        self._awake.set()
        if self._runner is not None:
            server = self._runner.server
            await self._runner.cleanup()
            self._runner = None
            # Whoever connected in this moment is not known to it yet.
            await asyncio.sleep(0.0)
            for connection in [] if server is None else server.connections:
                connection.force_close()

    async def _healthz(self, _: web.Request) -> web.Response:
        await self._asleep()
        return web.json_response({"status": "ok"})

    async def _has(self, request: web.Request) -> web.Response:
        await self._asleep()
        assert request.headers["Authorization"] == f"Bearer {TICKET}"
        self.questions += 1
        subject = Subject(Kind(request.query["kind"]), request.query["id"])
        return web.json_response({"has": subject in self.has})

    async def _any(self, request: web.Request) -> web.Response:
        await self._asleep()
        body = await request.read()
        self.asked.append((request.method, request.raw_path, body))
        headers = {"By": self.name}
        if request.path == "/v1/half":
            assert request.transport is not None
            request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            request.transport.close()
        if request.path.startswith("/none"):
            assert request.transport is not None
            request.transport.abort()
        if request.method == "GET" and request.path in ("/v1/streams", "/v1/hosts"):
            of = request.path.removeprefix("/v1/")
            return web.json_response({of: [{"id": stream} for stream in self.streams]}, headers=headers)
        if request.method == "POST" and (request.path == "/v1/streams" or request.path.startswith("/whip/")):
            return self._new(request, body, headers)
        if request.path.startswith("/1.0/video/check") and self.refusal is not None:
            return web.json_response(self.refusal[1], status=self.refusal[0], headers=headers)
        return web.Response(text=self.name, headers=headers)

    def _new(self, request: web.Request, body: bytes, headers: dict[str, str]) -> web.Response:
        if self.refusal is not None:
            return web.json_response(self.refusal[1], status=self.refusal[0], headers=headers)
        named = json.loads(body).get("name") if request.path == "/v1/streams" else request.path.rpartition("/")[2]
        if named is not None:
            self.has.add(Subject(Kind.NAME, named))
        location = f"/v1/streams/{self.makes}" if request.path == "/v1/streams" else f"{request.path}/session"
        return web.json_response({}, status=201, headers=headers | {"Location": location})

    async def _asleep(self) -> None:
        if self.hanging:
            await self._awake.wait()


@dataclass(frozen=True)
class Node:
    """What forwards to them, and a client of it."""

    url: str
    http: aiohttp.ClientSession
    upstream: Upstream

    async def by(self, method: str, path: str, *, status: int = 200, **more: object) -> str:
        """Who answered, with that status."""
        async with self.http.request(method, self.url + path, **more) as answer:  # type: ignore[arg-type]
            assert answer.status == status, await answer.text()
            return answer.headers.get("By", "")


@asynccontextmanager
async def standing(*names: str) -> AsyncIterator[list[StandIn]]:
    """So many that answer."""
    async with AsyncExitStack() as stack:
        those = []
        for name in names:
            one = StandIn(name, free_port())
            await one.start()
            stack.push_async_callback(one.stop)
            those.append(one)
        yield those


@asynccontextmanager
async def forwarding_to(urls: Sequence[str], ticket: Callable[[], str] = lambda: TICKET) -> AsyncIterator[Node]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(open_upstream(urls, ticket))
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", upstream.forward)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        url = f"http://127.0.0.1:{port}"
        yield Node(url, await stack.enter_async_context(aiohttp.ClientSession(url)), upstream)
