"""A store on a server with a day of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.servers.postgres import Postgres
from tests.web.store.dated import NOW_S
from web.store import partitions
from web.store.store import Store, open_store


@pytest.fixture
async def server_store(postgres: Postgres) -> AsyncIterator[Store]:
    """A new one on a server, with partitions for days about `NOW_S` alone."""
    address = postgres.new_database()
    async with open_store(address) as store:
        # A clock was wrong, for all that this test knows.
        await partitions.drop_over(store, before_s=1e18, now_s=NOW_S)
        await partitions.make_ahead(store, now_s=NOW_S)
        yield store
    postgres.drop(address)
