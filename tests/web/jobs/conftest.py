"""A store for jobs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.stores import new_store
from tests.web.jobs.world import World
from web.jobs.folder import MediaFolder
from web.store.store import open_store


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    folder = MediaFolder(tmp_path)
    folder.prepare()
    async with open_store(new_store(tmp_path / "gorewatch.db")) as store:
        yield World(store, folder)
