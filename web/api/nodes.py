"""`/nodes/has`: what web nodes in front of several services ask each of them."""

import asyncio

from aiohttp import web

from stream.ids import is_id

from ..cluster.subjects import PATH, Kind
from ..policies import FieldError
from .compat.parts import compat_of
from .incidents import told_of
from .parts import parts_of
from .problems import unprocessable
from .query import Choice, Word

KIND = Choice(name="kind", text="Of what kind it is.", words=tuple(kind.value for kind in Kind))
ID = Word(name="id", text="What it is called.")

routes = web.RouteTableDef()


@routes.get(PATH)
async def has(request: web.Request) -> web.Response:
    """Whether this service has something that others beside it have not."""
    kind, named = KIND.read(request), ID.read(request)
    if kind is None or named is None:
        raise unprocessable([FieldError("kind" if kind is None else "id", "is missing")])
    return web.json_response({"has": await _has(request, Kind(kind), named)})


async def _has(request: web.Request, kind: Kind, named: str) -> bool:
    parts = parts_of(request)
    match kind:
        case Kind.STREAM:
            return parts.registry.stream(named) is not None
        case Kind.NAME:
            return parts.registry.has_name(named)
        case Kind.MEDIA:
            return parts.registry.media(named) is not None
        case Kind.INCIDENT:
            return is_id("inc", named) and (told_of(request, named) is not None or await parts.pictures.here(named))
        case Kind.JOB:
            return compat_of(request).jobs.has(named)
        case Kind.UPLOAD:
            return is_id("med", named) and await asyncio.to_thread(compat_of(request).media.path(named).exists)
        case Kind.SESSION:
            name, _, session = named.partition("/")
            return parts.registry.publishing(name, session) is not None
        case Kind.HOST:
            return parts.hosts is not None and any(host.id == named for host in parts.hosts)
