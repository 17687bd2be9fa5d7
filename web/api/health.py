"""Liveness, readiness and metrics."""

from aiohttp import web

from .parts import parts_of

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The event loop turns."""
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Whether streams can be taken: 503 with the reasons if not."""
    parts = parts_of(request)
    reasons = []
    if not parts.workers.ready:
        reasons.append("not every decoder process is up")
    if parts.registry.closing:
        reasons.append("the service is stopping")
    if not await parts.store.writable():
        reasons.append("the store cannot be written")
    if not parts.hub.journal_ok:
        reasons.append("events are sent before they are stored, since the store is too slow or fails")
    detector = parts.detector
    body = {
        "status": "unavailable" if reasons else "ready",
        "reasons": reasons,
        "model": {
            "name": detector.name,
            "version": detector.version,
            "provider": detector.provider,
            "variant": detector.variant,
        },
    }
    return web.json_response(body, status=503 if reasons else 200)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    body, headers = parts_of(request).metrics.render()
    return web.Response(body=body, headers=headers)
