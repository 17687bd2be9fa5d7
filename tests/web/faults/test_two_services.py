"""Two services on one store: the second does not start, and one that another took over from ends."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.servers.postgres import Postgres
from tests.servers.service import running_service
from tests.web.command import assert_one_line, gorewatch
from web.store.store import open_store

_WITHIN_S = 60.0
_CUT_OFF = text(
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


def test_the_second_is_refused_and_commands_are_not(address: str, tmp_path: Path) -> None:
    env = {"GOREWATCH_STORE": address, "GOREWATCH_DATA_DIR": str(tmp_path / "other")}
    with running_service(tmp_path, "--workers", "1", env={"GOREWATCH_STORE": address}):
        line = assert_one_line(gorewatch("serve", "--port", 0, env=env))
        assert "Another gorewatch service" in line
        assert "on the store" in line
        assert "GOREWATCH_STORE" in line
        made = gorewatch("keys", "create", env=env)
        assert made.returncode == 0, made.stderr


@pytest.mark.timeout(180)
async def test_one_that_slept_while_another_took_over_ends_and_says_why(postgres: Postgres, tmp_path: Path) -> None:
    address = postgres.new_database()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    env = {"GOREWATCH_STORE": address}
    with running_service(tmp_path / "first", "--workers", "1", env=env) as first:
        first.process.send_signal(signal.SIGSTOP)
        async with open_store(address) as store, store.writing() as tx:
            await tx.execute(_CUT_OFF)
        with running_service(tmp_path / "second", "--workers", "1", env=env) as second:
            first.process.send_signal(signal.SIGCONT)
            assert first.process.wait(_WITHIN_S) == 2
            assert second.request("GET", "/readyz")[0] == 200
    assert "gorewatch: Another gorewatch service has taken over the store" in first.log
    assert "Traceback" not in first.log
    postgres.drop(address)
