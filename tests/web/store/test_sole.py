"""One service a store, in a file of SQLite's and on a server of PostgreSQL's."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from web.store.errors import StoreError
from web.store.sole import open_sole_store
from web.store.store import open_store


async def test_a_second_service_is_refused_until_the_first_has_ended(address: str) -> None:
    async with open_sole_store(address) as first:
        await _refused(address, r"Another gorewatch service .*on the store .*(gorewatch\.db|test_\d+); end that one")
        async with open_store(address) as beside:
            await beside.probe()
        await first.probe()
    async with open_sole_store(address) as second:
        await second.probe()


async def test_a_file_is_locked_by_one_of_its_owner_alone_and_others_beside_it_are_free(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/gorewatch.db"
    async with open_sole_store(url), open_sole_store(f"sqlite:///{tmp_path}/new/other.db"):
        pass
    (lock,) = (tmp_path / "new").glob("gorewatch.db.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


async def test_a_place_where_nothing_can_be_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _refused("sqlite:////dev/null/x.db", r"The store /dev/null/x\.db cannot be written: .*GOREWATCH_STORE")

    def unsupported(_: int, __: int) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    await _refused(f"sqlite:///{tmp_path}/gorewatch.db", "where files cannot be locked")


async def test_an_address_of_neither_kind_is_refused() -> None:
    await _refused("mysql://me@there/gorewatch", "must be named as sqlite:///FILE or postgresql")


async def _refused(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        async with open_sole_store(url):
            raise AssertionError
