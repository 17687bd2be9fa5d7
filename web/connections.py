"""Connections, and the answer to what comes over one and is no request: in our forms, without a word of it.

The HTTP library itself would answer in plain text, and quote what came, secrets included.
"""

import re

from aiohttp import web

from .api.compat.calls import failed
from .api.compat.errors import NO_REQUEST
from .api.problems import Problem

_COMPAT = re.compile(r"/1\.0/")


class Runner(web.AppRunner):
    """Runs an application, and answers what never reaches it."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return _Server(
            server.request_handler,
            request_factory=server.request_factory,
            handler_cancellation=server.handler_cancellation,
            **server._kwargs,
        )


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class _Protocol(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """`message` has the line that does not parse. Raises ConnectionError once part of an answer is sent."""
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        if _COMPAT.search(message or ""):
            response = failed(NO_REQUEST)
        else:
            response = Problem(400, "This is no HTTP request; percent-encode what stands in its address.").response()
        response.force_close()
        return response
