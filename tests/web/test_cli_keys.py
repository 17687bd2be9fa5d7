"""`gorewatch keys`, on a store of its own and on a running service."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.servers.service import Service
from tests.web.command import assert_one_line, gorewatch


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"GOREWATCH_DATA_DIR": str(tmp_path / "data")}


def made(*arguments: object, env: dict[str, str]) -> dict[str, Any]:
    done = gorewatch("keys", "create", "--json", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def listed(env: dict[str, str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gorewatch("keys", "list", "--json", env=env).stdout.splitlines()]


def test_a_key_is_shown_once_listed_and_revoked(env: dict[str, str], tmp_path: Path) -> None:
    usual = made(env=env)
    assert list(usual) == ["api_user", "api_secret", "scopes"]
    assert usual["scopes"] == ["check", "streams", "publish", "events"]
    shop = made("--name", "shop", "--scope", "check", "--scope", "admin", "--rate", 2.5, "--jobs", 3, env=env)
    assert shop["scopes"] == ["check", "admin"]
    first, second = listed(env)
    assert (first["api_user"], first["name"], first["rate"], first["jobs"]) == (usual["api_user"], "", None, None)
    assert (second["name"], second["rate"], second["jobs"], second["revoked"]) == ("shop", 2.5, 3, None)
    done = gorewatch("keys", "revoke", "--name", "shop", "--json", env=env)
    assert json.loads(done.stdout) == {"api_user": shop["api_user"], "revoked": True}
    assert [key["revoked"] is not None for key in listed(env)] == [False, True]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert usual["api_user"].encode() in kept
    assert usual["api_secret"].encode() not in kept


def test_people_get_words_and_a_table(env: dict[str, str]) -> None:
    done = gorewatch("keys", "create", "--name", "lobby", env=env)
    assert "api_secret" in done.stdout
    assert "not shown again" in done.stderr
    lines = gorewatch("keys", "list", env=env).stdout.splitlines()
    assert lines[0].split("  ")[0] == "API user"
    assert "lobby" in lines[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "--scope", "everything"), "everything"),
        (("create", "--rate", "0"), "--rate"),
        (("create", "--rate", "nan"), "--rate"),
        (("create", "--jobs", "0"), "--jobs"),
        (("create", "--name", "a\nb"), "name"),
        (("revoke",), "API_USER or --name"),
        (("revoke", "1", "--name", "x"), "API_USER or --name"),
        (("revoke", "1234567890"), "There is no key 1234567890"),
    ],
)
def test_what_cannot_be_is_one_line(env: dict[str, str], arguments: tuple[str, ...], told: str) -> None:
    assert told in assert_one_line(gorewatch("keys", *arguments, env=env))


def test_a_store_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gorewatch.db").write_text("not a store " * 1000)
    line = assert_one_line(gorewatch("keys", "list", env={"GOREWATCH_DATA_DIR": str(tmp_path)}))
    assert "gorewatch.db is damaged or no store" in line


def test_a_running_service_takes_notice_of_new_and_revoked_keys(service: Service) -> None:
    assert service.request("GET", "/v1/streams")[0] == 200
    token = service.make_key("streams")
    assert service.request("GET", "/v1/streams")[0] == 200
    assert service.request("POST", "/whip/cam")[0] == 403
    env = {"GOREWATCH_DATA_DIR": str(service.data_dir)}
    assert gorewatch("keys", "revoke", token.partition(":")[0], env=env).returncode == 0
    deadline = time.monotonic() + 30.0
    while service.request("GET", "/v1/streams")[0] != 401:
        assert time.monotonic() < deadline, "the revoked key is still let in"
        time.sleep(0.05)
