"""Questions to the past: what a policy would have given over media that the store has."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from inference.policy import Policy
from inference.replay import Replayed
from inference.summary import MediaRef
from inference.verdicts import Outcome, Verdict

from ..recording.interrupted import INTERRUPTED
from ..store import media, scores
from ..store.errors import StoreError
from ..store.kept import MediaEnd, MediaFilter
from ..store.reviewed import verdicts
from ..store.scores import Size
from ..store.store import Store
from ..turns import Turns
from .judges import Judges
from .judging import Recorded
from .messages import Answer, Begin, End, NextMedia

MOST_AT_ONCE = 2
"""Questions, and so processes that judge."""
SLACK_S = 3.0
"""With another window the same thing is raised up to about one window earlier or later."""
_DEADLINE_S = 180.0
_MEDIA_A_PAGE = 200
_BLOCKS_A_PAGE = 64
_LEAST_SAMPLES = 64
"""What a media counts for at least."""
_MOST_VERDICTS = 5000
"""On the media of one page."""


class AlreadyAsking(Exception):
    """The same key has a question that is not answered yet."""


class TakesTooLong(Exception):
    """The question was given up. `str()` says after how long."""


class TooMuch(Exception):
    """More samples would be judged than may be."""

    def __init__(self, *, most: int, fits_since_s: float | None) -> None:
        super().__init__(f"more than {most} samples would be judged")
        self.most = most
        """Samples of all media together that may be judged by so many policies."""
        self.fits_since_s = fits_since_s
        """The media that began since then, in Unix seconds, are not too much; None if the newest alone is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReplay:
    """What one policy would have given of one media."""

    replayed: Replayed
    exact: bool
    """It was judged by all that it was judged by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeReplay:
    """What policies would have given of many media."""

    outcomes: tuple[Outcome, ...]
    """One for each policy, in their order."""
    samples: int
    exact: bool


class Replays:
    """Answers one question a key at a time, and `MOST_AT_ONCE` of all. Lives on one event loop.

    Each raises `AlreadyAsking`, `stream.errors.Overloaded`, `TooMuch`, `TakesTooLong`, `web.whatif.process.JudgeLost`
    and `StoreError`. Cancelled, it leaves no process behind that judges.
    """

    def __init__(
        self,
        store: Store,
        judges: Judges,
        *,
        flush: Callable[[], Awaitable[None]],
        judged: Callable[[], Mapping[str, int]],
        most_samples: int,
        deadline_s: float = _DEADLINE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`flush` has scores that wait written, and `judged` knows of media in memory how many samples were judged.

        `most_samples` bounds samples times policies; `clock` tells Unix seconds.
        """
        self._store = store
        self._judges = judges
        self._flush = flush
        self._judged = judged
        self._most_samples = most_samples
        self._deadline_s = deadline_s
        self._clock = clock
        self._turns = Turns(running=MOST_AT_ONCE, waiting=0, wait_s=1.0)
        self._asking: set[str | None] = set()

    async def of_media(self, asker: str | None, ref: MediaRef, end: MediaEnd | None, policy: Policy) -> MediaReplay:
        """`end` is None for a media that runs: what lasts is then ended at the last sample that is there."""
        async with self._turn(asker):
            judged = await self._up_to_date()
            async with self._store.reading() as tx:
                size = await scores.size(tx, ref.media_id)
            if size.samples > self._most_samples:
                raise TooMuch(most=self._most_samples, fits_since_s=None)
            recorded = self._recorded(ref, end, size, judged)
            answer = await self._answer([policy], [recorded])
        assert answer.last is not None, "one media was judged"
        return MediaReplay(replayed=answer.last, exact=answer.exact)

    async def of_range(self, asker: str | None, wanted: MediaFilter, policies: Sequence[Policy]) -> RangeReplay:
        """Over the media that are wanted, with what people said of their incidents."""
        async with self._turn(asker):
            judged = await self._up_to_date()
            most = self._most_samples // len(policies)
            those, samples = await self._within(wanted, judged, most=most)
            answer = await self._answer(policies, those)
        return RangeReplay(outcomes=answer.outcomes, samples=samples, exact=answer.exact)

    @asynccontextmanager
    async def _turn(self, asker: str | None) -> AsyncIterator[None]:
        if asker in self._asking:
            raise AlreadyAsking
        self._asking.add(asker)
        try:
            async with self._turns.one():
                try:
                    async with asyncio.timeout(self._deadline_s):
                        yield
                except TimeoutError as error:
                    raise TakesTooLong(f"It took longer than {self._deadline_s:g} s.") from error
        finally:
            self._asking.discard(asker)

    async def _up_to_date(self) -> Mapping[str, int]:
        """How many samples of media in memory were judged; all of these are in the store, if it can be written."""
        judged = self._judged()
        with suppress(StoreError):
            await self._flush()
        return judged

    async def _within(self, wanted: MediaFilter, judged: Mapping[str, int], *, most: int) -> tuple[list[Recorded], int]:
        """The media, newest first, and how many samples they have. Raises `TooMuch`."""
        found: list[Recorded] = []
        samples = cost = 0
        before_id: str | None = None
        fits_since_s: float | None = None
        while True:
            async with self._store.reading() as tx:
                those = await media.listed(tx, limit=_MEDIA_A_PAGE, wanted=wanted, before_id=before_id)
                ids = [kept.facts.ref.media_id for kept in those]
                there = await scores.sizes(tx, ids)
                said = await verdicts(tx, ids, limit=_MOST_VERDICTS)
            all_said = sum(map(len, said.values())) < _MOST_VERDICTS
            for kept in those:
                ref = kept.facts.ref
                size = there.get(ref.media_id, Size())
                samples += size.samples
                cost += max(size.samples, _LEAST_SAMPLES)
                if cost > most:
                    raise TooMuch(most=most, fits_since_s=fits_since_s)
                fits_since_s = kept.facts.started_s
                of_it = said.get(ref.media_id, ())
                found.append(self._recorded(ref, kept.end, size, judged, verdicts=of_it, all_said=all_said))
            if len(those) < _MEDIA_A_PAGE:
                return found, samples
            before_id = ids[-1]

    def _recorded(
        self,
        ref: MediaRef,
        end: MediaEnd | None,
        size: Size,
        judged: Mapping[str, int],
        *,
        verdicts: tuple[Verdict, ...] = (),
        all_said: bool = True,
    ) -> Recorded:
        interrupted = end is not None and end.failure is not None and end.failure.code == INTERRUPTED.code
        return Recorded(
            ref=ref,
            timestamp_s=self._clock() if end is None else end.finished_s,
            failure=None if end is None else end.failure,
            operations=judged.get(ref.media_id, None if end is None else end.operations),
            verdicts=verdicts,
            # A service that broke off took the last scores with it.
            whole=all_said and not (size.thinned or interrupted),
        )

    async def _answer(self, policies: Sequence[Policy], those: Sequence[Recorded]) -> Answer:
        async with self._judges.one() as judge:
            await judge.tell(Begin(tuple(policies), SLACK_S))
            for recorded in those:
                await judge.tell(NextMedia(recorded))
                async for block in self._blocks(recorded.ref.media_id):
                    await judge.give(block)
            await judge.tell(End())
            return await judge.answer()

    async def _blocks(self, media_id: str) -> AsyncIterator[bytes]:
        """In short transactions: a process that judges takes its time."""
        after_s: float | None = None
        while True:
            async with self._store.reading() as tx:
                blocks = await scores.page(tx, media_id, after_s=after_s, limit=_BLOCKS_A_PAGE)
            for block in blocks:
                yield block.data
            if len(blocks) < _BLOCKS_A_PAGE:
                return
            after_s = blocks[-1].first_s
