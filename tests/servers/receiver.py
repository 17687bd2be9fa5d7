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
from tests.servers.listening import Listening

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
        """Of the job that it is about."""
        return str(self.body["data"].get("status"))


class Receiver:
    """
    /ok/…         200
    /once/…       500 to the first POST there, then 200
    /never/…      500
    /hang/…       no answer
    /redirect/…   302 to /ok/redirected
    /later/…      503 with `Retry-After`
    /gone/…       410
    /switch/…     500 while `switched_off`, otherwise 200
    """

    def __init__(self) -> None:
        self.listening = Listening()
        self._got: list[Got] = []
        self._seen: Counter[str] = Counter()
        self._changed = threading.Condition()
        self.switched_off = False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.listening.port}{path}"

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

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{manner}/{name:.*}", self._take)
        return app

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
            case "later":
                return web.Response(status=503, headers={"Retry-After": "120"})
            case "gone":
                return web.Response(status=410)
            case "switch" if self.switched_off:
                return web.Response(status=500)
            case "never":
                return web.Response(status=500)
            case "once" if first:
                return web.Response(status=500)
        return web.Response()


@contextmanager
def run_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with LoopThread("receiver") as loop:
        loop.run(receiver.listening.start(receiver.app()))
        try:
            yield receiver
        finally:
            loop.run(receiver.listening.stop())
