"""Real stores, an empty one for each test: in files of SQLite's and in databases of PostgreSQL's.

And a browser, one for all tests of a process: they share an event loop, too, and leave nothing behind on it.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error

from tests.leftovers import no_socket_left, no_task_left
from tests.servers.postgres import Postgres
from tests.servers.stores import empty, new_store
from tests.web.axe import source
from tests.web.browser import SharedBrowser, Tab, new_tab
from tests.web.serving import Served, serving
from web.store.address import is_server
from web.store.errors import StoreError
from web.store.store import Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a store that is not there yet; where the test has `store`, of that."""
    opened = "store" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "some where" / "gorewatch.db"
        yield new_store(path) if opened else f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres")
    assert isinstance(server, Postgres)
    made = server.emptied.pop() if opened and server.emptied else server.new_database()
    yield made
    if made not in server.emptied:
        server.drop(made)


@pytest.fixture
async def store(address: str, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with open_store(address) as opened:
        yield opened
        if is_server(address):
            # For the next test. What this one has left in pieces is dropped.
            with suppress(StoreError):
                async with opened.writing() as tx:
                    await empty(tx)
                request.getfixturevalue("postgres").emptied.append(address)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script that `tests.web.axe` runs."""
    return source(tmp_path_factory.mktemp("axe"))


@pytest_asyncio.fixture(loop_scope="session")
async def served() -> AsyncIterator[Served]:
    """A service on the browser's loop, whose streams a test feeds."""
    async with serving() as served:
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _shared_browser() -> AsyncIterator[SharedBrowser]:
    shared = SharedBrowser()
    yield shared
    await shared.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def _running_browser(_shared_browser: SharedBrowser) -> Browser:
    return await _shared_browser.ready()


@pytest_asyncio.fixture(loop_scope="session")
async def _nothing_left_beside_the_browser(_running_browser: Browser) -> AsyncIterator[None]:
    async with no_task_left(), no_socket_left():
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def browser(_running_browser: Browser) -> AsyncIterator[Browser]:
    """Chromium, where nobody else has a tab; what the test opens in it is closed after it."""
    yield _running_browser
    with suppress(Error):  # where it has died, the test has failed by that already
        for context in list(_running_browser.contexts):
            await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser) -> Tab:
    return await new_tab(browser)
