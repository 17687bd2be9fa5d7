"""What stands before the pool and the scorer, built in order as contexts that are left in the opposite one."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from inference.events import Event

from .access.access import Access
from .api.application import build_app
from .api.compat.opening import open_compat
from .api.parts import Detector, Parts, Scoring, Workers
from .around import Engine, Lane, Pool
from .background import going_on
from .cluster.hosting.hosts import Hosts
from .cluster.opening import Bus, open_bus
from .delivery.hub import Hub, open_hub
from .delivery.journal import Journal
from .delivery.opening import open_webhooks
from .delivery.seats import Seats
from .engine import LocalEngine
from .heats import Heats
from .jobs.opening import running_jobs
from .listening import base_url, listen
from .metrics.exposition import Metrics
from .recording.interrupted import owed_events
from .recording.opening import Recording, open_recording
from .registry import Registry
from .resuming import Resuming
from .revoking import ending_what_is_revoked
from .running import Stream
from .server import Runner
from .settings import Settings
from .store.regions import take_over
from .store.store import Store
from .terms import Terms
from .whatif.opening import open_replays

_HANDLERS_TIMEOUT_S = 0.4
"""For requests in progress to end by themselves; as long again after they are cancelled."""
_OPENED_BY_A_WORKER = 32
"""Or by a host, whose workers are not known here. All at once would keep those that are live from their turn."""
_log = logging.getLogger("gorewatch.service")


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs."""

    url: str
    """Where this machine reaches it."""
    registry: Registry
    hub: Hub
    ousted: asyncio.Event
    """Another service took over the store."""


class OpeningPool(Pool, Workers, Protocol):
    """`stream.pool.WorkerPool`, or what stands for it."""


class LaneScorer(Scoring, Protocol):
    """`inference.scorer.Scorer`, or what stands for it."""

    def lane(self) -> Lane: ...


@asynccontextmanager
async def front(
    settings: Settings,
    *,
    store: Store,
    access: Access,
    pool: OpeningPool,
    scorer: LaneScorer,
    detector: Detector,
    engine: Engine | None = None,
    hosts: Hosts | None = None,
    journal: Journal | None = None,
    first: Callable[[Registry], None] | None = None,
) -> AsyncIterator[Service]:
    """All that stands before the pool and the scorer: the registry, the hub and HTTP.

    Streams are watched by `engine`, which may have `hosts`, or else by the pool and the scorer. Events are kept in
    `journal`, or else in the store. `first` may add streams before those of an earlier service are taken up.
    """
    engine = engine or LocalEngine(pool, scorer)
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        async with store.writing() as tx:
            await take_over(tx, settings.region)
        hooks = await stack.enter_async_context(open_webhooks(settings, store, access))
        recording = await stack.enter_async_context(
            open_recording(settings, store, lambda media_id: registry.media(media_id), along=[hooks.ledger])
        )
        bus = await stack.enter_async_context(
            open_bus(settings, store, describe=recording.describe, along=[hooks.ledger])
        )
        hub = await stack.enter_async_context(_hub(settings, journal or recording.journal, bus))
        registry = _registry(settings, engine, metrics=metrics, hub=hub, recording=recording)
        await _close_interrupted(store, hub, region=settings.region)
        replays = await stack.enter_async_context(
            open_replays(settings, store=store, registry=registry, flush=recording.recorder.flush)
        )
        parts = Parts(
            settings=settings,
            detector=detector,
            workers=pool,
            registry=registry,
            hub=hub,
            metrics=metrics,
            store=store,
            access=access,
            seats=Seats(most=settings.limits.max_subscribers, most_of_one=settings.limits.key_subscribers),
            pictures=recording.pictures,
            standing=recording.standing,
            heats=None if detector.heat_px is None else Heats(scorer.lane(), detector.heat_px),
            replays=replays,
            webhooks=hooks,
            bus=bus,
            hosts=hosts,
        )
        metrics.watch(parts, recorder=recording.recorder, scorer=scorer)
        yield await stack.enter_async_context(_before(parts, metrics, pool=pool, new_lane=scorer.lane, first=first))


@asynccontextmanager
async def _before(
    parts: Parts,
    metrics: Metrics,
    *,
    pool: Pool,
    new_lane: Callable[[], Lane],
    first: Callable[[Registry], None] | None,
) -> AsyncIterator[Service]:
    """What stands before the parts: the compatible API with its jobs, and HTTP."""
    settings, registry, resuming = parts.settings, parts.registry, _resuming(parts)
    async with AsyncExitStack() as stack:
        behind_compat = await stack.enter_async_context(
            open_compat(
                settings,
                store=parts.store,
                registry=registry,
                pool=pool,
                new_lane=new_lane,
                owed=parts.webhooks.dispatcher.wake,
                checked=metrics.checks.observe,
            )
        )
        metrics.watch_calls(behind_compat)
        runner = Runner(build_app(parts, behind_compat), shutdown_timeout=_HANDLERS_TIMEOUT_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(parts.hub.aclose)
        stack.push_async_callback(registry.aclose)
        if first is not None:
            first(registry)
        if settings.resume:
            await resuming.begin()
        await stack.enter_async_context(
            running_jobs(settings, behind_compat.jobs, store=parts.store, folder=behind_compat.media)
        )
        await stack.enter_async_context(ending_what_is_revoked(parts.access, registry))
        site = await listen(runner, settings)
        stack.push_async_callback(site.stop)
        await stack.enter_async_context(going_on(resuming.run, "resuming"))
        yield Service(base_url(runner), registry, parts.hub, parts.store.ousted)


def _hub(settings: Settings, journal: Journal, bus: Bus | None) -> AbstractAsyncContextManager[Hub]:
    limits = settings.limits
    return open_hub(
        history_events=limits.history_events,
        queue_limit=limits.subscriber_queue,
        unkept_events=limits.unkept_events,
        journal=journal if bus is None else None,
        log=None if bus is None else bus.log,
    )


async def _close_interrupted(store: Store, hub: Hub, *, region: str) -> None:
    """Tell what an earlier service that broke off did not: how its media and incidents ended."""
    for owed in await owed_events(store, at_s=time.time(), region=region):
        _log.warning("%s was being watched when an earlier service broke off", owed.facts.name or owed.facts.stream_id)
        for event in owed.events:
            hub.publish(owed.facts.stream_id, owed.facts.ref.media_id, event, owner=owed.facts.owner)


def _resuming(parts: Parts) -> Resuming:
    return Resuming(
        store=parts.store,
        registry=parts.registry,
        standing=parts.standing,
        access=parts.access,
        max_streams=parts.settings.limits.max_streams,
        room=partial(_room_to_open, parts.settings, parts.hosts),
        region=parts.settings.region,
    )


def _room_to_open(settings: Settings, hosts: Hosts | None) -> int:
    """How many streams may be being opened at once, of many that are there for it."""
    if hosts is None:
        return _OPENED_BY_A_WORKER * settings.workers
    return 0 if hosts.full else _OPENED_BY_A_WORKER * sum(host.takes_streams for host in hosts)


def _registry(settings: Settings, engine: Engine, *, metrics: Metrics, hub: Hub, recording: Recording) -> Registry:
    def publish(stream: Stream, event: Event) -> None:
        metrics.observe(event, monotonic_s=time.monotonic())
        hub.publish(stream.id, stream.media.media_id, event, owner=stream.owner)
        if (peak := stream.peaks.told(event)) is not None:
            recording.pictures.add(peak)

    return Registry(
        engine=engine,
        publish=publish,
        keeping=recording.recorder,
        standing=recording.standing,
        max_streams=settings.limits.max_streams,
        max_publishers=settings.limits.max_publishers,
        terms=Terms(
            egress_allow=settings.egress_allow,
            decode_errors_per_min=settings.limits.decode_errors_per_minute,
            decoder=settings.decoder,
        ),
    )
