"""Keys in the store."""

from dataclasses import replace

from web.access.scopes import Scope
from web.store import keys
from web.store.keys import Key
from web.store.store import Store

FIRST = Key(id="1", name="one", secret_hash="h", scopes=(Scope.CHECK, Scope.ADMIN), created_s=10.0)
SECOND = Key(id="2", name="", secret_hash="i", scopes=(), rate_per_s=0.5, max_jobs=3, created_s=11.0)


async def test_keys_come_back_as_they_went_in_oldest_first(store: Store) -> None:
    async with store.writing() as tx:
        await keys.add(tx, SECOND)
        await keys.add(tx, FIRST)
    async with store.reading() as tx:
        assert await keys.listed(tx) == (FIRST, SECOND)


async def test_a_key_is_revoked_once_and_stays_listed(store: Store) -> None:
    async with store.writing() as tx:
        await keys.add(tx, FIRST)
        assert await keys.revoke(tx, "1", at_s=20.0)
        assert not await keys.revoke(tx, "1", at_s=30.0)
        assert not await keys.revoke(tx, "9", at_s=30.0)
        assert await keys.listed(tx) == (replace(FIRST, revoked_s=20.0),)


async def test_the_last_use_is_noted(store: Store) -> None:
    async with store.writing() as tx:
        await keys.add(tx, FIRST)
        await keys.used(tx, {"1": 12.5, "9": 1.0})
        assert await keys.listed(tx) == (replace(FIRST, last_used_s=12.5),)
