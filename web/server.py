"""The HTTP server: aiohttp's, but that it answers in JSON what no handler gets to see."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError, RawRequestMessage

from .api import broken

MOST_LINE_BYTES = 32 * 1024
"""`/1.0` takes addresses in the query."""
_OPTIONS: dict[str, Any] = {"access_log": None, "max_line_size": MOST_LINE_BYTES}
_REQUEST_LINE = re.compile(rb"[A-Z]{3,10} (/[!-~]*)")
_log = logging.getLogger("gorewatch.http")


class Runner(web.AppRunner):
    """Runs an application behind `_Server`."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(_answered(made.request_handler), made.request_factory)


class _Server(web.Server):
    """Makes a `_Connection` for each client."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        request_factory: Callable[..., web.BaseRequest],
    ) -> None:
        super().__init__(handler, request_factory=request_factory)

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop())


class _Connection(web.RequestHandler):
    """One client."""

    __slots__ = ("_asked_path",)

    def __init__(self, manager: web.Server, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(manager, loop=loop, **_OPTIONS)
        self._asked_path = ""

    def data_received(self, data: bytes) -> None:
        # What cannot be read has no path for the one who answers: it is noted while it goes by.
        if (line := _REQUEST_LINE.match(data)) is not None:
            self._asked_path = line[1].decode("ascii")
        super().data_received(data)
        if self._messages and not isinstance(self._messages[-1][0], RawRequestMessage):
            self._break_off()

    def _break_off(self) -> None:
        """Tell the handler at work that the rest of its body will not come: aiohttp would leave it waiting."""
        request = self._current_request
        if request is not None and not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("what follows cannot be read"))

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no request, and to what a handler did not catch; the connection is closed after it."""
        del status, message
        if isinstance(exc, HttpProcessingError):
            _log.debug("what %s sent cannot be read: %s", request.remote, type(exc).__name__)
            answer = broken.unreadable(self._asked_path, exc)
        else:
            _log.error("%s %s failed", request.method, request.path, exc_info=exc)
            answer = broken.fault_of_ours(request.path)
        if request.writer.output_size > 0:
            raise ConnectionError("half of an answer was sent already")
        answer.force_close()
        return answer


def _answered(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """The application, with what it refuses before its middlewares are called."""

    async def answered(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPExpectationFailed:
            return broken.unexpected(request.path)

    return answered
