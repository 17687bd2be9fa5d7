"""Opens what posts events and results to receivers, in order, and closes it in the opposite one; no logic."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from ..access.access import Access
from ..settings import Settings
from ..store.store import Store
from .dispatcher import AT_ONCE, Dispatcher
from .endpoints import Endpoints
from .ledger import Ledger
from .posting import Poster

_LAST_WRITES_S = 1.0


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The parts: who is told, what is owed on its way to the store, and what sends it from there."""

    endpoints: Endpoints
    ledger: Ledger
    dispatcher: Dispatcher


@asynccontextmanager
async def open_webhooks(settings: Settings, store: Store, access: Access) -> AsyncIterator[Webhooks]:
    """What an earlier service owed is sent first. At the end what is owed is written down. Raises `StoreError`."""
    endpoints = Endpoints(store, active=access.has)
    await endpoints.load()
    secret = settings.signing_secret
    with _resolving_threads() as threads:
        dispatcher = Dispatcher(
            store,
            Poster(egress_allow=settings.egress_allow, threads=threads),
            signing_secret=None if secret is None else secret.get_secret_value(),
            gone=endpoints.gone,
        )
        ledger = Ledger(store, endpoints, wake=dispatcher.wake, most_owed=settings.limits.webhook_queue)
        async with _going_on(dispatcher.run, "callbacks"), _going_on(endpoints.run, "webhooks"), _writing(ledger):
            with access.watching(endpoints.look):
                yield Webhooks(endpoints, ledger, dispatcher)


@contextmanager
def _resolving_threads() -> Iterator[ThreadPoolExecutor]:
    """As many as are sent at once, so that names which nobody resolves hold up no others. Each ends within seconds."""
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gorewatch-hosts")
    try:
        yield threads
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def _writing(ledger: Ledger) -> AsyncIterator[None]:
    async with _going_on(ledger.run, "ledger") as task:
        try:
            yield
        finally:
            ledger.finish()
            await asyncio.wait({task}, timeout=_LAST_WRITES_S)
            ledger.tell_lost()


@asynccontextmanager
async def _going_on(run: Callable[[], Coroutine[None, None, None]], name: str) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(run(), name=name)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
