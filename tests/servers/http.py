"""An HTTP server with the clips and with everything that goes wrong on the way to a clip."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from tests.media import Clips
from tests.servers.background import LoopThread
from tests.servers.listening import Listening

_SEGMENT_S = 1.0
_WINDOW = 4
"""Segments that a live playlist lists at a time."""


class HttpServer:
    """
    /clips/…             the clips' folder, with ranges
    /silent              accepts and never answers
    /stall/{clip}        the first half of a file, then nothing
    /cut/{clip}          the first half of a file, then hangs up
    /slow/{clip}         a file at `rate` bytes a second (query, default 100000); its length is said with `sized=1`
    /status/{code}       an empty answer with that status
    /redirect?to=URL     302
    /circle              302, to itself
    /live/index.m3u8     a playlist that grows by a segment a second, over and over; see `grow_until` and `end_live`
    """

    def __init__(self, clips: Clips) -> None:
        self.clips = clips
        self.listening = Listening()
        self.requests: list[str] = []
        """Method and path of each request, in order."""
        self.grow_until: int | None = None
        """Segments after which the live playlist grows no more."""
        self.live_ended = False
        self._live_since = 0.0

    def url(self, path: str | Path) -> str:
        """The address of a path of the server, or of a clip's file."""
        if isinstance(path, Path):
            path = f"/clips/{path.relative_to(self.clips.folder)}"
        elif path.startswith("/live/"):
            # Encoded here, not while somebody waits for an answer.
            assert self.clips.hls.exists()
        return f"http://127.0.0.1:{self.listening.port}{path}"

    def end_live(self) -> None:
        """The live playlist says from now on that it is over."""
        self.live_ended = True

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._note])
        app.router.add_static("/clips", self.clips.folder)
        app.router.add_get("/silent", self._silent)
        app.router.add_get("/stall/{name:.+}", self._stall)
        app.router.add_get("/cut/{name:.+}", self._cut)
        app.router.add_get("/slow/{name:.+}", self._slow)
        app.router.add_get("/status/{code}", self._status)
        app.router.add_get("/redirect", self._redirect)
        app.router.add_get("/circle", self._circle)
        app.router.add_get("/live/index.m3u8", self._live)
        app.router.add_get("/live/{name}", self._segment)
        return app

    @web.middleware
    async def _note(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        return await handler(request)

    async def _silent(self, request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async def _half(self, request: web.Request) -> web.StreamResponse:
        content = self._file(request).read_bytes()
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        return response

    async def _stall(self, request: web.Request) -> web.StreamResponse:
        await self._half(request)
        await asyncio.Event().wait()
        raise AssertionError

    async def _cut(self, request: web.Request) -> web.StreamResponse:
        response = await self._half(request)
        if request.transport is not None:
            request.transport.close()
        return response

    async def _slow(self, request: web.Request) -> web.StreamResponse:
        content = self._file(request).read_bytes()
        rate = int(request.query.get("rate", "100000"))
        response = web.StreamResponse()
        if "sized" in request.query:
            response.content_length = len(content)
        await response.prepare(request)
        piece = max(rate // 20, 1)
        for start in range(0, len(content), piece):
            await response.write(content[start : start + piece])
            await asyncio.sleep(0.05)
        return response

    async def _status(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=int(request.match_info["code"]))

    async def _redirect(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(request.query["to"])

    async def _circle(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(request.rel_url)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        now = time.monotonic()
        self._live_since = self._live_since or now
        made = _WINDOW + int((now - self._live_since) / _SEGMENT_S)
        if self.grow_until is not None:
            made = min(made, self.grow_until)
        return web.Response(text=self._playlist(made), content_type="application/vnd.apple.mpegurl")

    def _playlist(self, made: int) -> str:
        segments = sorted(self.clips.hls.parent.glob("seg*.ts"))
        first = max(made - _WINDOW, 0)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        # A turn is complete when its first segment has left the list.
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{max(first - 1, 0) // len(segments)}")
        for number in range(first, made):
            if number and number % len(segments) == 0:
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [f"#EXTINF:{_SEGMENT_S:.3f},", segments[number % len(segments)].name]
        if self.live_ended:
            lines.append("#EXT-X-ENDLIST")
        return "\n".join(lines) + "\n"

    async def _segment(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self.clips.hls.parent / request.match_info["name"])

    def _file(self, request: web.Request) -> Path:
        path = self.clips.folder / request.match_info["name"]
        if not path.is_file():
            raise web.HTTPNotFound
        return path


@contextmanager
def run_http_server(clips: Clips) -> Iterator[HttpServer]:
    server = HttpServer(clips)
    with LoopThread("http-server") as loop:
        loop.run(server.listening.start(server.app()))
        try:
            yield server
        finally:
            loop.run(server.listening.stop())
