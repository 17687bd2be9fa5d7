"""Who is let in by the keys of a store, what that costs, and what is noticed by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.stores import new_store
from tests.web.serving import new_key
from web.access import access as module
from web.access.access import Access, TooManyUnverified, open_access
from web.access.caller import Caller
from web.access.hashing import hashed, matches, new_secret, new_user
from web.access.scopes import Scope
from web.access.verified import Verified
from web.store import keys
from web.store.keys import Key
from web.store.store import Store, open_store

WITHIN_S = 20.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(new_store(tmp_path / "gorewatch.db")) as opened:
        yield opened


@pytest.fixture
async def access(store: Store) -> AsyncIterator[Access]:
    async with open_access(store) as opened:
        yield opened


async def test_a_secret_is_hashed_once_and_then_remembered(
    store: Store, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []

    def counted(secret: str, kept: str) -> bool:
        hashes.append(kept)
        return matches(secret, kept)

    monkeypatch.setattr(module, "matches", counted)
    user, _, secret = (await new_key(store, Scope.CHECK, rate=5.0, jobs=2)).partition(":")
    callers = await asyncio.gather(*(access.verify(user, secret) for _ in range(50)))
    (caller,) = set(callers)
    assert caller is not None
    assert caller == Caller(key_id=user, scopes=frozenset({Scope.CHECK}), rate_per_s=5.0, max_jobs=2)
    assert await access.verify(user, secret) == caller
    assert len(hashes) <= 2
    before = len(hashes)
    for wrong_user, wrong_secret in ((user, f"{secret}x"), (f"1{user}", secret)):
        assert await access.verify(wrong_user, wrong_secret) is None
    assert len(hashes) == before + 2, "an unknown user costs what a wrong secret costs"


async def test_a_revoked_key_is_forgotten_with_what_was_remembered(store: Store, access: Access) -> None:
    user, _, secret = (await new_key(store)).partition(":")
    caller = await access.verify(user, secret)
    assert caller is not None
    assert access.still(caller)
    async with store.writing() as tx:
        await keys.revoke(tx, user, at_s=1.0)
    await access.refresh()
    assert await access.verify(user, secret) is None
    assert not access.still(caller)
    assert not access.open
    assert not access.has_keys


async def test_only_so_many_unknown_pairs_wait_and_known_ones_pass(store: Store, access: Access) -> None:
    user, _, secret = (await new_key(store)).partition(":")
    assert await access.verify(user, secret) is not None
    flood = [asyncio.create_task(access.verify(str(number), "x")) for number in range(100)]
    await asyncio.sleep(0)
    assert await access.verify(user, secret) is not None
    refused = [task for task in flood if task.done() and isinstance(task.exception(), TooManyUnverified)]
    assert len(refused) == 36
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_the_last_use_is_written_at_most_once_a_minute_and_at_the_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def used_s() -> float | None:
        async with store.reading() as tx:
            (key,) = await keys.listed(tx)
        return key.last_used_s

    user, _, secret = (await new_key(store)).partition(":")
    async with open_access(store) as access:
        await access.verify(user, secret)
        await _looked(access)
        assert await used_s() is None
        monkeypatch.setattr(module, "_NOTE_EVERY_S", 0.0)
        await _looked(access)
        await _looked(access)
        first_s = await used_s()
        assert first_s == pytest.approx(time.time(), abs=60.0)
        monkeypatch.undo()
        await access.verify(user, secret)
    assert (await used_s() or 0.0) > (first_s or 0.0)


async def test_keys_that_cannot_be_looked_at_stay_good(
    store: Store, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    user, _, secret = (await new_key(store)).partition(":")
    assert await access.verify(user, secret) is not None
    async with store.writing() as tx:
        await tx.exec_driver_sql("ALTER TABLE keys RENAME TO gone")
    await _looked(access)
    await _looked(access)
    assert await access.verify(user, secret) is not None
    assert caplog.text.count("the keys cannot be looked at") == 1
    async with store.writing() as tx:
        await tx.exec_driver_sql("ALTER TABLE gone RENAME TO keys")


async def _looked(access: Access) -> None:
    looked = asyncio.Event()
    with access.watching(looked.set):
        await asyncio.wait_for(looked.wait(), WITHIN_S)


def test_a_hash_tells_its_own_secret_from_others_and_never_looks_the_same() -> None:
    one, two = hashed("secret"), hashed("secret")
    assert one != two
    assert "secret" not in one
    assert matches("secret", one)
    assert not matches("Secret", one)
    with pytest.raises(ValueError, match="argon2"):
        matches("secret", one.replace("scrypt", "argon2"))


def test_drawn_credentials_are_long_and_need_no_escaping() -> None:
    assert {len(new_user()) for _ in range(50)} == {10}
    assert new_user().isdigit()
    assert len({new_secret() for _ in range(50)}) == 50
    assert len(new_secret()) == 32
    assert new_secret().isalnum()


def test_what_is_remembered_is_bounded_and_the_longest_unused_goes() -> None:
    known = Verified(entries=2)
    key = Key(id="1", name="", secret_hash="h", scopes=(), created_s=0.0)
    for secret in ("a", "b"):
        known.add(key, secret)
    assert known.has(key, "a")
    known.add(key, "c")
    assert [known.has(key, secret) for secret in "abc"] == [True, False, True]
    known.clear()
    assert not known.has(key, "a")
