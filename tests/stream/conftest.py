"""What every test of streams may ask for."""

from collections.abc import AsyncIterator

import pytest

from stream.pool import WorkerPool
from tests.stream.reading import a_pool


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    """One worker, small samples."""
    async with a_pool() as pool:
        yield pool
