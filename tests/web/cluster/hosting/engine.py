"""An engine over hosts of the test's, and streams on it that are read as the pipeline does it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from stream.address import parse
from stream.options import SourceOptions
from stream.sample import Sample, Source, SourceInfo, State, Status
from stream.supervise import Reopening
from tests.until import WITHIN_S, until
from tests.web.cluster.hosting.making import Way
from tests.web.fakes import FakePool, FakeScorer
from web.cluster.hosting.hosts import HostedEngine, Hosts
from web.engine import LocalEngine
from web.scored_sample import ScoredSample

ADDRESS = parse("rtsp://camera.example/live")
OPTIONS = SourceOptions()
STORED = SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False, duration_s=8.0)


def engine_of(hosts: Hosts, here: FakePool | None = None) -> HostedEngine:
    return HostedEngine(LocalEngine(here or FakePool(), FakeScorer()), hosts)


class Reading:
    """A source, read as the pipeline does it: each sample is given back."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.states: list[State] = []
        self.samples: list[ScoredSample] = []
        self.failure_codes: list[str] = []
        self._items: AsyncIterator[Sample | Status] = aiter(source)

    async def until(self, condition: Callable[["Reading"], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition(self):
                item = await anext(self._items)
                if isinstance(item, ScoredSample):
                    self.samples.append(item)
                    self.source.release(item)
                elif isinstance(item, Status):
                    self.states.append(item.state)
                    if item.failure is not None:
                        self.failure_codes.append(item.failure.code)

    async def sampled(self, count: int) -> list[float]:
        """Scores, once there are so many."""
        await self.until(lambda reading: len(reading.samples) >= count)
        return [round(sample.raw, 2) for sample in self.samples]


@asynccontextmanager
async def lasting(engine: HostedEngine) -> AsyncIterator[Reading]:
    """A live stream that is opened again where it is lost."""
    source = Reopening(lambda: engine.pull(ADDRESS, OPTIONS), live=True)
    try:
        yield Reading(source)
    finally:
        await source.aclose()


async def where(ways: dict[str, Way], count: int = 1) -> list[str]:
    """The hosts that have sources, one name for each source, once there are so many."""

    def found() -> list[str]:
        return [name for name, way in ways.items() for source in way.pool.sources if not source.closed]

    await until(lambda: len(found()) == count)
    return found()
