"""`/whip/{name}`: WebRTC ingest by RFC 9725, without trickle: the offer carries its candidates."""

import secrets

from aiohttp import web

from stream.errors import CodecUnsupported, OfferInvalid, Overloaded, SourceError

from ..registry import NotAccepted
from .fields import check_name
from .parts import parts_of
from .problems import Problem
from .streams import not_accepted

_SDP = "application/sdp"
_MOST_BYTES = 64 * 1024
_SESSION = "/whip/{name}/{session}"
_STATUS = {OfferInvalid.code: 400, CodecUnsupported.code: 406, Overloaded.code: 503}

routes = web.RouteTableDef()


@routes.post("/whip/{name}")
async def publish(request: web.Request) -> web.Response:
    parts = parts_of(request)
    name = check_name(request.match_info["name"], field="name")
    offer = await _offer(request)
    try:
        stream, answer = await parts.registry.receive(offer, name=name, policy=parts.settings.policy)
    except NotAccepted as error:
        raise not_accepted(error) from error
    except SourceError as error:
        raise Problem(_STATUS.get(error.code, 503), str(error), code=error.code) from error
    headers = {
        "Location": _SESSION.format(name=name, session=stream.id),
        "ETag": f'"{secrets.token_urlsafe(12)}"',
        # Cross-origin pages are let in by configuration; what they may read is the same for all.
        "Access-Control-Expose-Headers": "Location, ETag, Link",
    }
    return web.Response(status=201, body=answer.encode(), content_type=_SDP, headers=headers)


@routes.options("/whip/{name}")
async def options(_: web.Request) -> web.Response:
    return web.Response(status=204, headers={"Accept-Post": _SDP, "Allow": "POST, OPTIONS"})


@routes.delete(_SESSION)
async def end(request: web.Request) -> web.Response:
    """Ends the session; gone already is as good."""
    registry = parts_of(request).registry
    stream = registry.stream(request.match_info["session"])
    if stream is None or not stream.pushed or stream.name != request.match_info["name"]:
        raise Problem(404, "There is no such session.", code="session_unknown")
    await registry.end(stream)
    return web.Response(status=200)


async def _offer(request: web.Request) -> str:
    if request.content_type != _SDP:
        raise Problem(415, f"The offer must come as Content-Type: {_SDP}.", headers={"Accept-Post": _SDP})
    body = await request.read()
    if len(body) > _MOST_BYTES:
        raise Problem(413, f"The offer is longer than {_MOST_BYTES} bytes.")
    try:
        offer = body.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, "The body is not SDP.", code=OfferInvalid.code) from error
    if not offer.startswith("v=0"):
        raise Problem(400, "The body is not SDP: it does not begin with v=0.", code=OfferInvalid.code)
    return offer
