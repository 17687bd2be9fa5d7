"""One-off media on the worker pool and the scorer that live streams use, without getting in their way.

A bounded number is looked at at once and a bounded number waits; who comes when both are full is refused. Workers read
such media at a lower priority and leave a share of their memory to live streams, and in the scorer each of them takes
turns with every stream.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from inference.looking import Tells, look_at
from inference.looks import Looked
from inference.scorer import SampleDropped, ScoringFailed
from stream.address import Address
from stream.errors import InternalFault, Overloaded
from stream.options import SourceOptions
from stream.sample import Counters, Pixels, Sample, Source, Status

from .checked import Checked, CheckKind, CheckOutcome, outcome_of
from .turns import Turns

MOST_IMAGE_BYTES = 12 * 1024 * 1024
MOST_FRAMES = 50
"""Of an animated image."""
LONGEST_VIDEO_S = 60.0
"""A video that is checked while its sender waits must be shorter."""
_TIMEOUT_S = {CheckKind.IMAGE: 60.0, CheckKind.VIDEO: 120.0}
_WAIT_S = 30.0


class Puller(Protocol):
    """What opens sources: `stream.pool.WorkerPool`."""

    async def pull(self, address: Address, options: SourceOptions) -> Source: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLimits:
    running: int
    """Looked at together."""
    waiting: int
    """For that; more are refused."""
    fetch_timeout_s: float
    """For all of an image at an address, and for what a video's server must say at once."""


class Checks:
    """Looks at images and short videos, each once. Lives on one event loop."""

    def __init__(
        self,
        pool: Puller,
        new_lane: Callable[[], Tells],
        limits: CheckLimits,
        *,
        egress_allow: tuple[str, ...],
        tell: Callable[[Checked], None],
    ) -> None:
        """`tell` hears of every check that is over."""
        self._pool = pool
        self._new_lane = new_lane
        self._fetch_timeout_s = limits.fetch_timeout_s
        self.turns = Turns(running=limits.running, waiting=limits.waiting, wait_s=_WAIT_S)
        self._egress_allow = egress_allow
        self._tell = tell

    async def image(self, address: Address) -> Looked:
        """Every frame of an image; their positions are their numbers. Raises `stream.errors.SourceError`."""
        return await self._look(CheckKind.IMAGE, address, self._of_image())

    async def pictured(self, address: Address) -> tuple[Looked, Pixels | None]:
        """The same, with the first frame as the detector saw it; None if there was none."""
        seen: list[Pixels] = []
        looked = await self._look(CheckKind.IMAGE, address, self._of_image(), see=seen.append)
        return looked, seen[0] if seen else None

    def _of_image(self) -> SourceOptions:
        return SourceOptions(
            kind="image",
            fps=1.0,
            open_timeout_s=self._fetch_timeout_s,
            read_timeout_s=self._fetch_timeout_s,
            egress_allow=self._egress_allow,
            most_bytes=MOST_IMAGE_BYTES,
            most_frames=MOST_FRAMES,
        )

    async def video(self, address: Address, *, interval_s: float) -> Looked:
        """The first frame of each `interval_s` seconds of a short video. Raises `stream.errors.SourceError`."""
        options = SourceOptions(
            kind="video",
            fps=1.0 / interval_s,
            open_timeout_s=self._fetch_timeout_s,
            read_timeout_s=self._fetch_timeout_s,
            egress_allow=self._egress_allow,
            longest_s=LONGEST_VIDEO_S,
        )
        return await self._look(CheckKind.VIDEO, address, options)

    async def _look(
        self,
        kind: CheckKind,
        address: Address,
        options: SourceOptions,
        *,
        see: Callable[[Pixels], None] | None = None,
    ) -> Looked:
        begun_s = time.monotonic()
        try:
            async with self.turns.one():
                looked = await self._looked(address, options, _TIMEOUT_S[kind], see)
        except BaseException as error:
            self._tell(Checked(kind, outcome_of(error), time.monotonic() - begun_s))
            raise
        outcome = CheckOutcome.SCORED if looked.looks else CheckOutcome.MEDIA_ERROR
        self._tell(Checked(kind, outcome, time.monotonic() - begun_s))
        return looked

    async def _looked(
        self, address: Address, options: SourceOptions, timeout_s: float, see: Callable[[Pixels], None] | None
    ) -> Looked:
        try:
            async with asyncio.timeout(timeout_s):
                source = await self._pool.pull(address, options)
                return await look_at(source if see is None else _Seen(source, see), self._new_lane())
        except TimeoutError as error:
            raise Overloaded(f"It was not looked at within {timeout_s:g} s.") from error
        except SampleDropped as error:
            raise Overloaded("The service is stopping.") from error
        except ScoringFailed as error:
            raise InternalFault("The detector failed on it; its log says why.") from error


class _Seen:
    """A source whose first sample somebody gets a copy of."""

    def __init__(self, source: Source, see: Callable[[Pixels], None]) -> None:
        self._source = source
        self._see = see

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        seen = False
        async for item in self._source:
            if isinstance(item, Sample) and not seen:
                seen = True
                self._see(item.pixels.copy())
            yield item

    def release(self, sample: Sample) -> None:
        self._source.release(sample)

    def counters(self) -> Counters:
        return self._source.counters()

    def hurry(self, for_s: float) -> None:
        self._source.hurry(for_s)

    async def aclose(self) -> None:
        await self._source.aclose()
