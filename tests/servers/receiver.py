"""Who gets callbacks: an HTTP server that keeps every POST, and answers as its path says."""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.servers.background import LoopThread

_WITHIN_S = 40.0


@dataclass(frozen=True, slots=True)
class Got:
    """One POST."""

    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        body = json.loads(self.raw)
        assert isinstance(body, dict)
        return body

    @property
    def status(self) -> str:
        return str(self.body["data"]["status"])


class Receiver:
    """
    /ok/…         200
    /once/…       500 to the first POST there, then 200
    /never/…      500
    /hang/…       no answer
    /redirect/…   302 to /ok/redirected
    """

    def __init__(self) -> None:
        self.port = 0
        self._got: list[Got] = []
        self._seen: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._runner: web.AppRunner | None = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Got]:
        """What came to a path, in order."""
        with self._changed:
            return [got for got in self._got if got.path == path]

    def wait(self, path: str, count: int = 1, *, status: str | None = None) -> list[Got]:
        """Until so many POSTs came to a path, those with a job of that status alone if one is given."""

        def found() -> list[Got]:
            return [got for got in self._got if got.path == path and status in (None, got.status)]

        deadline = time.monotonic() + _WITHIN_S
        with self._changed:
            while len(found()) < count:
                left_s = deadline - time.monotonic()
                assert left_s > 0, f"{path} got {[(got.path, got.status) for got in self._got]}"
                self._changed.wait(left_s)
            return found()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{manner}/{name:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        got = Got(request.path, dict(request.headers), await request.read())
        with self._changed:
            self._got.append(got)
            self._seen[request.path] += 1
            first = self._seen[request.path] == 1
            self._changed.notify_all()
        match request.match_info["manner"]:
            case "hang":
                await asyncio.Event().wait()
            case "redirect":
                return web.Response(status=302, headers={"Location": self.url("/ok/redirected")})
            case "never":
                return web.Response(status=500)
            case "once" if first:
                return web.Response(status=500)
        return web.Response()


@contextmanager
def run_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with LoopThread("receiver") as loop:
        loop.run(receiver.start())
        try:
            yield receiver
        finally:
            loop.run(receiver.stop())
