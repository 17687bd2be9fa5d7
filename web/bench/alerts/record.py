"""Timelines through the whole path: written as video, decoded and sampled in a worker, scored, judged."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from inference.events import Event, GoreIncident, IncidentState
from inference.judge import Judge, Scored
from inference.model import Model
from inference.pipeline import run
from inference.policy import Policy
from inference.scorer import Lane, Scorer
from inference.sizing import sizing
from inference.summary import MediaRef, Summary
from stream.address import parse
from stream.errors import Failure
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Status

from ...ids import new_id
from .film import write_film
from .plan import PASSAGE_FPS, Timeline
from .replay import Recording

PASSAGE_SAMPLES_PER_S = 4.0
"""The highest rate that is replayed."""
_IN_FLIGHT = 16


@dataclass(frozen=True, slots=True)
class Recorded:
    """One timeline's scores, and where the judge's own incidents started, media seconds."""

    recording: Recording
    starts_s: tuple[float, ...]


class RecordingFailed(Exception):
    """A timeline did not come through the path whole."""


async def record_all(
    timelines: Sequence[Timeline],
    folder: Path,
    scratch: Path,
    *,
    model: Model,
    policy: Policy,
    threads: int,
    tell: Callable[[Recorded], None],
) -> list[Recorded]:
    """Every timeline's scores, in order. `tell` hears each as it is there; films are written to `scratch` and removed.

    One film more than `threads` is under way, so that one is written while others are scored. Raises
    `RecordingFailed`, and `stream.errors.Overloaded` when no worker process can be started.
    """
    sizes = sizing(model.provider, cpus=threads)
    scorer = Scorer(model, max_batch=sizes.max_batch, max_wait_s=sizes.max_wait_s, threads=sizes.threads)
    room = asyncio.Semaphore(threads + 1)
    size = model.manifest.input
    async with scorer, WorkerPool(threads, width_px=size.width, height_px=size.height) as pool:

        async def one(timeline: Timeline) -> Recorded:
            async with room:
                film = scratch / f"{timeline.number}.mp4"
                await asyncio.to_thread(write_film, film, timeline, folder)
                recorded = await _record(film, timeline, pool, scorer.lane(), policy)
                film.unlink()
            tell(recorded)
            return recorded

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(timeline)) for timeline in timelines]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
    return [task.result() for task in tasks]


async def _record(film: Path, timeline: Timeline, pool: WorkerPool, lane: Lane, policy: Policy) -> Recorded:
    fps = PASSAGE_SAMPLES_PER_S if timeline.fps == PASSAGE_FPS else float(timeline.fps)
    judge = _Recorder(Judge(policy, MediaRef(new_id("req"), new_id("med"), film.name), lambda: new_id("inc")))
    source = await pool.pull(parse(str(film)), SourceOptions(fps=fps, trusted=True))
    summary = await run(source, lane, judge, judge.hear, in_flight=_IN_FLIGHT, now_unix_s=time.time)
    expected = round(timeline.duration_s * fps)
    if summary.failure is not None or abs(summary.operations - expected) > 1:
        reason = summary.failure.message if summary.failure is not None else "see the log"
        raise RecordingFailed(f"Of timeline {timeline.number} {summary.operations} of {expected} samples: {reason}")
    recording = Recording(timeline, fps, np.array(judge.positions_s), np.array(judge.raw))
    return Recorded(recording, tuple(judge.starts_s))


@dataclass(slots=True)
class _Recorder:
    """A judge whose scores and incidents are written down."""

    judge: Judge
    positions_s: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)

    @property
    def rising(self) -> bool:
        return self.judge.rising

    def feed(self, what: Scored | Status) -> list[Event]:
        if isinstance(what, Scored):
            self.positions_s.append(what.position_s)
            self.raw.append(what.raw)
        return self.judge.feed(what)

    def finish(self, timestamp_s: float, failure: Failure | None = None) -> list[Event]:
        return self.judge.finish(timestamp_s, failure)

    def summary(self, timestamp_s: float) -> Summary:
        return self.judge.summary(timestamp_s)

    def hear(self, event: Event) -> None:
        if isinstance(event, GoreIncident) and event.state is IncidentState.STARTED:
            self.starts_s.append(event.reading.position_s)
