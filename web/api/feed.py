"""`GET /v1/events`: the events as they happen, over a WebSocket or as server-sent events."""

from aiohttp import hdrs, web

from ..access.caller import Caller
from ..delivery.cloudevents import FEED_TYPES, format_id, parse_id
from ..delivery.filters import Filter
from ..delivery.seats import NoSeat
from ..policies import FieldError
from .auth import caller_of
from .feed_asked import Asked
from .feed_socket import new_socket, talk
from .feed_stream import EVENT_STREAM, stream
from .parts import basics_of
from .problems import Problem, unprocessable

_LATER_S = "5"

routes = web.RouteTableDef()


@routes.get("/v1/events", allow_head=False)
async def events(request: web.Request) -> web.StreamResponse:
    caller, parts = caller_of(request), basics_of(request)
    streamed = EVENT_STREAM in request.headers.get(hdrs.ACCEPT, "").lower() and hdrs.UPGRADE not in request.headers
    asked = Asked(caller, _filter(request, caller), _since(request, header="Last-Event-ID" if streamed else None))
    socket = None if streamed else new_socket(request, compress=parts.settings.event_compression)
    try:
        with parts.seats.one(caller.key_id):
            if socket is None:
                return await stream(request, parts, asked)
            try:
                await socket.prepare(request)
            except ConnectionError:
                # The client left before it was answered: nobody reads this.
                return web.Response()
            return await talk(request, socket, parts, asked)
    except NoSeat as error:
        status = 429 if error.of_the_key else 503
        raise Problem(status, str(error), code="too_many_subscribers", headers={"Retry-After": _LATER_S}) from error


def _filter(request: web.Request, caller: Caller) -> Filter:
    kinds = request.query.getall("type", [])
    unknown = [kind for kind in kinds if kind not in FEED_TYPES]
    if unknown:
        raise unprocessable([FieldError("type", f"must be one of {', '.join(FEED_TYPES)}")])
    return Filter(
        streams=frozenset(request.query.getall("stream", [])),
        kinds=frozenset(kinds),
        owners=None if caller.sees_all else frozenset({None, caller.key_id}),
        only_stream=caller.stream,
    )


def _since(request: web.Request, *, header: str | None) -> int | None:
    """The header goes first: a client that comes back by itself asks the same query as at first."""
    name, text = "since", request.query.get("since")
    if header is not None and header in request.headers:
        name, text = header, request.headers[header]
    if text is None:
        return None
    number = parse_id(text)
    if number is None:
        message = f"must be the id of an event, such as {format_id(42)}"
        raise Problem(400, f"{name} {message}.", errors=[FieldError(name, message)])
    return number
