"""`gorewatch bench pipeline`: what the whole path costs over its bare parts, how late its events are, what it holds.

- `overhead`: CPU seconds of the whole path (a worker decodes a 720p30 file as fast as it goes and samples it at 2/s of
  media time, the service scores and judges) over those of PyAV decoding the same frames and of the model's session
  run on as many samples, each alone. The medians of interleaved rounds.
- `p50_ms`, `p99_ms`: from the capture of a sample to the hand-over of its event, live, eight streams of 720p30.
- `mb_per_stream`: memory of all processes with eight streams over without, divided by eight; `mb_per_hour`: its slope.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import onnxruntime as ort

from inference.events import Event, GoreProb
from inference.judge import Judge
from inference.manifest import Variant, read_manifest, shipped_manifest_path
from inference.model import Model
from inference.pipeline import run
from inference.policy import Policy
from inference.scorer import Scorer
from inference.summary import MediaRef
from stream.address import parse
from stream.options import SourceOptions
from stream.pool import WorkerPool

from ..ids import new_id
from .clip import write_clip
from .measure import cpu_s, quantile_ms, report, resident_mb, say, slope_per_hour

_STREAMS = 8
_POLICY = Policy(event_interval=0.1)
"""Every sample gives an event, so that every sample's latency is seen."""
_CLIP_S = 60
_SETTLE_S = 10.0
_MEMORY_EVERY_S = 1.0
_LEAST_POINTS = 60


@dataclass(frozen=True, slots=True)
class _Round:
    path_s: float
    decode_s: float
    score_s: float
    samples: int


def main(*, seconds: float | None, quick: bool) -> None:
    """Measure and print; `seconds` is how long the live part runs (default 600, quick 20)."""
    live_s = seconds if seconds is not None else 20.0 if quick else 600.0
    rounds = 1 if quick else 3
    with tempfile.TemporaryDirectory(prefix="gorewatch-bench-") as folder:
        say(f"writing a clip of {_CLIP_S} s, 720p30 …")
        clip = write_clip(Path(folder) / "clip.mp4", _CLIP_S)
        report("pipeline", {**_overhead(clip, rounds), **asyncio.run(_live(clip, live_s))})


def _overhead(clip: Path, rounds: int) -> dict[str, object]:
    model = Model.load(provider="cpu")
    model.warm()
    measured = []
    for number in range(rounds):
        say(f"whole path against its bare parts, round {number + 1} of {rounds} …")
        path_s, samples = asyncio.run(_whole_path(clip, model))
        measured.append(
            _Round(path_s, _own_cpu(lambda: _bare_decode(clip)), _bare_scoring(samples, model.variant), samples)
        )
    model.close()
    return {
        "overhead": round(statistics.median(r.path_s / (r.decode_s + r.score_s) for r in measured), 3),
        "path_cpu_s": round(statistics.median(r.path_s for r in measured), 3),
        "decode_cpu_s": round(statistics.median(r.decode_s for r in measured), 3),
        "score_cpu_s": round(statistics.median(r.score_s for r in measured), 3),
        "samples": measured[0].samples,
    }


async def _whole_path(clip: Path, model: Model) -> tuple[float, int]:
    width_px, height_px = model.manifest.input.width, model.manifest.input.height
    async with Scorer(model) as scorer, WorkerPool(1, width_px=width_px, height_px=height_px) as pool:
        pids = [os.getpid(), *(worker.pid for worker in pool.workers)]
        before_s = cpu_s(pids)
        source = await pool.pull(parse(str(clip)), SourceOptions(fps=_POLICY.fps, decode="all", trusted=True))
        summary = await run(source, scorer.lane(), _judge(), _ignore)
        return cpu_s(pids) - before_s, summary.operations


def _bare_decode(clip: Path) -> None:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "NONE"
        for _ in container.decode(stream):
            pass


def _bare_scoring(samples: int, variant: Variant) -> float:
    """CPU seconds of the session alone, one sample at a time, with the options of `Model`."""
    manifest = read_manifest(shipped_manifest_path())
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    file = manifest.file_of(variant)
    assert file is not None, "the model was loaded with this variant"
    session = ort.InferenceSession(
        str(shipped_manifest_path().parent / file.file), options, providers=["CPUExecutionProvider"]
    )
    one = np.zeros((1, manifest.input.height, manifest.input.width, 3), np.uint8)
    feed = {manifest.input.name: one}
    wanted = [manifest.output.name]
    session.run(wanted, feed)

    def score() -> None:
        for _ in range(samples):
            session.run(wanted, feed)

    return _own_cpu(score)


def _ignore(_: Event) -> None:
    """Nobody listens: delivery is measured by another benchmark."""


def _own_cpu(work: Callable[[], None]) -> float:
    before_s = time.process_time()
    work()
    return time.process_time() - before_s


@dataclass(slots=True)
class _Live:
    """What eight live streams are seen to do after they have settled."""

    started_s: float = field(default_factory=time.monotonic)
    latencies_s: list[float] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    held_mb: list[float] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        now_s = time.monotonic()
        if isinstance(event, GoreProb) and now_s - self.started_s > _SETTLE_S:
            self.latencies_s.append(now_s - event.reading.captured_s)

    async def weigh(self, pids: list[int], seconds: float) -> None:
        """Look at the memory, once a second, for that long."""
        while (running_s := time.monotonic() - self.started_s) < seconds + _SETTLE_S:
            if running_s > _SETTLE_S:
                self.times_s.append(running_s)
                self.held_mb.append(resident_mb(pids))
            await asyncio.sleep(_MEMORY_EVERY_S)

    def _warm(self) -> tuple[list[float], list[float]]:
        """What was weighed once every stream had been opened twice, if it ran for that long.

        Memory of the first time that something happens is kept, and would look like a slope.
        """
        late = [number for number, running_s in enumerate(self.times_s) if running_s > _CLIP_S + _SETTLE_S]
        first = late[0] if len(late) >= _LEAST_POINTS else 0
        return self.times_s[first:], self.held_mb[first:]

    def figures(self, empty_mb: float) -> dict[str, object]:
        held_mb = statistics.median(self.held_mb)
        return {
            "p50_ms": quantile_ms(self.latencies_s, 0.5),
            "p99_ms": quantile_ms(self.latencies_s, 0.99),
            "events": len(self.latencies_s),
            "mb_per_stream": round((held_mb - empty_mb) / _STREAMS, 1),
            "mb_per_hour": slope_per_hour(*self._warm()),
            "mb_in_all": round(held_mb, 1),
        }


async def _live(clip: Path, seconds: float) -> dict[str, object]:
    """Eight paced streams through pool, scorer and judge for that long, after a few seconds to settle."""
    say(f"{_STREAMS} live streams for {seconds:g} s …")
    model = Model.load(provider="cpu")
    model.warm()
    live = _Live()
    cpus = os.cpu_count() or 1
    size = model.manifest.input
    async with Scorer(model) as scorer, WorkerPool(cpus, width_px=size.width, height_px=size.height) as pool:
        pids = [os.getpid(), *(worker.pid for worker in pool.workers)]
        empty_mb = resident_mb(pids)
        tasks = [asyncio.create_task(_stream(clip, pool, scorer, live.hear, number)) for number in range(_STREAMS)]
        await live.weigh(pids, seconds)
        dropped = sum(scorer.stats().dropped.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    model.close()
    return {**live.figures(empty_mb), "dropped": dropped, "live_s": round(seconds, 1)}


async def _stream(clip: Path, pool: WorkerPool, scorer: Scorer, hear: Callable[[Event], None], number: int) -> None:
    # Cameras do not sample in step: spread the starts over the sampling period.
    await asyncio.sleep(number / (_STREAMS * _POLICY.fps))
    options = SourceOptions(fps=_POLICY.fps, trusted=True, paced=True, loop=True)
    source = await pool.pull(parse(str(clip)), options)
    await run(source, scorer.lane(), _judge(), hear)


def _judge() -> Judge:
    media = MediaRef(request_id=new_id("req"), media_id=new_id("med"), uri="bench")
    return Judge(_POLICY, media, lambda: new_id("inc"))
