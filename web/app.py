"""Builds the parts of the service in order, as contexts that are left in the opposite order; no logic."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from inference.model import Model
from inference.scorer import Scorer
from inference.sizing import sizing
from stream.address import parse
from stream.errors import SourceError
from stream.pool import WorkerPool
from stream.setup import WorkerLimits

from .access.access import open_access
from .api.parts import Detector
from .background import going_on
from .cluster.hosting.opening import open_engine
from .cluster.opening import MEMORY
from .cluster.web_node import web_node
from .data_folder import sole_in
from .engine import LocalEngine
from .front import Service, front
from .listening import check_exposure
from .names import NAME, NotAccepted
from .registry import Registry
from .settings import ConfigError, Settings
from .store.errors import StoreError
from .store.sole import open_sole_store
from .store.store import OUSTED, Store

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
class _Opened:
    """A node that answers."""

    url: str
    ousted: asyncio.Event
    """Another service took over the store."""


async def serve(
    settings: Settings, sources: Sequence[NamedSource] = (), *, ready: Callable[[str], None] | None = None
) -> None:
    """Run the service until SIGINT or SIGTERM, then end it in order. `ready` is given its address once it answers.

    Raises `ConfigError`, `web.store.errors.StoreError`, `inference.manifest.ModelError` or `stream.errors.SourceError`
    when it cannot start; `StoreError` also where it ended because another service took over the store.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with _opened(settings, sources) as opened, going_on(lambda: _stop_if(opened.ousted, stop), "ousted"):
            if ready is not None:
                ready(opened.url)
            await stop.wait()
            _log.info("stopping")
        if opened.ousted.is_set():
            raise StoreError(OUSTED)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _opened(settings: Settings, sources: Sequence[NamedSource]) -> AsyncIterator[_Opened]:
    """Either kind of node."""
    if not settings.upstream:
        async with service(settings, sources) as running:
            yield _Opened(running.url, running.ousted)
        return
    if sources:
        raise ConfigError("A web node (upstream) watches no sources; name them where the service runs.")
    async with web_node(settings) as url:
        yield _Opened(url, asyncio.Event())


@asynccontextmanager
async def service(settings: Settings, sources: Sequence[NamedSource] = ()) -> AsyncIterator[Service]:
    """The whole service. It ends in the opposite order; `docs/operations.md` has that as a list."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(_store(settings))
        stack.enter_context(sole_in(settings.data_dir))
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
        detector = Detector(
            model.manifest.name,
            model.manifest.version,
            model.provider,
            model.variant,
            heat_px=(size.width, size.height) if model.has_map else None,
        )
        engine, hosts = await stack.enter_async_context(open_engine(settings, LocalEngine(pool, scorer), limits))
        yield await stack.enter_async_context(
            front(
                settings,
                store=store,
                access=access,
                pool=pool,
                scorer=scorer,
                detector=detector,
                engine=engine,
                hosts=hosts,
                first=lambda registry: add_sources(registry, sources, settings),
            )
        )


async def _stop_if(ousted: asyncio.Event, stop: asyncio.Event) -> None:
    await ousted.wait()
    _log.error("%s", OUSTED)
    stop.set()


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


def _store(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """With the numbers of one event log for all, services of several regions write to one store."""
    return open_sole_store(settings.store_url, region=settings.region, sharing=settings.bus != MEMORY)


@asynccontextmanager
async def _model(settings: Settings) -> AsyncIterator[Model]:
    model = await asyncio.to_thread(Model.load, settings.model, provider=settings.provider, variant=settings.variant)
    try:
        yield model
    finally:
        model.close()
