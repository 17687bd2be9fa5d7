"""A real store in a file of its own, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from web.store.store import Store, open_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/some where/gorewatch.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened
