"""One-off media: every sample of it scored by itself, nothing smoothed, no events."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from inference.looks import Look, Looked
from inference.taxonomy import Taxonomy
from stream.errors import error_from
from stream.sample import Sample, Source, SourceInfo


class Tells(Protocol):
    """A lane of the scorer."""

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]: ...

    def close(self) -> None: ...


async def look_at(source: Source, lane: Tells) -> Looked:
    """Score a source to its end. It and the lane are closed, and every sample is released, however that ends.

    What is read ahead is bounded by the memory that the source has for its samples. Raises `stream.errors.SourceError`
    when the source fails, `inference.scorer.ScoringFailed` or `SampleDropped` when the scorer does.
    """
    asked: list[tuple[float, asyncio.Future[Taxonomy]]] = []
    info: SourceInfo | None = None
    try:
        async for item in source:
            if isinstance(item, Sample):
                future = lane.tell(item)
                future.add_done_callback(_releasing(source, item))
                asked.append((item.position_s, future))
                continue
            info = item.info or info
            if item.failure is not None:
                raise error_from(item.failure)
        told = await asyncio.gather(*(future for _, future in asked))
    finally:
        for _, future in asked:
            future.cancel()
            if future.done() and not future.cancelled():
                future.exception()  # one of them has been raised; nobody asks for the others
        lane.close()
        await source.aclose()
    looks = (Look(position_s, gore) for (position_s, _), gore in zip(asked, told, strict=True))
    return Looked(tuple(looks), info)


def _releasing(source: Source, sample: Sample) -> Callable[[object], None]:
    return lambda _: source.release(sample)
