"""Every request has an id: in its log lines, in the answer's `X-Request-Id`, and in the body where that names one."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from ..ids import new_id
from ..logs import request_id

HEADER = "X-Request-Id"
_log = logging.getLogger("gorewatch.http")


@web.middleware
async def requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost one. Tells of each request at the level `debug`, without its query, which may hold credentials."""
    started_s = time.monotonic()
    with identified() as given:
        response = await handler(request)
        if not response.prepared:
            response.headers[HEADER] = given
        took_ms = 1000 * (time.monotonic() - started_s)
        _log.debug("%s %s: %d after %.1f ms", request.method, request.path, response.status, took_ms)
        return response


@contextmanager
def identified() -> Iterator[str]:
    """A new id, of all that is logged and answered while the context lasts."""
    given = new_id("req")
    before = request_id.set(given)
    try:
        yield given
    finally:
        request_id.reset(before)


def current_id() -> str:
    """The id of the request that is being answered; a new one where there is none."""
    return request_id.get() or new_id("req")
