"""A node that people and programs talk to and that watches nothing.

It sends events from the log, and what is owed to webhooks from the store, forwards the rest, and keeps no state: any
number of them may stand behind a load balancer.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ..access.access import Access, open_access
from ..api import auth, feed, pages, problems, requests
from ..api.openapi import routes as documents
from ..api.parts import BASICS, Basics
from ..delivery.dispatcher import Dispatcher
from ..delivery.hub import Hub, open_hub
from ..delivery.opening import open_dispatcher
from ..delivery.seats import Seats
from ..listening import base_url, check_exposure, listen
from ..metrics.delivery import of_attempts, of_events
from ..metrics.services import of_services
from ..server import Runner
from ..settings import ConfigError, Settings
from ..store.store import Store, open_store
from .opening import MEMORY, followed_log
from .routing import Way, route
from .upstream import Upstream, open_upstream

_SHUTDOWN_S = 0.4
_UPSTREAM = web.AppKey("upstream", Upstream)
_STORE = web.AppKey("store", Store)
_METRICS = web.AppKey("metrics", CollectorRegistry)

routes = web.RouteTableDef()


@asynccontextmanager
async def web_node(settings: Settings) -> AsyncIterator[str]:
    """The whole node; yields its address.

    Raises `ConfigError`, and `web.store.errors.StoreError` where the store or NATS does not answer.
    """
    if settings.bus == MEMORY or settings.store is None or not settings.upstream:
        raise ConfigError("A web node (upstream) needs the store and the bus of the service: set store and bus, too.")
    limits = settings.limits
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.store))
        access = await stack.enter_async_context(open_access(store))
        check_exposure(settings, access)
        log = await stack.enter_async_context(followed_log(settings))
        hub = await stack.enter_async_context(
            open_hub(history_events=limits.history_events, queue_limit=limits.subscriber_queue, log=log)
        )
        upstream = await stack.enter_async_context(open_upstream(settings.upstream, access.ticket))
        dispatcher = None
        if settings.send_webhooks and store.shared:
            # Who owes what is the service's business, which reads anew of whom nothing is wanted any more.
            dispatcher = await stack.enter_async_context(open_dispatcher(settings, store, gone=lambda _: None))
        runner = Runner(_app(settings, access, hub, upstream, store, dispatcher), shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(hub.aclose)
        site = await listen(runner, settings)
        stack.push_async_callback(site.stop)
        yield base_url(runner)


def _app(
    settings: Settings, access: Access, hub: Hub, upstream: Upstream, store: Store, dispatcher: Dispatcher | None
) -> web.Application:
    # The body of what is forwarded is bounded where it is read.
    app = web.Application(
        middlewares=[requests.requests, _forwarded, problems.problems, auth.same_site, auth.credentials]
    )
    seats = Seats(most=settings.limits.max_subscribers, most_of_one=settings.limits.key_subscribers)
    app[BASICS] = Basics(settings=settings, access=access, hub=hub, seats=seats)
    app[_UPSTREAM] = upstream
    app[_STORE] = store
    app[_METRICS] = _metrics(hub, seats, upstream, dispatcher)
    for resource in (feed, documents):
        app.router.add_routes(resource.routes)
    app.router.add_routes(routes)
    pages.add_pages(app)
    app.on_response_prepare.append(_across_sites)
    return app


@web.middleware
async def _forwarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    if _is_ours(request):
        return await handler(request)
    return await request.app[_UPSTREAM].forward(request)


async def _across_sites(request: web.Request, response: web.StreamResponse) -> None:
    # An answer that was forwarded has these headers already.
    if _is_ours(request):
        await auth.add_cors_headers(request, response)


def _is_ours(request: web.Request) -> bool:
    return route(request.method, request.path, {}).rule.way is Way.HERE


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The event loop turns."""
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Whether clients can be served: 503 with the reasons if not."""
    reasons = []
    if not await request.app[_STORE].writable():
        reasons.append("the store cannot be written")
    if not request.app[BASICS].hub.log_ok:
        reasons.append("no events come from NATS, which does not answer")
    reasons += await request.app[_UPSTREAM].reasons()
    body = {"status": "unavailable" if reasons else "ready", "reasons": reasons}
    return web.json_response(body, status=503 if reasons else 200)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    body = generate_latest(request.app[_METRICS])
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _metrics(hub: Hub, seats: Seats, upstream: Upstream, dispatcher: Dispatcher | None) -> CollectorRegistry:
    class Node(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from of_events(hub, seats)
            yield of_services(upstream.services.up)
            if dispatcher is not None:
                yield from of_attempts(dispatcher)

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Node())
    return registry
