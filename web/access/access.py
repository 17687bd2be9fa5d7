"""Lets callers in by their keys and tokens, as the store has them, and forgets within a second what was revoked."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

from ..store import keys as rows
from ..store import meta
from ..store.errors import StoreError
from ..store.keys import Key
from ..store.store import Store
from . import tickets, tokens
from .caller import ANYBODY, Caller
from .hashing import NOBODYS, matches
from .rate import Bucket
from .scopes import Scope
from .tokens import Grant
from .verified import Verified

_LOOK_EVERY_S = 1.0
_TICKET_S = 300.0
"""Clocks of machines may differ."""
_NOTE_EVERY_S = 60.0
"""Between two writings of when a key was last used."""
_HASHERS = 2
_MOST_WAITING = 64
"""Pairs that wait to be hashed; those that were good before need not."""
_log = logging.getLogger("gorewatch.access")


class TooManyUnverified(Exception):
    """So many credentials that were not seen before wait to be looked at that these cannot be now; try again later."""


class Access:
    """The keys of the store, looked at anew every second. Lives on one event loop."""

    def __init__(self, store: Store, *, signing_key: bytes) -> None:
        self._store = store
        self._signing_key = signing_key
        self._active: dict[str, Key] = {}
        self._names: dict[str, str] = {}
        """Of all keys, the revoked ones included."""
        self._open = False
        self._verified = Verified()
        self._buckets: dict[str, Bucket] = {}
        self._used_s: dict[str, float] = {}
        self._noted_s = time.monotonic()
        self._hashers = asyncio.Semaphore(_HASHERS)
        self._waiting = 0
        self._watchers: set[Callable[[], None]] = set()
        self._troubled = False

    @property
    def open(self) -> bool:
        """No key was ever made: whoever reaches this machine's loopback address may do everything."""
        return self._open

    @property
    def has_keys(self) -> bool:
        """There is a key that is not revoked."""
        return bool(self._active)

    def name_of(self, key_id: str) -> str | None:
        """What a key is called for people, "" for one without a name; None if there was never such a key."""
        return self._names.get(key_id)

    async def verify(self, user: str, secret: str) -> Caller | None:
        """Whose credentials these are; None if they are nobody's. Whether everybody is let in is not asked here.

        Raises `TooManyUnverified`, and `StoreError` when the keys cannot be read.
        """
        key = self._active.get(user)
        if key is None or not self._verified.has(key, secret):
            key = await self._hash(user, secret)
        return None if key is None else self._caller(key)

    async def bearer(self, text: str) -> Caller | None:
        """Whose bearer token this is: `api_user:api_secret`, or one that `token` gave. Raises as `verify` does."""
        if text.startswith(tokens.PREFIX):
            grant = tokens.read(text, self._signing_key, now_s=time.time())
            return None if grant is None else self._holder(grant)
        user, colon, secret = text.partition(":")
        return await self.verify(user, secret) if user and colon and secret else None

    def token(self, caller: Caller, scope: Scope, *, stream: str | None, for_s: float) -> tuple[str, float]:
        """A token of a caller that has the scope, and when it ends in Unix seconds."""
        grant = Grant(key_id=caller.key_id, scope=scope, stream=stream, expires_s=time.time() + for_s)
        return tokens.sign(grant, self._signing_key), grant.expires_s

    def ticket(self) -> str:
        """What a web node shows a service with the same store."""
        return tickets.sign(time.time() + _TICKET_S, self._signing_key)

    def is_ticket(self, text: str) -> bool:
        """Whether a web node with the same store made this lately."""
        return tickets.is_good(text, self._signing_key, now_s=time.time())

    def wait_s(self, caller: Caller) -> float:
        """Count a request of a caller: 0.0, or if it makes too many the seconds until its next one is let in."""
        if caller.key_id is None or caller.rate_per_s is None:
            return 0.0
        bucket = self._buckets.get(caller.key_id)
        if bucket is None or bucket.rate_per_s != caller.rate_per_s:
            bucket = self._buckets[caller.key_id] = Bucket(caller.rate_per_s)
        return bucket.take(time.monotonic())

    def still(self, caller: Caller) -> bool:
        """Whether a caller that was let in would be now."""
        if caller.expires_s is not None and caller.expires_s <= time.time():
            return False
        return self._open if caller.key_id is None else caller.key_id in self._active

    def revoked(self, owner: str | None) -> bool:
        """Whether what belongs to this key, or with None to nobody, has lost its owner."""
        return owner is not None and owner not in self._active

    @contextmanager
    def watching(self, look: Callable[[], None]) -> Iterator[None]:
        """Call `look` every second, for connections that last longer than their caller may be let in."""
        self._watchers.add(look)
        try:
            yield
        finally:
            self._watchers.discard(look)

    async def refresh(self) -> None:
        """Look at the keys anew. Raises `StoreError`."""
        async with self._store.reading() as tx:
            found = await rows.listed(tx)
        active = {key.id: key for key in found if key.revoked_s is None}
        if self._active.keys() - active.keys():
            self._verified.clear()
        if self._open and found:
            _log.warning("a key was made: from now on credentials are needed")
        self._active, self._open = active, not found
        self._names = {key.id: key.name for key in found}

    async def run(self) -> None:
        """Keep looking until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self.refresh()
                if time.monotonic() - self._noted_s >= _NOTE_EVERY_S:
                    await self.note_use()
                self._troubled = False
            except StoreError as error:
                if not self._troubled:
                    _log.error("the keys cannot be looked at; those known go on to be good: %s", error)
                self._troubled = True
            for look in tuple(self._watchers):
                look()

    async def note_use(self) -> None:
        """Write down when keys were last used. Raises `StoreError`."""
        used_s, self._used_s, self._noted_s = self._used_s, {}, time.monotonic()
        if used_s:
            async with self._store.writing() as tx:
                await rows.used(tx, used_s)

    async def _hash(self, user: str, secret: str) -> Key | None:
        """The key of a pair that was not seen before; takes as long for a user that does not exist."""
        if self._waiting >= _MOST_WAITING:
            raise TooManyUnverified
        self._waiting += 1
        try:
            async with self._hashers:
                await self.refresh()
                key = self._active.get(user)
                if key is not None and self._verified.has(key, secret):
                    return key
                good = await asyncio.to_thread(matches, secret, NOBODYS if key is None else key.secret_hash)
        finally:
            self._waiting -= 1
        if key is None or not good:
            return None
        self._verified.add(key, secret)
        return key

    def _caller(self, key: Key) -> Caller:
        self._used_s[key.id] = time.time()
        return Caller(
            key_id=key.id,
            scopes=frozenset(key.scopes),
            rate_per_s=key.rate_per_s,
            max_jobs=key.max_jobs,
            sees_all=Scope.ADMIN in key.scopes,
        )

    def _holder(self, grant: Grant) -> Caller | None:
        """The caller that a token makes, while its key has the scope."""
        if grant.key_id is None:
            owner = ANYBODY if self._open else None
        else:
            key = self._active.get(grant.key_id)
            owner = None if key is None else self._caller(key)
        if owner is None or not owner.may(grant.scope):
            return None
        return replace(
            owner, scopes=frozenset({grant.scope}), by_token=True, stream=grant.stream, expires_s=grant.expires_s
        )


@asynccontextmanager
async def open_access(store: Store) -> AsyncIterator[Access]:
    """Access by the keys of a store. Raises `StoreError`."""
    async with store.writing() as tx:
        signing_key = await meta.signing_key(tx)
    access = Access(store, signing_key=signing_key)
    await access.refresh()
    looking = asyncio.create_task(access.run(), name="access")
    try:
        yield access
    finally:
        looking.cancel()
        await asyncio.wait({looking})
        try:
            await access.note_use()
        except StoreError as error:
            _log.warning("when keys were last used is not written down: %s", error)
