"""Opens what keeps events, scores, pictures and which streams stand, in order, and closes it in the opposite one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..background import going_on
from ..running import Stream
from ..settings import Settings
from ..store.kept import MediaFacts
from ..store.store import Store
from .following import Describe
from .journal import Along, StoreJournal
from .picture_folder import PictureFolder
from .pictures import Pictures
from .recorder import Recorder
from .retaining import Retainer
from .standing import Standing


@dataclass(frozen=True, slots=True)
class Recording:
    """What keeps the events, scores, pictures and streams of a service that runs."""

    journal: StoreJournal
    describe: Describe
    recorder: Recorder
    pictures: Pictures
    standing: Standing


@asynccontextmanager
async def open_recording(
    settings: Settings, store: Store, find: Callable[[str], Stream | None], *, along: Sequence[Along]
) -> AsyncIterator[Recording]:
    """`find` knows the stream of a media, by the media's id. What waits at the end is written, within two seconds."""
    recorder = Recorder(store)
    folder = PictureFolder(settings.data_dir)
    pictures = Pictures(store, folder)
    standing = Standing(store, region=settings.region, keeps=settings.resume)
    retainer = Retainer(store, settings.retention, folder, region=settings.region)
    async with going_on(retainer.run, "retaining"):
        try:
            async with (
                going_on(recorder.run, "recorder"),
                going_on(pictures.run, "pictures"),
                going_on(standing.run, "standing"),
            ):

                def describe(media_id: str) -> MediaFacts | None:
                    return _facts(find(media_id))

                journal = StoreJournal(store, describe, region=settings.region, along=along)
                yield Recording(journal, describe, recorder, pictures, standing)
        finally:
            await asyncio.gather(recorder.aclose(), pictures.aclose(), standing.aclose())


def _facts(stream: Stream | None) -> MediaFacts | None:
    return None if stream is None else stream.facts()
