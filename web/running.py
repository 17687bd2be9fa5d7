"""One stream at run time: its parts while it runs, and what is kept of it afterwards."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from inference.events import Event, Incident, MediaFailed, MediaFinished, Reading
from inference.judge import Judge
from inference.pipeline import Tally
from inference.policy import Policy
from inference.scores import Point, downsample
from inference.summary import NO_FRAMES, MediaRef, Summary
from inference.taxonomy import Taxonomy
from stream.address import Address
from stream.errors import Failure, Overloaded
from stream.sample import Counters, Sample, Source, SourceInfo, State, Status

from .ids import new_id
from .recording.peaks import Peaks
from .scored_sample import shown_by
from .showing import Picture
from .store.blocks import Judged
from .store.kept import MediaFacts
from .store.standing import StandingStream
from .terms import Kind

_POINTS_KEPT = 1800
_log = logging.getLogger("gorewatch.streams")


class Listener(Protocol):
    """Who has a stream run, and hears of it. Neither call may block."""

    def scored(self, position_s: float, gore: Taxonomy) -> None:
        """One more sample, in their order."""
        ...

    def ended(self, failure: Failure | None, *, on_request: bool) -> None:
        """The stream is over; the failure if it failed, or gave no frame. `on_request`: somebody ended it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """On whose behalf a stream runs: which media it is, and who hears of it."""

    media: MediaRef
    listener: Listener
    kind: Kind
    """What its address must lead to."""


class Stream:
    """What the service knows of one stream and its media."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        policy: Policy,
        pushed: bool,
        owner: str | None = None,
        commission: Commission | None = None,
        earlier: StandingStream | None = None,
    ) -> None:
        """`url` is redacted already. `earlier`: what an earlier service left of it, to be gone on with."""
        self.id = new_id("str") if earlier is None else earlier.id
        self.media = (
            MediaRef(request_id=new_id("req"), media_id=new_id("med"), uri=url)
            if commission is None
            else commission.media
        )
        self.listener = None if commission is None else commission.listener
        self.ended_on_request = False
        self.name = name
        self.owner = owner
        """The key that made it; None if it belongs to nobody."""
        self.policy = policy
        self.pushed = pushed
        self.started_s = time.time()
        self.added_s = self.started_s if earlier is None else earlier.added_s
        self.taken_up = earlier is not None
        """An earlier service had it."""
        self.state = State.CONNECTING
        self.info: SourceInfo | None = None
        self.failure: Failure | None = None
        self.picture: Picture | None = None
        """The latest one of a sample that was scored; None before the first and after the end."""
        self._judging: Picture | None = None
        """That of the sample that is judged now, if it has one."""
        self.peaks = Peaks()
        """Frames of peaks that may be kept."""
        self.task: asyncio.Task[None] | None = None
        self.source: Source | None = None
        self.log = logging.LoggerAdapter(_log, {"stream": self.id})
        self.tally = Tally()
        self._judge: Judge | None = Judge(policy, self.media, lambda: new_id("inc"))
        self._counters = Counters()
        self._final: Summary | None = None
        self._latest: Reading | None = None
        self._incidents: tuple[Incident, ...] = ()
        self._points: npt.NDArray[np.float64] = np.empty((0, 3))

    @property
    def judge(self) -> Judge:
        """Exists until `close`."""
        assert self._judge is not None, "a closed stream is not judged"
        return self._judge

    @property
    def closed(self) -> bool:
        """It has ended and `close` was called."""
        return self._judge is None

    @property
    def found_no_room(self) -> bool:
        """It was taken up and has ended because nobody here had room to watch it, which says nothing about it."""
        failure = self.failure if self.state is State.FAILED else None
        return self.taken_up and self.info is None and failure is not None and failure.code == Overloaded.code

    @property
    def latest(self) -> Reading | None:
        return self._latest if self._judge is None else self._judge.latest

    @property
    def incidents(self) -> tuple[Incident, ...]:
        return self._incidents if self._judge is None else self._judge.incidents

    @property
    def points(self) -> list[Point]:
        """The scores over time; after the end thinned out, with their peaks."""
        if self._judge is not None:
            return self._judge.scores
        return [Point(position_s, raw, prob) for position_s, raw, prob in self._points.tolist()]

    @property
    def counters(self) -> Counters:
        return self._counters if self.source is None else self.source.counters()

    @property
    def dropped(self) -> dict[str, int]:
        """Samples given up on their way to the detector and before it, by reason."""
        return self.dropped_of(self.counters)

    def dropped_of(self, counters: Counters) -> dict[str, int]:
        """The same, for who has asked for the counters already."""
        before, late = counters.dropped, self.tally.dropped
        return dict(Counter(before) + Counter(late)) if late else {reason: n for reason, n in before.items() if n}

    def summary(self) -> Summary:
        """The final summary, or the one so far."""
        return self._final or self.judge.summary(time.time())

    def facts(self) -> MediaFacts:
        """What is kept of its media beside what its frames tell."""
        return MediaFacts(
            ref=self.media,
            stream_id=self.id,
            owner=self.owner,
            name=self.name,
            policy=self.policy,
            started_s=self.started_s,
        )

    def standing(self, address: Address) -> StandingStream:
        """What it takes to watch it again at this address."""
        return StandingStream(
            id=self.id, owner=self.owner, name=self.name, address=address.url, policy=self.policy, added_s=self.added_s
        )

    def hear(self, status: Status) -> None:
        """Take a change of the source's state. The final state comes with the terminal event instead."""
        self.info = status.info or self.info
        # Once it is live again, what it was lost by is over.
        self.failure = None if status.state is State.LIVE else status.failure or self.failure
        if not status.state.final and status.state is not self.state:
            self.state = status.state
            self.log.info("%s is %s%s", self.name, self.state.value, f" ({status.reason})" if status.reason else "")

    def show(self, sample: Sample) -> None:
        """Take a sample that was scored, and is judged right after."""
        self._judging = shown_by(sample)
        self.picture = self._judging or self.picture

    def judged(self, sample: Judged) -> None:
        """Take what was judged last, which was shown before."""
        if self._judging is not None and self.policy.keep != "none":
            self.peaks.judged(self.judge.lasting, sample.position_s, self._judging)

    def conclude(self, event: Event) -> None:
        """Take the terminal event; any other changes nothing."""
        match event:
            case MediaFinished(summary):
                self._final, self.state = summary, State.ENDED
                self.log.info("%s ended after %d samples", self.name, summary.operations)
            case MediaFailed(failure, summary):
                self._final, self.state, self.failure = summary, State.FAILED, failure
                self.log.warning("%s failed: %s (%s)", self.name, failure.message, failure.code)

    def close(self) -> None:
        """Let go of everything that only a running stream needs. Its final summary must be there."""
        assert self._final is not None, "closed before its terminal event"
        self._latest, self._incidents = self.latest, self.incidents
        points = downsample(self.points, _POINTS_KEPT)
        self._points = np.array([(point.position_s, point.raw, point.prob) for point in points]).reshape(-1, 3)
        self._counters = self.counters
        self._judge = self.source = self.picture = self._judging = None
        if self.listener is not None:
            failure = self.failure if self.state is State.FAILED else None
            if failure is None and self._final.prob is None:
                failure = self._final.failure or NO_FRAMES
            listener, self.listener = self.listener, None
            listener.ended(failure, on_request=self.ended_on_request)


class Tap:
    """A `Source` that lets its stream see what passes: states, and a copy of each sample once it has been scored."""

    def __init__(self, source: Source, stream: Stream, *, hear: Callable[[Status], None]) -> None:
        self._source = source
        self._stream = stream
        self._hear = hear

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        async for item in self._source:
            if isinstance(item, Status):
                self._hear(item)
            yield item

    def release(self, sample: Sample) -> None:
        # The pipeline gives a sample back when its score is there and judges it right after.
        if not self._stream.closed:
            self._stream.show(sample)
        self._source.release(sample)

    def counters(self) -> Counters:
        return self._source.counters()

    def hurry(self, for_s: float) -> None:
        self._source.hurry(for_s)

    async def aclose(self) -> None:
        await self._source.aclose()
