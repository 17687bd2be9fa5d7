"""Liveness, readiness and metrics."""

import asyncio
import logging

from aiohttp import web

from ..cluster.hosting.hosts import Hosts
from ..store import counts
from ..store.errors import StoreError
from ..store.store import Store
from .parts import parts_of

_STORE_TIMEOUT_S = 2.0
_log = logging.getLogger("gorewatch.http")
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
    if parts.hosts is not None and not parts.hosts.ready:
        reasons.append(_no_host(parts.hosts))
    if parts.registry.closing:
        reasons.append("the service is stopping")
    if parts.store.ousted.is_set():
        reasons.append("another service has taken over the store")
    elif not await parts.store.writable():
        reasons.append("the store cannot be written")
    if not parts.hub.journal_ok:
        reasons.append(
            "events are sent before they are stored, since the store is too slow or fails"
            if parts.bus is None
            else "events wait for NATS, which does not answer"
        )
    if parts.bus is not None and parts.bus.recorder.failing:
        reasons.append("events wait in NATS to be stored, since the store fails")
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


def _no_host(hosts: Hosts) -> str:
    """Why none takes streams."""
    up = [host.up for host in hosts]
    if not up:
        return "no node of the cluster has room for streams"
    return f"no host takes streams; drained: {sum(up)}, not answering: {len(up) - sum(up)}"


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    parts = parts_of(request)
    body, headers = parts.metrics.render(await _kept(parts.store, parts.settings.region))
    return web.Response(body=body, headers=headers)


async def _kept(store: Store, region: str) -> counts.Kept | None:
    """None while the store does not answer: what is in it is then left out."""
    try:
        async with asyncio.timeout(_STORE_TIMEOUT_S), store.reading() as tx:
            return await counts.kept(tx, region=region)
    except StoreError as error:
        _log.error("what is in the store is left out of the metrics: %s", error)
    except TimeoutError:
        _log.error("what is in the store is left out of the metrics: it does not answer")
    return None
