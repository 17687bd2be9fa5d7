"""One service a store."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from web.store.errors import StoreError
from web.store.sole import sole_service


def test_a_second_service_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/gorewatch.db"
    with sole_service(url):
        _refused(url, r"Another gorewatch service runs on the store .*gorewatch\.db; end")
        with sole_service(f"sqlite:///{tmp_path}/new/other.db"):
            pass
    with sole_service(url):
        pass
    (lock,) = (tmp_path / "new").glob("gorewatch.db.*")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_a_place_where_nothing_can_be_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refused("sqlite:////dev/null/x.db", r"The store /dev/null/x\.db cannot be written: .*GOREWATCH_STORE")

    def unsupported(_: int, __: int) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    _refused(f"sqlite:///{tmp_path}/gorewatch.db", "where files cannot be locked")


def _refused(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said), sole_service(url):
        raise AssertionError
