"""What sends, over a store in a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.stores import new_store
from tests.web.delivery.sending import World
from web.store.store import open_store


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_store(new_store(tmp_path / "gorewatch.db")) as store:
        yield World(store)
