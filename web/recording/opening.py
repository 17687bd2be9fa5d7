"""Opens what keeps events, incidents and scores, in order, and closes it in the opposite one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..background import going_on
from ..running import Stream
from ..settings import Settings
from ..store.kept import MediaFacts
from ..store.store import Store
from .journal import StoreJournal
from .recorder import Recorder
from .retaining import Retainer


@dataclass(frozen=True, slots=True)
class Recording:
    """What keeps the events and scores of a service that runs."""

    journal: StoreJournal
    recorder: Recorder


@asynccontextmanager
async def open_recording(
    settings: Settings, store: Store, find: Callable[[str], Stream | None]
) -> AsyncIterator[Recording]:
    """`find` knows the stream of a media, by the media's id. What waits at the end is written, within two seconds."""
    recorder = Recorder(store)
    retainer = Retainer(store, settings.retention)
    async with going_on(retainer.run, "retaining"):
        try:
            async with going_on(recorder.run, "recorder"):
                yield Recording(StoreJournal(store, lambda media_id: _facts(find(media_id))), recorder)
        finally:
            await recorder.aclose()


def _facts(stream: Stream | None) -> MediaFacts | None:
    if stream is None:
        return None
    return MediaFacts(
        ref=stream.media,
        stream_id=stream.id,
        owner=stream.owner,
        name=stream.name,
        policy=stream.policy,
        started_s=stream.started_s,
    )
