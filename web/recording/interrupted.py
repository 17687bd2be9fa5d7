"""Closes what a service that broke off left open: media without an end, incidents that seem to last."""

import asyncio
import json

from inference.summary import Summary, summary_json
from stream.errors import Failure

from ..store import incidents, media, scores
from ..store.kept import KeptMedia, MediaEnd
from ..store.store import Store

_FAILURE = Failure("interrupted", "The service ended while it watched this media.")


async def close_interrupted(store: Store, *, at_s: float) -> int:
    """End every media that is not ended, with the summary of the scores that were kept; how many those were.

    To be called before any media begins: one at a time writes to a store. Raises `StoreError`.
    """
    async with store.reading() as tx:
        left = await media.running(tx)
    for one in left:
        await _close(store, one, at_s=at_s)
        await asyncio.sleep(0)
    return len(left)


async def _close(store: Store, one: KeptMedia, *, at_s: float) -> None:
    ref = one.facts.ref
    async with store.reading() as tx:
        samples = await scores.read(tx, ref.media_id)
        count, last_s = await scores.extent(tx, ref.media_id)
    prob = max((sample.prob for sample in samples), default=None)
    summary = Summary(ref, at_s, count, prob, None if samples else _FAILURE)
    text = json.dumps(summary_json(summary), separators=(",", ":"))
    end = MediaEnd(finished_s=at_s, operations=count, prob=prob, summary=text, failure=_FAILURE)
    async with store.writing() as tx:
        await incidents.close_open(tx, ref.media_id, position_s=last_s)
        await media.end(tx, ref.media_id, end)
