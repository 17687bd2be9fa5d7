"""The whole service as its users have it: `gorewatch serve` in a process of its own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers.forked import Forked, run
from tests.servers.stores import new_store
from tests.web.described import check_answer
from web.access.hashing import hashed
from web.access.scopes import USUAL
from web.store import keys
from web.store.keys import Key
from web.store.store import open_store

_READY_S = 120.0
_READY_LINE = re.compile(r"^gorewatch is ready: open (http://\S+?)/? in a browser", re.MULTILINE)
_STOP_S = 30.0
_COMMAND_S = 60.0
_LOOPBACK = "127.0.0.0/8,::1/128"


class Service:
    """`url` without a slash at its end, once it is ready; `log_path` with everything it printed."""

    def __init__(self, process: "subprocess.Popen[bytes] | Forked", log_path: Path, data_dir: Path) -> None:
        self.process = process
        self.url = ""
        self.log_path = log_path
        self.data_dir = data_dir
        self.token: str | None = None
        """What `request` shows."""

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and decoded answer: JSON where it is JSON, otherwise bytes. A refusal is an answer too.

        Every answer must be one that the OpenAPI document describes.
        """
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, kind, content = answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, kind, content = refusal.code, refusal.headers.get_content_type(), refusal.read()
        check_answer(method, urlsplit(request.full_url).path, status, kind, content)
        return status, _decoded(kind, content)

    def kill(self) -> None:
        """SIGKILL to it and its workers, as the kernel does when memory runs out."""
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            _kill(pid)
        self.process.wait(_STOP_S)

    def make_key(self, *scopes: str) -> str:
        """Make a key, of the usual scopes or these: its bearer token, which the service asks for from then on."""
        wanted = [word for scope in scopes for word in ("--scope", scope)]
        environment = {**clean_environment(), "GOREWATCH_DATA_DIR": str(self.data_dir)}
        made = json.loads(run("keys", "create", "--json", *wanted, env=environment, timeout_s=_COMMAND_S).stdout)
        deadline, self.token = time.monotonic() + _READY_S, None
        while self.request("GET", "/v1/streams")[0] != 401:
            assert time.monotonic() < deadline, "the service does not notice that there is a key"
            time.sleep(0.05)
        self.token = f"{made['api_user']}:{made['api_secret']}"
        return self.token

    def wait_for(self, path: str, condition: Callable[[Any], bool], *, timeout_s: float = 30.0) -> Any:
        """Ask for `path` until its answer meets the condition; returns that answer."""
        deadline = time.monotonic() + timeout_s
        while True:
            status, answer = self.request("GET", path)
            if status == 200 and condition(answer):
                return answer
            assert time.monotonic() < deadline, f"{path} is still {status} {answer!r} after {timeout_s} s\n{self.log}"
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        """Until it has said its address and /readyz answers 200. Fails at once when the process ends instead."""
        deadline = time.monotonic() + _READY_S
        while True:
            assert self.process.poll() is None, f"the service ended with {self.process.returncode}:\n{self.log}"
            if said := _READY_LINE.search(self.log):
                self.url = said[1]
                if self.request("GET", "/readyz")[0] == 200:
                    return
            assert time.monotonic() < deadline, f"not ready after {_READY_S} s:\n{self.log}"
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM, as an init system would; the exit code. Asserts that no child process is left behind."""
        children = descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the service did not stop within {_STOP_S} s:\n{self.log}") from None
        deadline = time.monotonic() + 5.0
        while any(is_running(pid) for pid in children):
            assert time.monotonic() < deadline, f"left behind: {[pid for pid in children if is_running(pid)]}"
            time.sleep(0.05)
        return code


@contextmanager
def running_service(
    folder: Path,
    *flags: str,
    env: Mapping[str, str] | None = None,
    module: str = "web",
    command: Sequence[str | Path] | None = None,
) -> Iterator[Service]:
    """Start, wait until ready, and at the end stop and assert a clean exit; `env` adds to or overrides variables.

    It is `python -m module` in a process that has all imported already, or else a `command` that is started anew.
    """
    data_dir = folder / "data"
    new_store(data_dir / "gorewatch.db")
    log_path = folder / "service.log"
    variables = {
        **clean_environment(),
        "GOREWATCH_EGRESS_ALLOW": _LOOPBACK,
        "GOREWATCH_DATA_DIR": str(data_dir),
        "GOREWATCH_PROVIDER": "cpu",
        "PYTHONUNBUFFERED": "1",
        **(env or {}),
    }
    process = _started(module, command, ["serve", "--port", "0", *flags], log_path, variables)
    service = Service(process, log_path, data_dir)
    try:
        service.wait_until_ready()
        yield service
    except BaseException:
        for pid in [*descendants(process.pid), process.pid]:
            _kill(pid)
        process.wait()
        raise
    else:
        already_ended = process.poll() is not None
        code = service.stop()
        assert already_ended or code == 0, f"the service ended with {code}:\n{service.log}"


def _started(
    module: str, command: Sequence[str | Path] | None, arguments: Sequence[str], log_path: Path, env: Mapping[str, str]
) -> "subprocess.Popen[bytes] | Forked":
    with log_path.open("wb") as log:
        if command is not None:
            whole = [*command, *arguments]
            return subprocess.Popen(whole, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
    return Forked(module, arguments, env=env, stdout=log_path, stderr=log_path)


def add_key(data_dir: Path, user: str, secret: str, *, rate_per_s: float | None = None) -> None:
    """Put a key with all scopes but admin into the store of a service that does not run yet."""
    key = Key(
        id=user,
        name="",
        secret_hash=hashed(secret),
        scopes=USUAL,
        rate_per_s=rate_per_s,
        max_jobs=None,
        created_s=time.time(),
    )

    async def add() -> None:
        async with open_store(new_store(data_dir / "gorewatch.db")) as store, store.writing() as tx:
            await keys.add(tx, key)

    asyncio.run(add())


def clean_environment() -> dict[str, str]:
    """The environment without settings of ours, so that the developer's own do not reach the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GOREWATCH_")}


def descendants(pid: int) -> list[int]:
    """Process ids of all living children and theirs."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in listing.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def is_running(pid: int) -> bool:
    """A zombie whose parent has gone is not running."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _decoded(content_type: str, body: bytes) -> Any:
    return json.loads(body) if content_type.endswith("json") else body
