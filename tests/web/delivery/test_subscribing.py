"""The clients of `docs/subscribing.md` do as they say: with real events, over a restart of the service, and resumed."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartService
from tests.media import Clips
from tests.servers import npm
from tests.servers.needs import need_program
from tests.servers.ports import free_port
from tests.servers.service import Service, running_service
from tests.web.api.compat.samples import BASE, samples
from tests.web.command import COMMAND, environment

_ROOT = Path(__file__).parents[3]
_WS = "ws@8.23.0"
_POLICY = {"threshold": 0.0002, "release": 0.0001}
"""What shows in the clip is an incident by this policy."""


class Watched:
    """A service with a key, which can be restarted, and whose incidents the tests make."""

    def __init__(self, start_service: StartService, clips: Clips, **env: str) -> None:
        self._start_service = start_service
        self._clip = clips.ts.as_uri()
        self._env = {"GOREWATCH_FILE_ROOTS": str(clips.folder), **env}
        self._port = str(free_port())
        self.service = start_service("--workers", "1", "--port", self._port, **self._env)
        self.token = self.service.make_key()

    def led(self, code: str) -> str:
        """A sample, led to this service."""
        for scheme in ("http", "ws"):
            code = code.replace(BASE.replace("http", scheme), self.service.url.replace("http", scheme))
        return code.replace("API_USER:API_SECRET", self.token)

    def incident(self) -> str:
        """Make one that starts and ends; the path of its stream."""
        status, stream = self.service.request("POST", "/v1/streams", {"url": self._clip, "policy": _POLICY})
        assert status == 201, stream
        path = f"/v1/streams/{stream['id']}"
        self.service.wait_for(path, lambda answer: answer["state"] == "ended")
        return path

    def restart(self) -> None:
        """Stop the service, and start one at the same address that knows the same keys."""
        data = str(self.service.data_dir)
        assert self.service.stop() == 0
        self.service = self._start_service("--workers", "1", "--port", self._port, GOREWATCH_DATA_DIR=data, **self._env)
        self.service.token = self.token

    def wait_for_subscribers(self, count: int = 1) -> None:
        line = re.compile(rb"^gorewatch_subscribers %d\.0$" % count, re.MULTILINE)
        self.service.wait_for("/metrics", lambda text: line.search(text) is not None)


@pytest.fixture
def watched(start_service: StartService, clips: Clips) -> Watched:
    return Watched(start_service, clips)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory, clips: Clips) -> Iterator[Watched]:
    """One that no test restarts."""
    with ExitStack() as stack:

        def start(*flags: str, **env: str) -> Service:
            return stack.enter_context(running_service(tmp_path_factory.mktemp("steady"), *flags, env=env))

        yield Watched(start, clips)


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A client in a folder of its own, with whatever it starts."""
    variables = environment({"PYTHONPATH": str(_ROOT)})
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env=variables, start_new_session=True
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _read(client: "subprocess.Popen[str]", path: str) -> list[str]:
    """What a client prints, up to the end of the incident of a stream: without the peaks, and the prob of each."""
    assert client.stdout is not None
    told = []
    for line in client.stdout:
        state, _, rest = line.strip().partition(" ")
        if state != "peak":
            told.append(f"{state} {rest.partition(' ')[0]}".strip())
        if told[-1:] == [f"ended {path}"]:
            return told
    raise AssertionError(f"it ended after {told}")


def _until_finished(kept: Path, path: str) -> list[dict[str, Any]]:
    """The events of a file that grows, once the last of a stream is there."""
    deadline = time.monotonic() + 30.0
    while True:
        events = [json.loads(line) for line in kept.read_text().splitlines(keepends=True) if line.endswith("\n")]
        if events and (events[-1]["type"], events[-1]["source"]) == ("media.finished", path):
            return events
        assert time.monotonic() < deadline, f"the file has {len(events)} events: {events[-1:]}"
        time.sleep(0.05)


def _command(language: str, code: str, folder: Path) -> list[str]:
    match language:
        case "bash":
            need_program("jq", "jq")
            shell = f'gorewatch() {{ {shlex.join(COMMAND)} "$@"; }}\n{code}'
            return ["bash", "-c", shell]
        case "python":
            return [sys.executable, "-W", "error", "-c", code]
    modules = npm.node_modules(folder, _WS)
    if modules.parent != folder:
        (folder / "node_modules").symlink_to(modules)
    (folder / "client.mjs").write_text(code)
    return [need_program("node", "nodejs"), "client.mjs"]


@pytest.mark.parametrize(
    ("heading", "language"),
    [
        ("Shell", "bash"),
        ("Python", "python"),
        ("Python, on its own", "python"),
        ("JavaScript in Node.js", "javascript"),
    ],
)
def test_a_client_gets_incidents_and_comes_back_to_a_service_that_was_restarted(
    heading: str, language: str, watched: Watched, tmp_path: Path
) -> None:
    code = watched.led(samples("subscribing.md", heading)[language][0])
    with _running(_command(language, code, tmp_path), tmp_path) as client:
        watched.wait_for_subscribers()
        first = watched.incident()
        assert _read(client, first) == [f"started {first}", f"ended {first}"]
        watched.restart()
        watched.wait_for_subscribers()
        second = watched.incident()
        # What it printed and had not noted when it was killed comes again.
        assert _read(client, second)[-2:] == [f"started {second}", f"ended {second}"]


@pytest.mark.parametrize(
    ("heading", "language"), [("Python, on its own", "python"), ("JavaScript in Node.js", "javascript")]
)
def test_a_client_that_is_started_again_goes_on_where_it_ended(
    heading: str, language: str, steady: Watched, tmp_path: Path
) -> None:
    command = _command(language, steady.led(samples("subscribing.md", heading)[language][0]), tmp_path)
    steady.wait_for_subscribers(0)
    with _running(command, tmp_path) as client:
        steady.wait_for_subscribers()
        first = steady.incident()
        _read(client, first)
    second = steady.incident()
    with _running(command, tmp_path) as client:
        # What it printed and had not noted when it was killed comes again.
        assert _read(client, second)[-2:] == [f"started {second}", f"ended {second}"]


@pytest.mark.parametrize(
    ("heading", "language"), [("Python, on its own", "python"), ("JavaScript in Node.js", "javascript")]
)
def test_a_client_that_is_refused_gives_up(heading: str, language: str, steady: Watched, tmp_path: Path) -> None:
    code = steady.led(samples("subscribing.md", heading)[language][0]).replace(steady.token, "wrong:wrong")
    done = subprocess.run(
        _command(language, code, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "401" in done.stderr


def test_curl_gets_incidents_as_server_sent_events(steady: Watched, tmp_path: Path) -> None:
    need_program("curl", "curl")
    steady.wait_for_subscribers(0)
    code = steady.led(samples("subscribing.md", "Server-sent events")["bash"][0])
    with _running(_command("bash", code, tmp_path), tmp_path) as client:
        steady.wait_for_subscribers()
        path = steady.incident()
        assert _read(client, path) == [f"started {path}", f"ended {path}"]


def test_a_file_of_events_is_gone_on_with(steady: Watched, tmp_path: Path) -> None:
    go_on = steady.led(samples("subscribing.md", "Shell")["bash"][1])
    kept = tmp_path / "events.jsonl"
    first = steady.incident()
    everything = f"{shlex.join(COMMAND)} watch {steady.service.url} --token {steady.token} --since 0 | head -n 6"
    kept.write_bytes(subprocess.check_output(["bash", "-c", everything], env=environment(), timeout=60))
    second = steady.incident()
    with _running(_command("bash", go_on, tmp_path), tmp_path):
        events = _until_finished(kept, second)
    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))
    types = [event["type"] for event in events if event["source"] == first]
    assert (types[0], types[-1]) == ("media.started", "media.finished")
