"""`gorewatch serve` as a process: settings, what keeps it from starting, how it ends."""

import os
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.service import Service, descendants, running_service
from tests.web.command import assert_one_line, gorewatch


def test_print_config_says_where_each_value_comes_from(tmp_path: Path) -> None:
    config = tmp_path / "gorewatch.toml"
    config.write_text('port = 9001\nlog_level = "warning"\n[policy]\nfps = 4.0\n')
    environment = {"GOREWATCH_LOG_LEVEL": "error", "GOREWATCH_TURN_CREDENTIAL": "correct-horse"}
    done = gorewatch("serve", "--config", config, "--print-config", "--host", "127.0.0.2", env=environment)
    assert done.returncode == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.stdout.splitlines()}
    assert rows["port"] == ["9001", f"file {config}"]
    assert rows["policy.fps"] == ["4.0", f"file {config}"]
    assert rows["log_level"] == ["error", "environment GOREWATCH_LOG_LEVEL"]
    assert rows["host"] == ["127.0.0.2", "flag"]
    assert rows["policy.window"] == ["3.0", "default"]
    assert rows["turn_credential"][1] == "environment GOREWATCH_TURN_CREDENTIAL"
    assert "correct-horse" not in done.stdout


@pytest.mark.parametrize(
    ("flags", "env", "told"),
    [
        (["--host", "0.0.0.0"], {}, "gorewatch keys create"),
        ([], {"GOREWATCH_STORE": "sqlite:////dev/null/x.db"}, "The store /dev/null/x.db cannot be written"),
        (
            [],
            {"GOREWATCH_STORE": "postgresql://me:hunter2@127.0.0.1:1/gw"},
            "The store 127.0.0.1:1/gw cannot be reached",
        ),
        (["--model", "/nowhere.onnx"], {}, "/nowhere.json"),
        (["--model", __file__], {}, "no model"),
        (["--source", "lobby=gopher://x/"], {}, "gopher"),
        ([], {"GOREWATCH_WORKERS": "many"}, "environment GOREWATCH_WORKERS"),
        ([], {"GOREWATCH_POLICY__THRESHOLD": "2"}, "policy.threshold"),
    ],
    ids=["exposed", "store", "no-server", "no-model", "not-a-model", "scheme", "workers", "policy"],
)
def test_what_keeps_it_from_starting_is_one_line(
    flags: list[str], env: Mapping[str, str], told: str, tmp_path: Path
) -> None:
    done = gorewatch("serve", "--port", 0, *flags, env={"GOREWATCH_DATA_DIR": str(tmp_path)} | dict(env))
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("gorewatch: ")]
    assert len(errors) == 1
    assert told in errors[0]
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = gorewatch("serve", "--port", port, env={"GOREWATCH_DATA_DIR": str(tmp_path)})
    assert done.returncode == 2
    assert f"port {port}" in done.stderr.splitlines()[-1]
    assert "already in use" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_store_is_one_services_at_a_time_and_a_killed_one_leaves_nothing(tmp_path: Path) -> None:
    passing = tmp_path / "passing"
    passing.mkdir()
    env = {"TMPDIR": str(passing)}
    with running_service(tmp_path, "--workers", "1", env=env) as first:
        data = {"GOREWATCH_DATA_DIR": str(first.data_dir)}
        done = gorewatch("serve", "--port", 0, env=data)
        assert done.returncode == 2
        assert "Another gorewatch service runs on the store" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert gorewatch("keys", "list", env=data).returncode == 0
        assert gorewatch("feedback", "export", tmp_path / "export", env=data).returncode == 0
        assert first.request("GET", "/readyz")[0] == 200
        first.kill()
    (left,) = passing.glob("gorewatch-*")
    with running_service(tmp_path, "--workers", "1", env=env):
        (own,) = passing.glob("gorewatch-*")
        assert own != left
    assert list(passing.glob("gorewatch-*")) == []


def test_unset_sources_are_no_obstacle(service: Service) -> None:
    assert service.request("GET", "/v1/streams")[0] == 200
    assert "no key was made yet" in service.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(start_service: StartService, clips: Clips, number: signal.Signals) -> None:
    service = start_service("--workers", "2", "--source", f"clip={clips.mp4}")
    workers = descendants(service.process.pid)
    assert len(workers) >= 2
    service.process.send_signal(number)
    assert service.process.wait(20) == 0
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert "Traceback" not in service.log


def test_clients_that_do_not_answer_do_not_hold_up_the_end(start_service: StartService) -> None:
    """Docker kills what has not ended 10 s after SIGTERM."""
    service = start_service("--workers", "1", "--demo")
    service.wait_for("/v1/streams", lambda answer: _states(answer) == {"live"})
    with _silent_subscriber(service), _silent_subscriber(service):
        started_s = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(20) == 0
        assert time.monotonic() - started_s < 8.0
    assert "Traceback" not in service.log


def _silent_subscriber(service: Service) -> socket.socket:
    """A client of the events that shakes hands and does nothing more, not even answer a close."""
    host, port = service.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=20)
    client.sendall(
        f"GET /v1/events HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert client.recv(64).startswith(b"HTTP/1.1 101")
    return client


def test_the_demo_shows_no_path_of_this_machine(start_service: StartService) -> None:
    service = start_service("--workers", "1", "--demo")
    (stream,) = _streams(service)
    assert stream["url"] == "demo:drawn"
    summary = service.request("GET", f"/v1/streams/{stream['id']}/summary")[1]
    assert summary["media"]["uri"] == "demo:drawn"
    service.wait_for("/v1/streams", lambda answer: _states(answer) == {"live"})
    assert str(service.data_dir) not in service.log
    assert service.log.count("demo is live") == 1


def test_a_named_source_is_watched_to_its_summary(start_service: StartService, clips: Clips) -> None:
    service = start_service("--source", f"clip={clips.ts}")
    (stream,) = _streams(service)
    assert stream["name"] == "clip"
    ended = service.wait_for(f"/v1/streams/{stream['id']}", lambda answer: answer["state"] == "ended")
    assert ended["samples"] == 12
    summary = service.request("GET", f"/v1/streams/{stream['id']}/summary")[1]
    assert list(summary) == ["status", "request", "gore", "media"]
    assert summary["request"]["operations"] == 12


def test_a_killed_worker_disturbs_nobody_else(start_service: StartService, http_server: HttpServer) -> None:
    """Of two streams in two workers, the one whose worker is killed fails or comes back; the other does not notice."""
    service = start_service("--workers", "2")
    for name in ("one", "two"):
        service.request("POST", "/v1/streams", {"url": http_server.url("/live/index.m3u8"), "name": name})
    service.wait_for("/v1/streams", lambda answer: all(stream["samples"] for stream in answer["streams"]))
    before = descendants(service.process.pid)
    os.kill(before[0], signal.SIGKILL)
    lost = service.wait_for("/v1/streams", lambda answer: _states(answer) != {"live"})["streams"]
    (other,) = [stream for stream in lost if stream["state"] == "live"]
    service.wait_for(f"/v1/streams/{other['id']}", lambda answer: answer["samples"] >= other["samples"] + 4)
    now = service.wait_for("/v1/streams", lambda answer: "reconnecting" not in _states(answer))["streams"]
    assert [stream["state"] for stream in now if stream["id"] == other["id"]] == ["live"]
    assert {stream["error"]["code"] for stream in now if stream["state"] == "failed"} <= {"worker_lost"}
    service.wait_for("/readyz", lambda _: len(descendants(service.process.pid)) == len(before))


def _states(answer: dict[str, list[dict[str, object]]]) -> set[object]:
    return {stream["state"] for stream in answer["streams"]}


def _streams(service: Service) -> list[dict[str, object]]:
    answer = service.request("GET", "/v1/streams")[1]
    streams = answer["streams"] if isinstance(answer, dict) else answer
    assert isinstance(streams, list)
    return streams


def test_an_error_of_the_arguments_is_told_before_anything_starts() -> None:
    assert "NAME=URL" in assert_one_line(gorewatch("serve", "--source", "=x"))
