"""Who asks for what an event told of finds it: with a bus, events reach subscribers before the store."""

from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler

from .parts import parts_of

_ABOUT = ("/v1/incidents", "/v1/media")
_PATIENCE_S = 1.0


@web.middleware
async def settled(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Wait until the events that subscribers have are stored, within a second; then answer with what there is."""
    parts = parts_of(request)
    if parts.bus is not None and not parts.bus.recorder.failing and request.path.startswith(_ABOUT):
        with suppress(TimeoutError):
            await parts.bus.recorder.reached(parts.hub.newest, within_s=_PATIENCE_S)
    return await handler(request)
