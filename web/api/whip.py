"""`/whip/{name}`: WebRTC ingest by RFC 9725, with trickle ICE and ICE restarts."""

from aiohttp import ETag, web

from stream.errors import CodecUnsupported, OfferInvalid, Overloaded, SourceError
from stream.ice import IceOptions
from stream.sdp_fragment import MOST_FRAGMENT_BYTES, Fragment, FragmentInvalid, parse_fragment

from ..names import NameTaken, NotAccepted, TooManyPublishers
from ..publishing import Publishing
from ..running import Stream
from .auth import caller_of, for_another_stream
from .body import read_body
from .fields import check_name
from .parts import parts_of
from .problems import Problem
from .streams import not_accepted

_SDP = "application/sdp"
_FRAGMENT = "application/trickle-ice-sdpfrag"
_MOST_BYTES = 64 * 1024
_SESSION = "/whip/{name}/{session}"
_STATUS = {OfferInvalid.code: 400, CodecUnsupported.code: 406, Overloaded.code: 503}
_EXPOSED = "Location, ETag, Link, Accept-Patch, X-Request-Id"
"""Cross-origin pages are let in by configuration; what they may read is the same for all."""
_VACANT_AFTER_S = "3"
_LATER_S = "10"

routes = web.RouteTableDef()


@routes.post("/whip/{name}")
async def publish(request: web.Request) -> web.Response:
    parts = parts_of(request)
    name = check_name(request.match_info["name"], field="name")
    caller = caller_of(request)
    if caller.stream not in (None, name):
        raise for_another_stream()
    offer = await _body(request, _SDP, most_bytes=_MOST_BYTES)
    if not offer.startswith("v=0"):
        raise Problem(400, "The body is not SDP: it does not begin with v=0.", code=OfferInvalid.code)
    try:
        publishing, answer = await parts.registry.receive(
            offer, name=name, policy=parts.settings.policy, owner=caller.key_id
        )
    except NotAccepted as error:
        raise _refused(error) from error
    except SourceError as error:
        status = _STATUS.get(error.code, 503)
        later = {"Retry-After": _LATER_S} if status == 503 else {}
        raise Problem(status, str(error), code=error.code, headers=later) from error
    response = web.Response(status=201, body=answer.encode(), content_type=_SDP)
    response.headers["Location"] = _SESSION.format(name=name, session=publishing.session)
    response.headers["Accept-Patch"] = _FRAGMENT
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.etag = publishing.etag
    for link in ice_links(parts.settings.ice):
        response.headers.add("Link", link)
    return response


@routes.patch(_SESSION)
async def trickle(request: web.Request) -> web.Response:
    """Candidates that come after the offer, or the credentials of a new ICE session."""
    _, publishing = _session(request)
    text = await _body(request, _FRAGMENT, most_bytes=MOST_FRAGMENT_BYTES)
    tags = request.if_match
    if not tags:
        raise Problem(428, 'If-Match must carry the ETag of the session, or "*" to restart ICE.')
    try:
        fragment = parse_fragment(text)
    except FragmentInvalid as error:
        raise Problem(400, f"The body is no fragment of ICE: {error}", code="fragment_invalid") from error
    if any(tag.value == "*" for tag in tags):
        return await _restart(publishing, fragment, text)
    if ETag(publishing.etag) not in tags:
        raise Problem(412, "Another ICE session has begun since this ETag was given.", code="etag_mismatch")
    publishing.source.trickle(text)
    response = web.Response(status=204)
    response.etag = publishing.etag
    return response


@routes.delete(_SESSION)
async def end(request: web.Request) -> web.Response:
    """Ends the session; gone already is as good."""
    registry = parts_of(request).registry
    stream, _ = _session(request)
    await registry.end(stream)
    return web.Response(status=200)


@routes.options("/whip/{name}")
async def options(_: web.Request) -> web.Response:
    return web.Response(status=204, headers={"Accept-Post": _SDP, "Allow": "POST, OPTIONS"})


@routes.options(_SESSION)
async def session_options(_: web.Request) -> web.Response:
    return web.Response(status=204, headers={"Accept-Patch": _FRAGMENT, "Allow": "PATCH, DELETE, OPTIONS"})


def ice_links(ice: IceOptions) -> list[str]:
    """`Link` headers that tell a publisher the operator's STUN and TURN servers."""
    links = []
    for server in ice.servers:
        link = f'<{server}>; rel="ice-server"'
        if server.startswith("turn") and ice.username is not None and ice.credential is not None:
            link += f'; username="{ice.username}"; credential="{ice.credential}"; credential-type="password"'
        links.append(link)
    return links


async def _restart(publishing: Publishing, fragment: Fragment, text: str) -> web.Response:
    if fragment.ufrag is None or fragment.pwd is None:
        raise Problem(400, "An ICE restart needs ice-ufrag and ice-pwd.", code="fragment_invalid")
    answer = await publishing.source.restart_ice(text)
    if answer is None:
        # The session goes on as it was: the publisher may try again, or end it.
        raise Problem(422, "ICE cannot be restarted with these credentials.", code="restart_refused")
    publishing.new_etag()
    response = web.Response(status=200, body=answer.encode(), content_type=_FRAGMENT)
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.etag = publishing.etag
    return response


def _session(request: web.Request) -> tuple[Stream, Publishing]:
    registry = parts_of(request).registry
    found = registry.publishing(request.match_info["name"], request.match_info["session"])
    if found is None or not caller_of(request).sees(found[0].owner, found[0].name):
        raise Problem(404, "There is no such session, or it has ended.", code="session_unknown")
    return found


def _refused(error: NotAccepted) -> Problem:
    match error:
        case NameTaken():
            # Whoever was cut off and comes back is let in once the service has noticed.
            return Problem(409, str(error), code="name_taken", headers={"Retry-After": _VACANT_AFTER_S})
        case TooManyPublishers():
            return Problem(503, str(error), code="too_many_publishers", headers={"Retry-After": _LATER_S})
    return not_accepted(error)


async def _body(request: web.Request, content_type: str, *, most_bytes: int) -> str:
    if request.content_type != content_type:
        header = "Accept-Post" if content_type == _SDP else "Accept-Patch"
        raise Problem(415, f"The body must come as Content-Type: {content_type}.", headers={header: content_type})
    body = await read_body(request)
    if len(body) > most_bytes:
        raise Problem(413, f"The body is longer than {most_bytes} bytes.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, "The body is not SDP.", code=OfferInvalid.code) from error
