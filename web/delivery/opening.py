"""Opens what posts events and results to receivers, in order, and closes it in the opposite one; no logic."""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from ..access.access import Access
from ..background import going_on
from ..settings import Settings
from ..store.store import Store
from .delivery import Delivery
from .dispatcher import AT_ONCE, Dispatcher
from .endpoints import Endpoints
from .ledger import Ledger
from .posting import Poster


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The parts: who is told, what is owed, and what sends it from the store."""

    endpoints: Endpoints
    ledger: Ledger
    dispatcher: Dispatcher


@asynccontextmanager
async def open_webhooks(settings: Settings, store: Store, access: Access) -> AsyncIterator[Webhooks]:
    """What an earlier service owed is sent first. To be left after the last event was written. Raises `StoreError`."""
    endpoints = Endpoints(store, revoked=access.revoked)
    await endpoints.load()
    async with open_dispatcher(settings, store, gone=endpoints.gone) as dispatcher:
        ledger = Ledger(
            store,
            endpoints,
            wake=dispatcher.wake,
            usual_url=settings.policy.callback_url,
            most_owed=settings.limits.webhook_queue,
        )
        async with going_on(endpoints.run, "webhooks"), going_on(ledger.run, "ledger"):
            with access.watching(endpoints.look):
                try:
                    yield Webhooks(endpoints, ledger, dispatcher)
                finally:
                    await endpoints.settle()


@asynccontextmanager
async def open_dispatcher(
    settings: Settings, store: Store, *, gone: Callable[[Delivery], None]
) -> AsyncIterator[Dispatcher]:
    """It sends, unless the settings leave that to other nodes."""
    secret = settings.signing_secret
    with _resolving_threads() as threads:
        dispatcher = Dispatcher(
            store,
            Poster(egress_allow=settings.egress_allow, threads=threads),
            signing_secret=None if secret is None else secret.get_secret_value(),
            gone=gone,
        )
        if not settings.send_webhooks:
            yield dispatcher
            return
        async with going_on(dispatcher.run, "callbacks"):
            yield dispatcher


@contextmanager
def _resolving_threads() -> Iterator[ThreadPoolExecutor]:
    """As many as are sent at once, so that names which nobody resolves hold up no others. Each ends within seconds."""
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gorewatch-hosts")
    try:
        yield threads
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
