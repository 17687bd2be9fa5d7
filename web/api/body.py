"""The body of a request under `/v1` and `/whip`. They are small; the application bounds their size."""

import asyncio

from aiohttp import web

from .problems import Problem

_TIMEOUT_S = 20.0


async def read_body(request: web.Request) -> bytes:
    """Raises `Problem` 408 for a body that has not come whole within 20 s."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await request.read()
    except TimeoutError as error:
        raise Problem(408, "The body came too slowly.", code="body_too_slow") from error
