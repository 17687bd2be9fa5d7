"""What `gorewatch scan` does: the pipeline on files and addresses, several at a time, without a server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from inference.events import Incident
from inference.judge import Judge
from inference.model import Model
from inference.pipeline import run
from inference.policy import Policy
from inference.scorer import Lane, Scorer
from inference.sizing import sizing
from inference.summary import MediaRef, Summary
from stream.address import parse, redact
from stream.errors import SourceError
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Counters, Sample, Source, Status

from ..ids import new_id
from ..recording.judging import HeardJudge
from ..reports.values import MediaReport
from .seeing import Seen, Wanted

_IN_FLIGHT = 16
"""Samples of one media between decoder and judge; enough to fill a batch while the next one is decoded."""


class Audience(Protocol):
    """Who is told how far it got; media are known by their place among the inputs."""

    def opened(self, index: int, duration_s: float | None) -> None: ...

    def advanced(self, index: int, position_s: float) -> None: ...

    def closed(self, index: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one input."""

    given: str
    """As it was asked for, credentials masked."""
    summary: Summary
    incidents: tuple[Incident, ...]
    threshold: float
    report: MediaReport
    """The same for those who look at it, with as much of it as was wanted."""

    @property
    def flagged(self) -> bool:
        return self.summary.prob is not None and self.summary.prob >= self.threshold

    @property
    def complete(self) -> bool:
        """It was read to its end."""
        return self.report.complete


async def scan_all(
    inputs: Sequence[str],
    *,
    model: Model,
    policy: Policy,
    workers: int,
    audience: Audience,
    wanted: Wanted,
    tell: Callable[[int, Outcome], None] | None = None,
) -> list[Outcome]:
    """Moderate every input, at most `workers` at a time; outcomes in the order of the inputs.

    `tell` hears each outcome with its input's place as soon as it is there. An input that cannot be read has an
    outcome with a failure. Raises `stream.errors.Overloaded` when no worker process can be started.
    """
    width_px, height_px = model.manifest.input.width, model.manifest.input.height
    workers = min(workers, len(inputs))
    sizes = sizing(model.provider, cpus=workers)
    scorer = Scorer(model, max_batch=sizes.max_batch, max_wait_s=sizes.max_wait_s, threads=sizes.threads)
    room = asyncio.Semaphore(workers)
    async with scorer, WorkerPool(workers, width_px=width_px, height_px=height_px) as pool:

        async def one(index: int, given: str) -> Outcome:
            async with room:
                outcome = await _scan(given, pool, scorer.lane(), policy, _Told(index, audience), wanted)
            audience.closed(index)
            if tell is not None:
                tell(index, outcome)
            return outcome

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(index, given)) for index, given in enumerate(inputs)]
        except ExceptionGroup as errors:
            # What is wrong with an input is in its outcome; the first of anything else is what the caller can handle.
            raise errors.exceptions[0] from errors
    return [task.result() for task in tasks]


async def _scan(given: str, pool: WorkerPool, lane: Lane, policy: Policy, told: "_Told", wanted: Wanted) -> Outcome:
    media = MediaRef(request_id=new_id("req"), media_id=new_id("med"), uri=redact(given))
    judge = Judge(policy, media, lambda: new_id("inc"))
    seen = Seen(judge, wanted)
    try:
        address = parse(given)
        source = await pool.pull(address, SourceOptions(fps=policy.fps, decode=policy.decode, trusted=True))
        heard = HeardJudge(judge, hear=seen.judged)
        summary = await run(_Observed(source, told, seen), lane, heard, seen.told, in_flight=_IN_FLIGHT)
    except SourceError as error:
        judge.finish(time.time(), error.failure())
        summary = judge.summary(time.time())
    return Outcome(
        given=media.uri,
        summary=summary,
        incidents=judge.incidents,
        threshold=policy.threshold,
        report=seen.report(summary, policy),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """The audience of one input."""

    index: int
    audience: Audience

    def hear(self, item: Sample | Status) -> None:
        if isinstance(item, Sample):
            self.audience.advanced(self.index, item.position_s)
        elif item.info is not None:
            self.audience.opened(self.index, item.info.duration_s)


class _Observed:
    """A source whose items somebody else sees pass."""

    def __init__(self, source: Source, told: _Told, seen: Seen) -> None:
        self._source = source
        self._seen = seen
        self._hear: Callable[[Sample | Status], None] = told.hear

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        async for item in self._source:
            self._hear(item)
            if isinstance(item, Status) and item.info is not None:
                self._seen.info = item.info
            yield item

    def release(self, sample: Sample) -> None:
        # The pipeline gives a sample back when its score is there and judges it right after.
        self._seen.scored(sample.pixels)
        self._source.release(sample)

    def counters(self) -> Counters:
        return self._source.counters()

    def hurry(self, for_s: float) -> None:
        self._source.hurry(for_s)

    async def aclose(self) -> None:
        await self._source.aclose()
