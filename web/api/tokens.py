"""`POST /v1/tokens`: what a site gives the browsers of its visitors in place of its own secret."""

from dataclasses import dataclass
from typing import Annotated, Literal

from aiohttp import web
from pydantic import ConfigDict, Field, TypeAdapter, with_config

from ..access.caller import Caller
from ..access.scopes import Scope
from ..registry import Registry
from ..wire import timestamp
from .auth import caller_of, lacks
from .fields import check_name, read_json
from .parts import parts_of
from .problems import Problem

_MOST_S = 3600.0

routes = web.RouteTableDef()


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class NewToken:
    """The body of `POST /v1/tokens`."""

    scope: Literal["streams", "publish", "events"]
    stream: str | None = None
    """An id or a name."""
    expires_s: Annotated[float, Field(ge=1.0, le=_MOST_S)] = 600.0


_NEW_TOKEN = TypeAdapter(NewToken)


@routes.post("/v1/tokens")
async def add(request: web.Request) -> web.Response:
    parts, caller = parts_of(request), caller_of(request)
    body = await read_json(request, _NEW_TOKEN)
    scope = Scope(body.scope)
    if caller.by_token:
        raise Problem(403, "Tokens are given for a key, not for another token.", code="scope_missing")
    if not caller.may(scope):
        raise lacks(scope)
    stream = None if body.stream is None else _bound_to(body.stream, scope, caller, parts.registry)
    token, expires_s = parts.access.token(caller, scope, stream=stream, for_s=body.expires_s)
    return web.json_response({"token": token, "expires": timestamp(expires_s)}, status=201)


def _bound_to(named: str, scope: Scope, caller: Caller, registry: Registry) -> str:
    """The stream's id; the name for publishing, under which nothing need be published yet. Raises `Problem`."""
    mine = [stream for stream in registry if caller.sees(stream.owner, stream.id) and named in (stream.id, stream.name)]
    # One of the caller's own before one of nobody's, a later one before those that ended.
    found = max(mine, key=lambda stream: (stream.owner == caller.key_id, not stream.closed, stream.id), default=None)
    if scope is Scope.PUBLISH:
        return check_name(named if found is None else found.name, field="stream")
    if found is None:
        raise Problem(404, "There is no stream of this id or name.", code="stream_unknown")
    return found.id
