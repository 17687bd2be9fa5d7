"""What the commands do in the service's store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .common import expected_errors

if TYPE_CHECKING:
    from ..store.store import Store

T = TypeVar("T")


def in_store(config: Path | None, do: "Callable[[Store], Awaitable[T]]") -> T:
    """What is done in the store of the settings."""
    from ..configuration import load_settings
    from ..store.store import open_store

    async def opened() -> T:
        async with open_store(settings.store_url) as store:
            return await do(store)

    with expected_errors():
        settings = load_settings(config=config)
        return asyncio.run(opened())
