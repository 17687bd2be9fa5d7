"""One source on a host: read and scored by the pipeline of all streams, whose judge here is one that hands on."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from inference.events import Event
from inference.judge import Scored
from inference.pipeline import Tally
from inference.taxonomy import Taxonomy
from stream.errors import Failure
from stream.sample import Counters, Pixels, Sample, Source, State, Status

from .messages import Counted, Report, Sampled, Stated

_LIVE_AHEAD = 8
"""Samples of a live source that may be on their way to being judged; what comes then is given up."""
_STORED_AHEAD = 64
"""The same of a stored one, which waits."""
_BEHIND = "behind"
"""Why: where it is judged, there is too much to do."""
_PICTURE_EVERY_S = 2.0
_PICTURES_A_S = 4
_LOOKED_AT_FROM = 0.15
"""Scores of which the picture may be wanted."""


class Watched:
    """A `stream.sample.Source` over a host's own, and an `inference.pipeline.Judging` that judges nothing.

    `send` takes what is told, `compress` makes a JPEG of pixels. Of a picture every two seconds, of whatever scores as
    if it were wanted, and for as long as the source is to hurry, the JPEG is told too.
    """

    def __init__(
        self,
        number: int,
        source: Source,
        tally: Tally,
        *,
        send: Callable[[Report], None],
        compress: Callable[[Pixels], bytes],
    ) -> None:
        self._number = number
        self._source = source
        self._tally = tally
        self._send = send
        self._compress = compress
        self._live = False
        self._given = self._taken = 0
        self._room = asyncio.Event()
        self._room.set()
        self._behind = 0
        self._end = Status(State.ENDED)
        self._pixels: Pixels | None = None
        self._told: deque[Taxonomy] = deque()
        self._hurries_until_s = -1.0
        self._position_s = 0.0
        self._pictured_s: deque[float] = deque(maxlen=_PICTURES_A_S)

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        async for item in self._source:
            if isinstance(item, Sample):
                if not await self._may_go_on():
                    self._behind += 1
                    self._source.release(item)
                    continue
                self._given += 1
                self._look_for_room()
            elif item.info is not None:
                self._live = item.info.droppable
            yield item

    def release(self, sample: Sample) -> None:
        # The pipeline gives a sample back when its score is there, and has it judged right after.
        self._pixels = sample.pixels.copy()
        self._source.release(sample)

    def counters(self) -> Counters:
        counters = self._source.counters()
        dropped = Counter(counters.dropped) + Counter(self._tally.dropped) + Counter({_BEHIND: self._behind})
        return replace(counters, dropped=dict(dropped))

    def hurry(self, for_s: float) -> None:
        self._hurries_until_s = self._position_s + for_s
        self._source.hurry(for_s)

    async def aclose(self) -> None:
        self._room.set()
        await self._source.aclose()

    def taken(self, count: int) -> None:
        """So many of those that were sent were judged."""
        self._taken += count
        self._look_for_room()

    def told(self, _: float, taxonomy: Taxonomy) -> None:
        """All that the detector tells of the sample that is judged next."""
        self._told.append(taxonomy)

    def count(self, *, vacant: bool = False) -> None:
        """Tell the totals."""
        self._send(Counted(self._number, self.counters(), vacant))

    @property
    def rising(self) -> bool:
        """Who judges knows, and says so by `hurry`."""
        return False

    def feed(self, what: Scored | Status) -> list[Event]:
        if isinstance(what, Scored):
            self._tell(what)
        elif what.state.final:
            self._end = what
        else:
            self._send(Stated(self._number, what))
        return []

    def finish(self, timestamp_s: float, failure: Failure | None = None) -> list[Event]:
        """Tell the end, once."""
        del timestamp_s
        self.count()
        end = self._end if failure is None else Status(State.FAILED, failure=failure)
        self._send(Stated(self._number, end))
        return []

    def summary(self, timestamp_s: float) -> None:
        """There is none here."""

    def _tell(self, scored: Scored) -> None:
        self._position_s = scored.position_s
        self._look_for_room()
        pixels, self._pixels = self._pixels, None
        self._send(
            Sampled(
                self._number,
                scored.position_s,
                scored.captured_s,
                scored.epoch,
                scored.raw,
                self._told.popleft() if self._told else None,
                self._compress(pixels) if pixels is not None and self._is_wanted(scored) else None,
            )
        )

    def _is_wanted(self, scored: Scored) -> bool:
        """Whether the picture goes along."""
        latest_s = self._pictured_s[-1] if self._pictured_s else -_PICTURE_EVERY_S
        wanted = (
            scored.position_s >= latest_s + _PICTURE_EVERY_S
            or scored.raw >= _LOOKED_AT_FROM
            or scored.position_s <= self._hurries_until_s
        )
        lately = len(self._pictured_s) == _PICTURES_A_S and scored.position_s < self._pictured_s[0] + 1.0
        if wanted and not lately:
            self._pictured_s.append(scored.position_s)
            return True
        return False

    async def _may_go_on(self) -> bool:
        """Whether the next sample is to be scored; of what is stored, once there is room."""
        self._look_for_room()
        if not self._live:
            await self._room.wait()
        return self._room.is_set()

    def _look_for_room(self) -> None:
        ahead = self._given - self._taken - self._tally.failed - sum(self._tally.dropped.values())
        if ahead < (_LIVE_AHEAD if self._live else _STORED_AHEAD):
            self._room.set()
        else:
            self._room.clear()
