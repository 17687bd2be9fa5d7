"""NATS with JetStream, which tests start, stop and start again: the program of a wheel, or Debian's."""

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from tests.servers.needs import need_program
from tests.servers.ports import free_port, wait_for_port

_START_S = 30.0
_STOP_S = 15.0


class Nats:
    """Context manager. Listens on the loopback address, and keeps its streams in a folder of its own."""

    def __init__(self, *, keeping: bool = True) -> None:
        """Without `keeping` there is no JetStream."""
        self._keeping = keeping
        beside = Path(sys.executable).with_name("nats-server")
        self._program = str(beside) if beside.exists() else need_program("nats-server", "nats-server")
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="nats-"))
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def __enter__(self) -> "Nats":
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Go on with what is kept."""
        command = [self._program, "-a", "127.0.0.1", "-p", str(self.port)]
        command += ["-js", "-sd", str(self._folder)] if self._keeping else []
        with (self._folder / "log").open("ab") as output:
            self._server = subprocess.Popen(command, stdout=output, stderr=output)
        wait_for_port(self.port, timeout_s=_START_S)

    def stop(self, *, number: signal.Signals = signal.SIGTERM) -> None:
        """Idempotent."""
        if self._server is not None:
            self._server.send_signal(number)
            self._server.wait(_STOP_S)
            self._server = None
