"""Stand-ins for the worker pool and the scorer: sources that a test feeds, scores that a sample's pixels carry."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import numpy as np

from inference.heat import Heat
from inference.scorer import SampleDropped
from inference.stats import ScorerStats
from inference.taxonomy import Taxonomy, taxonomy
from stream.address import Address
from stream.errors import Failure, SourceError
from stream.options import SourceOptions
from stream.sample import Counters, Pixels, Sample, SourceInfo, State, Status
from tests.inference.fakes import made_heat
from web.store.blocks import Judged

INFO = SourceInfo(codec="h264", width=1280, height=720, fps=30.0, live=True)


class FakeSource:
    """A `stream.sample.Source` that yields what the test puts in."""

    def __init__(self, options: SourceOptions) -> None:
        self.options = options
        self.released: list[int] = []
        self.hurries: list[float] = []
        self.closed = False
        self.given = Counters()
        self.vacant = False
        self.fragments: list[str] = []
        self.restart_answer: str | None = "a=ice-ufrag:ours\r\na=ice-pwd:oursoursoursoursoursours\r\n"
        self._queue: asyncio.Queue[Sample | Status] = asyncio.Queue()
        self._number = 0

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        yield Status(State.CONNECTING)
        while True:
            item = await self._queue.get()
            yield item
            if isinstance(item, Status) and item.state.final:
                return

    def release(self, sample: Sample) -> None:
        self.released.append(sample.number)

    def counters(self) -> Counters:
        return self.given

    def hurry(self, for_s: float) -> None:
        self.hurries.append(for_s)

    def trickle(self, fragment: str) -> None:
        self.fragments.append(fragment)

    async def restart_ice(self, fragment: str) -> str | None:
        self.fragments.append(fragment)
        return self.restart_answer

    def give_up(self) -> None:
        self.fail()

    async def aclose(self) -> None:
        if not self.closed:
            self.closed = True
            self._queue.put_nowait(Status(State.ENDED))

    def live(self, info: SourceInfo = INFO) -> None:
        self._queue.put_nowait(Status(State.LIVE, info=info))

    def sample(
        self,
        position_s: float,
        score: float,
        *,
        captured_s: float | None = None,
        epoch: int = 0,
        striped: bool = False,
    ) -> None:
        """A sample that the fake scorer gives (about) this score, of one grey unless it is `striped`."""
        pixels = np.full((224, 224, 3), round(score * 255), np.uint8)
        if striped:
            for first in (8, 9):
                pixels[:, first::8] = (0, 255, 0)
        captured_s = time.monotonic() if captured_s is None else captured_s
        self._queue.put_nowait(Sample(pixels, position_s, captured_s, epoch, self._number))
        self._number += 1

    def end(self) -> None:
        self._queue.put_nowait(Status(State.ENDED))

    def fail(self, code: str = "connection_lost", message: str = "It broke.") -> None:
        self._queue.put_nowait(Status(State.FAILED, failure=Failure(code, message)))


class FakePool:
    """A worker pool whose sources the test holds in `sources`, oldest first."""

    def __init__(self) -> None:
        self.ready = True
        self.restarts = 0
        self.sources: list[FakeSource] = []
        self.addresses: list[Address] = []
        self.offers: list[str] = []
        self.refuse: SourceError | None = None
        self.new_source: Callable[[SourceOptions], FakeSource] = FakeSource
        self._changed = asyncio.Condition()

    async def pull(self, address: Address, options: SourceOptions) -> FakeSource:
        self.addresses.append(address)
        return await self._open(options)

    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[FakeSource, str]:
        self.offers.append(offer_sdp)
        return await self._open(options), "v=0\r\nanswer"

    async def source(self, index: int = 0) -> FakeSource:
        """The source of that number, once it was asked for."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.sources) > index)
        return self.sources[index]

    async def _open(self, options: SourceOptions) -> FakeSource:
        if self.refuse is not None:
            raise self.refuse
        source = self.new_source(options)
        self.sources.append(source)
        async with self._changed:
            self._changed.notify_all()
        return source


class FakeLane:
    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        level = int(sample.pixels[0, 0, 0])
        if level == 1:
            future.set_exception(SampleDropped("newer"))
        else:
            future.set_result(level / 255)
        return future

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        future: asyncio.Future[Taxonomy] = asyncio.get_running_loop().create_future()
        future.set_result(taxonomy(int(sample.pixels[0, 0, 0]) / 255))
        return future

    def heat(self, pixels: Pixels) -> asyncio.Future[Heat]:
        future: asyncio.Future[Heat] = asyncio.get_running_loop().create_future()
        future.set_result(made_heat(pixels))
        return future

    def close(self) -> None:
        pass


class FakeScorer:
    def lane(self) -> FakeLane:
        return FakeLane()

    def stats(self) -> ScorerStats:
        return ScorerStats(batches=3, samples=7)


class FakeKeeping:
    """Keeps no scores."""

    def add(self, media_id: str, sample: Judged) -> None:
        pass

    def end(self, media_id: str) -> None:
        pass
