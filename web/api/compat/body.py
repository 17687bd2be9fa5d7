"""The body of a request, piece by piece: bounded in bytes, and in time by how much has come."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import ClientPayloadError, web

from .errors import BODY_MALFORMED, BODY_TOO_LARGE, BODY_TOO_SLOW, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyBounds:
    """What a request may send, and how slowly."""

    most_bytes: int
    """Of the whole body."""
    file_bytes: int
    """Of each file; what is larger is read to its end and thrown away, so that its sender hears why."""
    files: int
    """More are not kept."""
    grace_s: float
    """For the first bytes, to begin with, and for every pause: what has come already buys no longer one."""
    least_bytes_per_s: int = 8 * 1024
    """On average, once the grace is over."""
    parts: int = 100
    field_bytes: int = 16 * 1024


async def pieces(request: web.Request, bounds: BodyBounds) -> AsyncIterator[bytes]:
    """Raises `Refused` for a body that is too large (by its own word, too), comes too slowly, or breaks off."""
    if (request.content_length or 0) > bounds.most_bytes:
        raise Refused(BODY_TOO_LARGE)
    started_s = time.monotonic()
    received = 0
    while True:
        left_s = started_s + bounds.grace_s + received / bounds.least_bytes_per_s - time.monotonic()
        try:
            async with asyncio.timeout(min(left_s, bounds.grace_s)):
                piece = await request.content.readany()
        except TimeoutError as error:
            raise Refused(BODY_TOO_SLOW) from error
        except (web.RequestPayloadError, ClientPayloadError, ConnectionError) as error:
            raise Refused(BODY_MALFORMED) from error
        if not piece:
            return
        received += len(piece)
        if received > bounds.most_bytes:
            raise Refused(BODY_TOO_LARGE)
        yield piece
