"""A Ray cluster of several nodes on this machine, started by Ray's own command; tests kill nodes and processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from tests.servers.needs import need
from tests.servers.ports import free_port

_START_S = 60.0
_STOP_S = 15.0


@dataclass(slots=True)
class Node:
    name: str
    process: "subprocess.Popen[bytes]"

    def processes(self) -> list[psutil.Process]:
        """Everything that belongs to it and runs."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def actors(self, name: str) -> list[psutil.Process]:
        """Processes of actors of a class."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):
                if process.name().startswith(f"ray::{name}") or f"ray::{name}" in " ".join(process.cmdline()):
                    found.append(process)
        return found


class RayCluster:
    """Context manager. Has a head at first, which hosts nothing: the machine of the service, which may lend scorers."""

    def __init__(self, *, scorers: int = 0) -> None:
        self._scorers = scorers
        self._program = Path(sys.executable).with_name("ray")
        need(self._program.exists(), "Ray", "pip install ray")
        # Paths of sockets lie in it, which may not be long.
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self._port = free_port()
        self.nodes: dict[str, Node] = {}

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> "RayCluster":
        try:
            head = ["--head", f"--port={self._port}", f"--temp-dir={self._folder}", "--include-dashboard=false"]
            self._wait(self._start("head", *head, cpus=0, scorers=self._scorers))
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._clear()

    def add(self, *names: str, cpus: int = 1, streams: int = 20, labels: str = "") -> None:
        """Nodes that host streams; they are there when this returns."""
        where = [f"--address={self.address}", *([f"--labels={labels}"] if labels else [])]
        for name in names:
            # One after the other: two that start at the same time may choose the same names for their sockets.
            self._wait(self._start(name, *where, cpus=cpus, streams=streams))

    def kill(self, name: str) -> None:
        """As when a machine loses its power."""
        node = self.nodes.pop(name)
        processes = node.processes()
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        node.process.wait(_STOP_S)
        psutil.wait_procs(processes, timeout=_STOP_S)

    def _start(self, name: str, *where: str, cpus: int, streams: int = 0, scorers: int = 0) -> Node:
        command = [str(self._program), "start", "--block", "--disable-usage-stats", *where]
        command += [f"--node-name={name}", f"--num-cpus={cpus}", "--num-gpus=0", f"--object-store-memory={80 << 20}"]
        resources = {key: count for key, count in (("streams", streams), ("scorers", scorers)) if count}
        command += [f"--resources={json.dumps(resources)}"] if resources else []
        with self._log(name).open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=_environment()
            )
        node = self.nodes[name] = Node(name, process)
        return node

    def _wait(self, node: Node) -> None:
        log, deadline = self._log(node.name), time.monotonic() + _START_S
        while b"Ray runtime started" not in log.read_bytes():
            assert node.process.poll() is None, f"a node of Ray ended:\n{log.read_text(errors='replace')}"
            assert time.monotonic() < deadline, f"a node of Ray does not start:\n{log.read_text(errors='replace')}"
            time.sleep(0.05)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _clear(self) -> None:
        for name in list(self.nodes):
            self.kill(name)
        shutil.rmtree(self._folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GOREWATCH_")}
    return {**ours, "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
