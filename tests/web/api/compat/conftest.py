"""One service with the real detector and a real worker for all tests of `/1.0`, and a web server beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media import Clips
from tests.servers import npm
from tests.servers.http import HttpServer, run_http_server
from tests.servers.service import add_key, running_service
from tests.web.api.compat.calling import SECRET, USER, Api, cut_short
from tests.web.api.compat.watching import JobApi, job_service

_SETTINGS = {
    "GOREWATCH_LIMITS__FETCH_TIMEOUT_S": "5",
    "GOREWATCH_LIMITS__UPLOAD_GRACE_S": "4",
}

_NODE_CLIENT = "sightengine@1.3.1"


@pytest.fixture(scope="package")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("compat")
    add_key(folder / "data", USER, SECRET)
    with running_service(folder, "--workers", "1", env=_SETTINGS) as service:
        yield Api(service)
        assert "Traceback" not in service.log


@pytest.fixture(scope="package")
def web_server(clips: Clips) -> Iterator[HttpServer]:
    with run_http_server(clips) as server:
        yield server


@pytest.fixture(scope="package")
def minute(clips: Clips) -> Path:
    """A clip of 61 s."""
    return clips.video("minute.mp4", width=128, height=72, seconds=61)


@pytest.fixture(scope="package")
def seven(clips: Clips, minute: Path) -> Path:
    """A clip of 7 s."""
    return cut_short(minute, clips.folder / "seven.mp4", 7.0)


@pytest.fixture(scope="package")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the official Node client from npm."""
    return npm.node_modules(tmp_path_factory.mktemp("node"), _NODE_CLIENT)


@pytest.fixture(scope="package")
def job_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobApi]:
    with job_service(tmp_path_factory.mktemp("jobs")) as service:
        yield JobApi(service)
        assert "Traceback" not in service.log


@pytest.fixture(scope="package")
def sources(clips: Clips) -> Iterator[HttpServer]:
    """With a live playlist that never ends."""
    with run_http_server(clips) as server:
        yield server
