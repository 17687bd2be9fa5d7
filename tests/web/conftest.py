"""Real stores, an empty one for each test: in files of SQLite's and in databases of one server of PostgreSQL's."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers.postgres import Postgres
from tests.servers.stores import empty, new_store
from web.store.address import is_server
from web.store.errors import StoreError
from web.store.store import Store, open_store


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


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
