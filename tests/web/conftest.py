"""Real stores, an empty one for each test: in files of SQLite's and in databases of one server of PostgreSQL's."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.servers.postgres import Postgres
from web.store.store import Store, open_store


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a store that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/some where/gorewatch.db"
        return
    server = request.getfixturevalue("postgres")
    assert isinstance(server, Postgres)
    made = server.new_database()
    yield made
    server.drop(made)


@pytest.fixture
async def store(address: str) -> AsyncIterator[Store]:
    async with open_store(address) as opened:
        yield opened
