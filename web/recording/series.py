"""Reads the scores of a media from the store, a few blocks at a time."""

import asyncio
import logging
import math

from ..store import scores
from ..store.store import Store
from .thinning import Series, Thinner

_BLOCKS_A_PAGE = 32
_log = logging.getLogger("gorewatch.recording")


async def read_series(
    store: Store, media_id: str, *, max_points: int, from_s: float = -math.inf, to_s: float = math.inf
) -> Series:
    """From one position to another, both included. Blocks that are damaged are passed over, and logged.

    Raises `web.store.errors.StoreError`.
    """

    def damaged(error: ValueError) -> None:
        _log.error("scores of %s are damaged in the store and are passed over: %s", media_id, error)

    async with store.reading() as tx:
        size = await scores.size(tx, media_id, from_s=from_s, to_s=to_s)
    thinner = Thinner(samples=size.samples, blocks=size.blocks, from_s=from_s, to_s=to_s)
    after_s: float | None = None
    while True:
        async with store.reading() as tx:
            page = await scores.page(tx, media_id, after_s=after_s, limit=_BLOCKS_A_PAGE, from_s=from_s, to_s=to_s)
        await asyncio.to_thread(thinner.take, [block.data for block in page], damaged=damaged)
        if len(page) < _BLOCKS_A_PAGE:
            return thinner.series(max_points)
        after_s = page[-1].first_s
