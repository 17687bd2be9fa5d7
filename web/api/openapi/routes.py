"""`/openapi.json`, `/asyncapi.json` and `/docs`."""

import asyncio
import json
from collections.abc import Callable
from functools import cache
from importlib.metadata import version

from aiohttp import web

from ..asyncapi import feed
from ..pages import page
from .compat import COMPAT
from .components import Json
from .document import document
from .hosts import HOSTS
from .incidents import INCIDENTS, VIEWS
from .operation import JSON, Operation
from .past import PAST
from .service import SERVICE
from .streams import MEDIA, OTHERS, STREAMS
from .webhooks import WEBHOOKS
from .whip import WHIP

OPERATIONS: tuple[Operation, ...] = (
    *COMPAT,
    *STREAMS,
    *MEDIA,
    *PAST,
    *INCIDENTS,
    *VIEWS,
    *OTHERS,
    *WEBHOOKS,
    *WHIP,
    *HOSTS,
    *SERVICE,
)

routes = web.RouteTableDef()


@cache
def described() -> Json:
    """The document; it is the same as long as the service runs."""
    return document(OPERATIONS, version=version("gorewatch"))


@cache
def _encoded() -> bytes:
    return json.dumps(described(), separators=(",", ":")).encode()


@cache
def feed_described() -> Json:
    """The same of the event feed."""
    return feed.document(version=version("gorewatch"))


@cache
def _feed_encoded() -> bytes:
    return json.dumps(feed_described(), separators=(",", ":")).encode()


@routes.get("/openapi.json")
async def openapi(_: web.Request) -> web.Response:
    return await _answer(_encoded)


@routes.get("/asyncapi.json")
async def asyncapi(_: web.Request) -> web.Response:
    return await _answer(_feed_encoded)


async def _answer(encoded: Callable[[], bytes]) -> web.Response:
    # Made when it is first asked for, which takes longer than the loop may stand still.
    body = await asyncio.to_thread(encoded)
    return web.Response(body=body, content_type=JSON, headers={"Cache-Control": "no-cache"})


@routes.get("/docs")
async def docs(_: web.Request) -> web.FileResponse:
    return page("docs.html")
