"""`gorewatch` in processes that begin with its modules imported, which takes longer than most of its commands do.

They are forked from one that has done nothing but import, and are as separate as others: what they print goes into
files, signals end them, and they have an environment of their own.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.servers.imported"])


class Forked:
    """A process that runs: as much of `subprocess.Popen` as tests need."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        stdout: Path,
        stderr: Path,
    ) -> None:
        """`python -m module arguments`; what it prints is added to these files, which are there already."""
        streams = (os.devnull, str(stdout), str(stderr))
        self._process = _CONTEXT.Process(
            target=_run, args=(module, list(arguments), dict(env), str(Path.cwd()), streams), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; that of a signal is negative."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if (code := self.returncode) is None:
            assert timeout is not None, "it has ended"
            raise subprocess.TimeoutExpired("gorewatch", timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(*arguments: str, env: Mapping[str, str], timeout_s: float) -> "subprocess.CompletedProcess[str]":
    """`gorewatch arguments` to its end."""
    with tempfile.TemporaryDirectory() as folder:
        stdout, stderr = Path(folder) / "stdout", Path(folder) / "stderr"
        stdout.touch()
        stderr.touch()
        process = Forked("web", arguments, env=env, stdout=stdout, stderr=stderr)
        try:
            code = process.wait(timeout_s)
        except BaseException:
            process.kill()
            raise
        return subprocess.CompletedProcess(arguments, code, stdout.read_text(), stderr.read_text())


def _run(module: str, arguments: list[str], env: dict[str, str], folder: str, streams: tuple[str, str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    # It was looked for when something was imported.
    tempfile.tempdir = None
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        opened = os.open(path, flags | os.O_APPEND | os.O_NOCTTY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
