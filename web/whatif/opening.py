"""Opens what answers questions to the past, and ends the processes that judge when it is closed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ..registry import Registry
from ..settings import Settings
from ..store.store import Store
from .judges import Judges
from .replays import Replays


@asynccontextmanager
async def open_replays(
    settings: Settings, *, store: Store, registry: Registry, flush: Callable[[], Awaitable[None]]
) -> AsyncIterator[Replays]:
    """`flush` has the scores written that wait for the store."""

    def judged() -> dict[str, int]:
        return {stream.media.media_id: stream.summary().operations for stream in registry}

    judges = Judges()
    try:
        yield Replays(store, judges, flush=flush, judged=judged, most_samples=settings.limits.replay_samples)
    finally:
        await judges.aclose()
