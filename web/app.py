"""Builds the parts of the service in order, as contexts that are left in the opposite order; no logic."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from aiohttp import web

from inference.events import Event
from inference.model import Model
from inference.scorer import Scorer
from inference.sizing import sizing
from stream.address import parse
from stream.errors import SourceError
from stream.pool import WorkerPool
from stream.setup import WorkerLimits

from .access.access import Access, open_access
from .api import (
    auth,
    callbacks,
    feed,
    health,
    incidents,
    media,
    pages,
    preview,
    problems,
    report,
    requests,
    reviews,
    streams,
    thumbnail,
    tokens,
    views,
    whip,
)
from .api.compat.middleware import compat
from .api.compat.opening import open_compat
from .api.compat.parts import COMPAT, Compat
from .api.compat.routes import add_routes as add_compat_routes
from .api.openapi import routes as openapi
from .api.parts import PARTS, Detector, Parts, Scoring, Workers
from .configuration import unknown_variables
from .delivery.hub import Hub, open_hub
from .delivery.journal import Journal
from .delivery.seats import Seats
from .jobs.opening import running_jobs
from .metrics.exposition import Metrics
from .names import NAME, NotAccepted
from .recording.interrupted import owed_events
from .recording.opening import Recording, open_recording
from .registry import Lane, Pool, Registry
from .revoking import ending_what_is_revoked
from .running import Stream
from .server import Runner
from .settings import ConfigError, Settings
from .store.sole import sole_service
from .store.store import Store, open_store

_MOST_BODY_BYTES = 256 * 1024
_HANDLERS_TIMEOUT_S = 0.4
"""For requests in progress to end by themselves; as long again after they are cancelled."""
_DRAIN_TIMEOUT_S = 0.5
_log = logging.getLogger("gorewatch.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSource:
    """A source that the operator names at the start; trusted, so it may lie anywhere."""

    name: str
    url: str
    paced: bool = False
    """Read a stored file at its own speed, as if it were live."""
    loop: bool = False
    """Start a stored file again when it ends."""
    shown: str | None = None
    """What people see in place of the address."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs."""

    url: str
    """Where this machine reaches it."""
    registry: Registry
    hub: Hub


class OpeningPool(Pool, Workers, Protocol):
    """`stream.pool.WorkerPool`, or what stands for it."""


class LaneScorer(Scoring, Protocol):
    """`inference.scorer.Scorer`, or what stands for it."""

    def lane(self) -> Lane: ...


def build_app(parts: Parts, behind_compat: Compat) -> web.Application:
    """The HTTP interface in front of the parts."""
    app = web.Application(
        middlewares=[requests.requests, problems.problems, auth.same_site, auth.credentials, compat],
        client_max_size=_MOST_BODY_BYTES,
    )
    app[PARTS] = parts
    app[COMPAT] = behind_compat
    app[report.TURNS] = report.new_turns()
    add_compat_routes(app)
    for resource in (streams, media, report, incidents, reviews, thumbnail, whip, feed, preview):
        app.router.add_routes(resource.routes)
    for resource in (views, tokens, callbacks, health, openapi):
        app.router.add_routes(resource.routes)
    pages.add_pages(app)
    app.on_response_prepare.append(auth.add_cors_headers)
    return app


async def serve(
    settings: Settings, sources: Sequence[NamedSource] = (), *, ready: Callable[[str], None] | None = None
) -> None:
    """Run the service until SIGINT or SIGTERM, then end it in order. `ready` is given its address once it answers.

    Raises `ConfigError`, `web.store.errors.StoreError`, `inference.manifest.ModelError` or `stream.errors.SourceError`
    when it cannot start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with service(settings) as running:
            add_sources(running.registry, sources, settings)
            if ready is not None:
                ready(running.url)
            await stop.wait()
            _log.info("stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator[Service]:
    """The whole service. It ends in the opposite order; `docs/operations.md` has that as a list."""
    async with AsyncExitStack() as stack:
        stack.enter_context(sole_service(settings.store_url))
        store = await stack.enter_async_context(open_store(settings.store_url))
        access = await stack.enter_async_context(open_access(store))
        check_exposure(settings, access)
        model = await stack.enter_async_context(_model(settings))
        # Decoding needs the other half of the processors.
        sizes = sizing(model.provider, cpus=(os.cpu_count() or 2) // 2)
        scorer = Scorer(model, max_batch=sizes.max_batch, max_wait_s=sizes.max_wait_s, threads=sizes.threads)
        scorer.start()
        stack.push_async_callback(scorer.aclose, _DRAIN_TIMEOUT_S)
        await scorer.ready()
        size = model.manifest.input
        limits = WorkerLimits(
            sources=settings.limits.worker_streams,
            memory_bytes=settings.limits.worker_memory_mb * 1_000_000,
            address_space=settings.decoder == "cpu",
        )
        pool = await stack.enter_async_context(
            WorkerPool(settings.workers, width_px=size.width, height_px=size.height, limits=limits, ice=settings.ice)
        )
        detector = Detector(model.manifest.name, model.manifest.version, model.provider, model.variant)
        yield await stack.enter_async_context(
            front(settings, store=store, access=access, pool=pool, scorer=scorer, detector=detector)
        )


@asynccontextmanager
async def front(
    settings: Settings,
    *,
    store: Store,
    access: Access,
    pool: OpeningPool,
    scorer: LaneScorer,
    detector: Detector,
    journal: Journal | None = None,
) -> AsyncIterator[Service]:
    """All that stands before the pool and the scorer: the registry, the hub and HTTP.

    Events are kept in `journal`, or else in the store.
    """
    limits, metrics = settings.limits, Metrics()
    async with AsyncExitStack() as stack:
        recording = await stack.enter_async_context(
            open_recording(settings, store, lambda media_id: registry.media(media_id))
        )
        hub = await stack.enter_async_context(_hub(settings, journal or recording.journal))
        registry = _registry(settings, pool=pool, scorer=scorer, metrics=metrics, hub=hub, recording=recording)
        await _close_interrupted(store, hub)
        seats = Seats(most=limits.max_subscribers, most_of_one=limits.key_subscribers)
        metrics.watch(
            registry=registry,
            hub=hub,
            seats=seats,
            recorder=recording.recorder,
            pictures=recording.pictures,
            scorer=scorer,
            workers=pool,
        )
        parts = Parts(settings, detector, pool, registry, hub, metrics, store, access, seats, recording.pictures)
        behind_compat = await stack.enter_async_context(
            open_compat(
                settings,
                store=store,
                registry=registry,
                pool=pool,
                new_lane=scorer.lane,
                checked=metrics.checks.observe,
            )
        )
        metrics.watch_calls(behind_compat)
        runner = Runner(build_app(parts, behind_compat), shutdown_timeout=_HANDLERS_TIMEOUT_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(hub.aclose)
        stack.push_async_callback(registry.aclose)
        await stack.enter_async_context(
            running_jobs(settings, behind_compat.jobs, store=store, folder=behind_compat.media)
        )
        await stack.enter_async_context(ending_what_is_revoked(access, registry))
        site = await _listen(runner, settings)
        stack.push_async_callback(site.stop)
        yield Service(_base_url(runner), registry, hub)


def _hub(settings: Settings, journal: Journal) -> AbstractAsyncContextManager[Hub]:
    limits = settings.limits
    return open_hub(
        history_events=limits.history_events,
        queue_limit=limits.subscriber_queue,
        unkept_events=limits.unkept_events,
        journal=journal,
    )


async def _close_interrupted(store: Store, hub: Hub) -> None:
    """Tell what an earlier service that broke off did not: how its media and incidents ended."""
    for owed in await owed_events(store, at_s=time.time()):
        _log.warning("%s was being watched when an earlier service broke off", owed.facts.name or owed.facts.stream_id)
        for event in owed.events:
            hub.publish(owed.facts.stream_id, owed.facts.ref.media_id, event, owner=owed.facts.owner)


def _registry(
    settings: Settings, *, pool: Pool, scorer: LaneScorer, metrics: Metrics, hub: Hub, recording: Recording
) -> Registry:
    def publish(stream: Stream, event: Event) -> None:
        metrics.observe(event, monotonic_s=time.monotonic())
        hub.publish(stream.id, stream.media.media_id, event, owner=stream.owner)
        if (peak := stream.peaks.told(event)) is not None:
            recording.pictures.add(peak)

    return Registry(
        pool=pool,
        new_lane=scorer.lane,
        publish=publish,
        keeping=recording.recorder,
        max_streams=settings.limits.max_streams,
        max_publishers=settings.limits.max_publishers,
        egress_allow=settings.egress_allow,
        decode_errors_per_min=settings.limits.decode_errors_per_minute,
        decoder=settings.decoder,
    )


def check_exposure(settings: Settings, access: Access) -> None:
    """Raise `ConfigError` rather than serve other machines without a key; say what is accepted."""
    for name in unknown_variables(os.environ):
        _log.warning("the environment has %s, which is no setting of this version; it is ignored", name)
    if not (access.has_keys or auth.is_loopback(settings.host)):
        raise ConfigError(
            f"Without a key the service listens on loopback alone, not on {settings.host}: "
            "make one with `gorewatch keys create`."
        )
    if access.open:
        _log.warning("no key was made yet: any credentials are accepted, from this machine alone")


def add_sources(registry: Registry, sources: Sequence[NamedSource], settings: Settings) -> None:
    """Start the operator's own sources. Raises `ConfigError` naming the one that cannot be."""
    for source in sources:
        try:
            registry.add(
                parse(source.url),
                name=check_name(source.name),
                policy=settings.policy,
                trusted=True,
                paced=source.paced,
                loop=source.loop,
                shown=source.shown,
            )
        except (SourceError, NotAccepted) as error:
            raise ConfigError(f"The source {source.name} cannot be added: {error}") from error


def check_name(name: str) -> str:
    """Raise `ConfigError` for what cannot be the name of a stream."""
    if NAME.fullmatch(name) is None:
        raise ConfigError(
            f"{name!r} cannot be a stream's name: use up to 64 of A-Z a-z 0-9 . _ - after a letter or digit."
        )
    return name


@asynccontextmanager
async def _model(settings: Settings) -> AsyncIterator[Model]:
    model = await asyncio.to_thread(Model.load, settings.model, provider=settings.provider, variant=settings.variant)
    try:
        yield model
    finally:
        model.close()


async def _listen(runner: web.AppRunner, settings: Settings) -> web.TCPSite:
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"Cannot listen on {settings.host} port {settings.port}: {reason}. Choose another with --host and --port."
        ) from error
    return site


def _base_url(runner: web.AppRunner) -> str:
    """An address that works on this machine, whatever was listened on."""
    host, port = runner.addresses[0][:2]
    if (address := ip_address(host)).is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
