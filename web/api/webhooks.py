"""`/v1/webhooks`: the addresses that a key's events are posted to, and the secrets that sign them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from aiohttp import web
from pydantic import ConfigDict, Field, TypeAdapter, with_config

from inference.summary import Json
from stream.address import redact

from ..access.caller import Caller
from ..callback_urls import RULE, usable
from ..delivery.delivery import DeliveryState, secret_of_key
from ..delivery.endpoint import USUAL, Endpoint
from ..delivery.endpoints import MOST_OF_A_KEY, TooManyWebhooks, drawn_secret
from ..policies import FieldError
from ..store import deliveries
from ..store import webhooks as rows
from ..store.webhooks import Secret
from ..wire import timestamp
from .auth import caller_of
from .fields import read_json
from .parts import parts_of
from .problems import Problem, unprocessable
from .query import Flag

OF_SERVICE = Flag(
    name="service", text="The service's own, for the `callback_url` of its configuration; needs the scope `admin`."
)
_MOST_STREAMS = 100
_Kind = Literal[
    "media.started",
    "gore.prob",
    "gore.incident",
    "media.stalled",
    "media.resumed",
    "media.finished",
    "media.failed",
]

routes = web.RouteTableDef()


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class NewWebhook:
    """The body of `POST /v1/webhooks`."""

    url: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    """`http` or `https`, where the service may post to."""
    types: Annotated[list[_Kind], Field(min_length=1)] | None = None
    """Types of events; by default all but `gore.prob`."""
    streams: (
        Annotated[
            list[Annotated[str, Field(pattern="^str_[0-9A-Za-z]{21}$")]], Field(min_length=1, max_length=_MOST_STREAMS)
        ]
        | None
    ) = None
    """Ids of streams; by default all that the key sees, those to come included."""


_NEW_WEBHOOK = TypeAdapter(NewWebhook)


@routes.post("/v1/webhooks")
async def add(request: web.Request) -> web.Response:
    """The secret is told in this answer alone."""
    caller = _key(request)
    body = await read_json(request, _NEW_WEBHOOK)
    if not usable(body.url):
        raise unprocessable([FieldError("url", RULE)])
    try:
        endpoint, secret = await parts_of(request).webhooks.endpoints.add(
            body.url,
            key_id=caller.key_id,
            kinds=tuple(dict.fromkeys(body.types or ())),
            streams=tuple(dict.fromkeys(body.streams or ())),
            sees_all=caller.sees_all and caller.key_id is not None,
        )
    except TooManyWebhooks as error:
        detail = f"The key has {MOST_OF_A_KEY} webhooks, the limit; delete one first."
        raise Problem(409, detail, code="too_many_webhooks") from error
    answer = webhook_json(endpoint, {}) | {"secret": secret}
    return web.json_response(answer, status=201, headers={"Location": f"/v1/webhooks/{endpoint.id}"})


@routes.get("/v1/webhooks")
async def listed(request: web.Request) -> web.Response:
    """Oldest first."""
    parts, caller = parts_of(request), _key(request)
    mine = [endpoint for endpoint in parts.webhooks.endpoints if _owns(caller, endpoint)]
    async with parts.store.reading() as tx:
        counts = await deliveries.counts(tx, [endpoint.id for endpoint in mine])
    return web.json_response({"webhooks": [webhook_json(endpoint, counts) for endpoint in mine]})


@routes.get("/v1/webhooks/secret")
async def secret_of_streams(request: web.Request) -> web.Response:
    """What signs the events that are posted to the `callback_url`s of the key's streams."""
    holder, store = _holder(request), parts_of(request).store
    async with store.reading() as tx:
        found = await rows.secret_of(tx, holder)
    if found is None:
        async with store.writing() as tx:
            found = await rows.secret_or(tx, holder, drawn_secret())
    return web.json_response(_secret_json(found))


@routes.post("/v1/webhooks/secret")
async def replace_secret_of_streams(request: web.Request) -> web.Response:
    """The one so far signs beside the new one for a day."""
    return await _replaced(request, _holder(request))


@routes.get("/v1/webhooks/{id}")
async def one(request: web.Request) -> web.Response:
    endpoint = _endpoint(request)
    async with parts_of(request).store.reading() as tx:
        counts = await deliveries.counts(tx, [endpoint.id])
    return web.json_response(webhook_json(endpoint, counts))


@routes.delete("/v1/webhooks/{id}")
async def remove(request: web.Request) -> web.Response:
    """What is owed to it goes with it."""
    await parts_of(request).webhooks.endpoints.remove(_endpoint(request))
    return web.Response(status=204)


@routes.post("/v1/webhooks/{id}/secret")
async def replace_secret(request: web.Request) -> web.Response:
    """The one so far signs beside the new one for a day."""
    return await _replaced(request, _endpoint(request).id)


@routes.post("/v1/webhooks/{id}/enable")
async def enable(request: web.Request) -> web.Response:
    """Have events sent from now on to one that was disabled; what it missed meanwhile is not."""
    parts = parts_of(request)
    endpoint = await parts.webhooks.endpoints.enable(_endpoint(request))
    if endpoint is None:
        raise _unknown()
    async with parts.store.reading() as tx:
        counts = await deliveries.counts(tx, [endpoint.id])
    return web.json_response(webhook_json(endpoint, counts))


def webhook_json(endpoint: Endpoint, counts: Mapping[tuple[str, DeliveryState], int]) -> Json:
    return {
        "id": endpoint.id,
        "url": redact(endpoint.url),
        "types": sorted(endpoint.kinds or USUAL),
        "streams": list(endpoint.streams) or None,
        "created": timestamp(endpoint.created_s),
        "disabled": endpoint.disabled,
        "pending": counts.get((endpoint.id, DeliveryState.PENDING), 0),
        "failed": counts.get((endpoint.id, DeliveryState.FAILED), 0),
    }


async def _replaced(request: web.Request, holder: str) -> web.Response:
    parts = parts_of(request)
    async with parts.store.writing() as tx:
        replaced = await rows.replace_secret(tx, holder, drawn_secret(), now_s=time.time())
    return web.json_response(_secret_json(replaced))


def _secret_json(secret: Secret) -> Json:
    until_s = None if secret.previous is None else secret.previous_until_s
    return {"secret": secret.current, "previous_until": None if until_s is None else timestamp(until_s)}


def _key(request: web.Request) -> Caller:
    """Who calls, with a key: what a browser's token makes would outlive it."""
    caller = caller_of(request)
    if caller.by_token:
        raise Problem(403, "Webhooks are for keys, not for tokens.", code="scope_missing")
    return caller


def _holder(request: web.Request) -> str:
    caller = _key(request)
    of_service = OF_SERVICE.read(request)
    if of_service and not caller.sees_all:
        raise Problem(403, "The service's own secret is for keys with the scope admin.", code="scope_missing")
    return secret_of_key(None if of_service else caller.key_id)


def _endpoint(request: web.Request) -> Endpoint:
    """The webhook that the path names. Raises `Problem` 404, also for another key's."""
    endpoint = parts_of(request).webhooks.endpoints.find(request.match_info["id"])
    if endpoint is None or not _owns(_key(request), endpoint):
        raise _unknown()
    return endpoint


def _unknown() -> Problem:
    return Problem(404, "There is no webhook of this id.", code="webhook_unknown")


def _owns(caller: Caller, endpoint: Endpoint) -> bool:
    return caller.sees_all or caller.key_id == endpoint.key_id
