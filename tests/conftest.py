"""What every test may ask for: clips, servers, a running service; and the watch over what a test leaves behind."""

import inspect
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.leftovers import no_task_left, no_thread_left
from tests.media import Clips
from tests.servers.http import HttpServer, run_http_server
from tests.servers.postgres import Postgres
from tests.servers.rtmp import RtmpServer, run_rtmp_server
from tests.servers.rtsp import RtspServer, run_rtsp_server
from tests.servers.service import Service, running_service
from tests.servers.tcp import Manner, TcpServer, run_tcp_server
from tests.shared import folder_of_all

_BROWSING_S = 300
"""How long a test in a browser may take: each wait in it has a limit of its own, and all of them may be slow."""


def pytest_configure() -> None:
    """Who runs tests in the background may have Ctrl-C ignored, which the processes under test would inherit."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whoever drives the browser runs on the event loop that it is on, which is there for the whole session."""
    if item.get_closest_marker("browser") and inspect.iscoroutinefunction(getattr(item, "function", None)):
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        item.add_marker(pytest.mark.timeout(_BROWSING_S))


class StartService(Protocol):
    """Start one more service; it is stopped, and its exit asserted, at the end of the test."""

    def __call__(self, *flags: str, **env: str) -> Service: ...


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Encoded clips, each made when it is first asked for; see `tests.media.Clips`."""
    return Clips(tmp_path_factory.mktemp("clips"), folder_of_all(tmp_path_factory, "encoded"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server of PostgreSQL's for all tests of a process."""
    with Postgres() as server:
        yield server


@pytest.fixture
def http_server(clips: Clips) -> Iterator[HttpServer]:
    """Serves the clips over HTTP and misbehaves on request."""
    with run_http_server(clips) as server:
        yield server


@pytest.fixture
def rtmp_server(tmp_path: Path) -> Iterator[RtmpServer]:
    """nginx-rtmp; publish to it with `.publish(clip, name)`."""
    folder = tmp_path / "rtmp"
    folder.mkdir()
    with run_rtmp_server(folder) as server:
        yield server


@pytest.fixture
def rtsp_server(clips: Clips) -> Iterator[RtspServer]:
    """gst-rtsp-server."""
    with run_rtsp_server(clips.mp4) as server:
        yield server


@pytest.fixture
def tcp_server() -> Iterator[Callable[[Manner], TcpServer]]:
    """Starts a TCP server that is `silent`, hangs up (`hang_up`) or talks `garbage`."""
    with ExitStack() as stack:
        yield lambda manner: stack.enter_context(run_tcp_server(manner))


@pytest.fixture
def tcp_silent(tcp_server: Callable[[Manner], TcpServer]) -> TcpServer:
    """Accepts connections and never says a word."""
    return tcp_server("silent")


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Starts `gorewatch serve` with flags and environment variables of the test's own, as often as wanted."""
    with ExitStack() as stack:
        started: list[AbstractContextManager[Service]] = []

        def start(*flags: str, **env: str) -> Service:
            folder = tmp_path / f"service{len(started)}"
            folder.mkdir()
            started.append(running_service(folder, *flags, env=env))
            return stack.enter_context(started[-1])

        yield start


@pytest.fixture
def service(start_service: StartService) -> Service:
    """A running service with no source and no key."""
    return start_service("--workers", "1")


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test leaves neither threads nor, where it has an event loop, tasks."""
    if inspect.iscoroutinefunction(request.function):
        browses = request.node.get_closest_marker("browser") is not None
        request.getfixturevalue("_nothing_left_beside_the_browser" if browses else "_no_task_left_behind")
    with no_thread_left():
        yield


@pytest.fixture
async def _no_task_left_behind() -> AsyncIterator[None]:
    async with no_task_left():
        yield
