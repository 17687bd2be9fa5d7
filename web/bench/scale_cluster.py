"""A Ray cluster for benchmarks: processes of its own, at free ports, which end with the block."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from ..commands.common import CommandError
from .serving import started

_ADDRESS = re.compile(r"ray start --address='([0-9.]+:[0-9]+)'")
_JOINED = re.compile(r"(Ray runtime started)")
_OBJECTS_BYTES = 100_000_000
_LEAVE_S = 5.0
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
"""By itself Ray gives hosts the priority of a background job: beside other work that would be compared, too."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that takes streams."""

    address: str
    pid: int
    """Of the process that all of its own descend from."""
    host: str
    """What the host's process is called."""

    def pids(self) -> list[int]:
        """Of all its processes: Ray's own, the host, and the host's workers."""
        return [self.pid, *(child.pid for child in psutil.Process(self.pid).children(recursive=True))]

    def host_pids(self) -> list[int]:
        """Of the host, first, and of its workers; nothing while there is none."""
        for child in psutil.Process(self.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if child.name().startswith(self.host):
                    return [child.pid, *(worker.pid for worker in child.children(recursive=True))]
        return []


@contextmanager
def running_cluster(log: Path, *, cpus: int, streams: int, host: str = "ray::HostActor") -> Iterator[Cluster]:
    """A node with so many processors and room for so many streams. Raises `CommandError`."""
    if find_spec("ray") is None:
        raise CommandError("This benchmark needs Ray: pip install 'gorewatch[cluster]'.")
    # Below it are sockets, whose paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="gw-", dir="/tmp"))
    command = [*_start(cpus=cpus, resources={"streams": streams}), "--head", "--port", "0"]
    command += ["--include-dashboard=false", "--temp-dir", str(folder)]
    try:
        with _node(command, _ADDRESS, log) as (process, address):
            yield Cluster(address, process.pid, host)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def joined(cluster: Cluster, log: Path, *, cpus: int, scorers: int) -> Iterator[Cluster]:
    """One more node of the cluster, with so many scorers: its own processes. Raises `CommandError`."""
    command = [*_start(cpus=cpus, resources={"scorers": scorers}), "--address", cluster.address]
    with _node(command, _JOINED, log) as (process, _):
        yield Cluster(cluster.address, process.pid, "ray::ScorerActor")


def _start(*, cpus: int, resources: Mapping[str, int]) -> list[str]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
    command += ["--node-ip-address", "127.0.0.1", "--num-cpus", str(cpus), "--num-gpus", "0"]
    command += ["--resources", json.dumps(resources), "--object-store-memory", str(_OBJECTS_BYTES)]
    return [*command, "--dashboard-agent-listen-port", "0", "--disable-usage-stats", "--log-color", "false"]


@contextmanager
def _node(command: list[str], ready: re.Pattern[str], log: Path) -> "Iterator[tuple[subprocess.Popen[bytes], str]]":
    with started(command, ready, {**os.environ, **_ENVIRONMENT}, log) as (process, said):
        try:
            yield process, said
        finally:
            rest = psutil.Process(process.pid).children(recursive=True)
    _end(rest)


def _end(processes: list[psutil.Process]) -> None:
    """Kill what the first one has not ended."""
    _, left = psutil.wait_procs(processes, timeout=_LEAVE_S)
    for process in left:
        process.kill()
