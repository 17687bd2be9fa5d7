"""The webhooks of all keys in memory, as the store has them: what is owed for an event is known without asking it.

What other nodes change in a server's store is noticed within about a second.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import TypeVar

from ..ids import new_id
from ..store import deliveries, webhooks
from ..store.errors import StoreError
from ..store.store import Store
from ..store.turn_locks import hold
from .audience import Audience
from .delivery import Delivery
from .endpoint import Endpoint
from .history import Entry
from .outcome import GONE
from .signature import SECRET_BYTES, new_secret

T = TypeVar("T")

MOST_OF_A_KEY = 20
_SETTLE_S = 1.0
_REVOKED = "Its key was revoked."
_REMOVED = "It is being removed."
_log = logging.getLogger("gorewatch.callbacks")


class TooManyWebhooks(Exception):
    """The key has as many as it may."""


class Endpoints:
    """Lives on one event loop. `revoked` is asked for keys.

    What is changed is changed to the end, though who asked for it is cancelled: store and memory stay alike.
    """

    def __init__(
        self, store: Store, *, revoked: Callable[[str | None], bool], clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._is_revoked = revoked
        self._clock = clock
        self._known: dict[str, Endpoint] = {}
        self._audience: Audience | None = None
        """Made of those when it is needed next."""
        self._unwanted: dict[str, None] = {}
        """Streams whose receiver wants no more events, the latest last."""
        self._looked = asyncio.Event()
        self._changes: set[asyncio.Task[object]] = set()
        self._changed = 0
        """How often something was, here: what was read of the store before that is not as it is."""
        self._troubled = False

    def __iter__(self) -> Iterator[Endpoint]:
        """Oldest first, those that are disabled too."""
        return iter(tuple(self._known.values()))

    def told(self, entry: Entry) -> Iterator[Endpoint]:
        """Those that are to be told of an event."""
        if self._audience is None:
            self._audience = Audience(self)
        return self._audience.of(entry)

    def find(self, webhook_id: str) -> Endpoint | None:
        return self._known.get(webhook_id)

    def unwanted(self, stream_id: str) -> bool:
        """Whether the receiver of a stream's events said that it wants no more."""
        return stream_id in self._unwanted

    async def load(self) -> None:
        """Take what the store has; while something is changed here nothing happens. Raises `StoreError`."""
        before = self._changed
        async with self._store.reading() as tx:
            known = {endpoint.id: endpoint for endpoint in await webhooks.listed(tx)}
            unwanted = dict.fromkeys(await webhooks.unwanted(tx))
        if self._changes or before != self._changed:
            return
        self._unwanted = unwanted
        if known != self._known:
            self._known = known
            self._audience = None

    async def add(
        self, url: str, *, key_id: str | None, kinds: tuple[str, ...], streams: tuple[str, ...], sees_all: bool
    ) -> tuple[Endpoint, str]:
        """A new webhook, with its secret. Raises `TooManyWebhooks` and `StoreError`."""
        endpoint = Endpoint(
            id=new_id("whk"),
            key_id=key_id,
            url=url,
            kinds=kinds,
            streams=streams,
            sees_all=sees_all,
            created_s=self._clock(),
        )
        secret = drawn_secret()
        await self._to_the_end(self._add(endpoint, secret))
        return endpoint, secret

    async def remove(self, endpoint: Endpoint) -> None:
        """With all that is owed to it. Raises `StoreError`."""
        await self._to_the_end(self._remove(endpoint))

    async def enable(self, endpoint: Endpoint) -> Endpoint | None:
        """Have events sent again from now on; None if it was removed meanwhile. Raises `StoreError`."""
        return await self._to_the_end(self._enable(endpoint))

    async def settle(self, *, timeout_s: float = _SETTLE_S) -> None:
        """Wait for changes whose askers left; those that take too long are given up."""
        if changes := set(self._changes):
            await asyncio.wait(changes, timeout=timeout_s)
            for change in changes:
                change.cancel()
            await asyncio.wait(changes)

    async def _to_the_end(self, change: Coroutine[None, None, T]) -> T:
        task = asyncio.create_task(change, name="webhook-change")
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    async def _add(self, endpoint: Endpoint, secret: str) -> None:
        async with self._store.writing() as tx:
            if await webhooks.count_of(tx, endpoint.key_id) >= MOST_OF_A_KEY:
                raise TooManyWebhooks
            await webhooks.add(tx, endpoint, secret=secret)
        self._known[endpoint.id] = endpoint
        self._has_changed()

    async def _remove(self, endpoint: Endpoint) -> None:
        # Told of nothing more before it goes: what is owed to one that is not there would never be taken away.
        self._change(endpoint, _REMOVED)
        try:
            async with self._store.writing() as tx:
                await webhooks.remove(tx, endpoint.id)
        except StoreError:
            if await self._is_there(endpoint):
                self._change(endpoint, endpoint.disabled)
            raise
        self._known.pop(endpoint.id, None)
        self._has_changed()

    async def _is_there(self, endpoint: Endpoint) -> bool:
        """Whether it was not removed, as far as can be said: a server that is lost may have done it all the same."""
        try:
            async with self._store.reading() as tx:
                return endpoint.id in {known.id for known in await webhooks.listed(tx)}
        except StoreError:
            return False

    async def _enable(self, endpoint: Endpoint) -> Endpoint | None:
        async with self._store.writing() as tx:
            await webhooks.disable(tx, [endpoint.id], None)
        return self._change(endpoint, None) if endpoint.id in self._known else None

    def gone(self, delivery: Delivery) -> None:
        """The receiver of a delivery wants no more events, which the store knows of already."""
        endpoint = self._known.get(delivery.webhook_id or "")
        if endpoint is not None:
            self._change(endpoint, GONE)
        elif delivery.webhook_id is None and delivery.stream_id is not None:
            self._unwanted[delivery.stream_id] = None
            self._changed += 1
            if len(self._unwanted) > webhooks.STREAMS_REMEMBERED:
                del self._unwanted[next(iter(self._unwanted))]

    def look(self) -> None:
        """To be called every second, for what other nodes changed, and for webhooks whose key was revoked."""
        if self._store.shared or self._revoked():
            self._looked.set()

    async def run(self) -> None:
        """Notice the ones and disable the others, until cancelled."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            try:
                if self._store.shared:
                    await self.load()
                if self._revoked():
                    await self._disable_revoked()
                self._troubled = False
            except StoreError as error:
                if not self._troubled:
                    _log.error("webhooks stay as they are known, those of revoked keys included: %s", error)
                self._troubled = True

    def _revoked(self) -> list[Endpoint]:
        return [endpoint for endpoint in self if endpoint.disabled is None and self._is_revoked(endpoint.key_id)]

    async def _disable_revoked(self) -> None:
        revoked = self._revoked()
        async with self._store.writing() as tx:
            await hold(tx, [endpoint.id for endpoint in revoked])
            await webhooks.disable(tx, [endpoint.id for endpoint in revoked], _REVOKED)
            for endpoint in revoked:
                await deliveries.give_up_all(tx, endpoint.id, error=_REVOKED)
        for endpoint in revoked:
            self._change(endpoint, _REVOKED)
            _log.info("the webhook %s is disabled: its key was revoked", endpoint.id)

    def _change(self, endpoint: Endpoint, why: str | None) -> Endpoint:
        changed = replace(endpoint, disabled=why)
        if endpoint.id in self._known:
            self._known[endpoint.id] = changed
            self._has_changed()
        return changed

    def _has_changed(self) -> None:
        self._changed += 1
        self._audience = None


def drawn_secret() -> str:
    """A new secret, as people see it."""
    return new_secret(secrets.token_bytes(SECRET_BYTES))
