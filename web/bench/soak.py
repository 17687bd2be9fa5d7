"""What `benchmarks/soak.py` does: many live streams at once through the real service, watched for minutes.

Every stream is pulled from one publishing process over HTTP and begins when it is added; they are added in turn, so
that their key frames and samples are spread over time as those of cameras are.
"""

import asyncio
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .material import GOP_S, described, write_live
from .measure import cpu_s, report, resident_mb, say
from .serving import Api, Publishers, Running, all_scored, api_of, publishers, running_service
from .soak_figures import Look, Run, figures

_EACH_S = 0.1
"""Between two streams that are added."""
_COME_UP_S = 120.0
_SETTLE_S = 20.0
_QUICK_SETTLE_S = 2.0
_SPARE_S = 60.0
_REST_S = 1.0
"""For the service before its empty memory is weighed."""
_LOOKS = 120
_LEAST_PAUSE_S = 0.5
_SHORT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    streams: int
    seconds: float
    fps: float


def main(asked: Asked) -> bool:
    """Run, print one JSON line, and say whether every limit held. Raises `CommandError` when it could not run."""
    with tempfile.TemporaryDirectory(prefix="gorewatch-soak-") as name:
        folder = Path(name)
        clip = write_live(folder, asked.seconds + asked.streams * _EACH_S + _COME_UP_S + _SETTLE_S + _SPARE_S)
        with publishers(clip, gop_s=GOP_S) as published, running_service(folder, max_streams=asked.streams) as service:
            found = figures(asyncio.run(_soak(asked, published, service)))
    report("soak", {**found, "material": described()})
    return found["held"] is True


async def _soak(asked: Asked, published: Publishers, service: Running) -> Run:
    async with api_of(service) as api:
        await asyncio.sleep(_REST_S)
        empty_mb = resident_mb(service.pids())
        await _add(asked, published, api)
        await all_scored(api, asked.streams)
        await asyncio.sleep(_SETTLE_S if asked.seconds >= _SHORT_S else _QUICK_SETTLE_S)
        say(f"{asked.streams} streams are live; watching them for {asked.seconds:g} s …")
        looks = await _watch(asked, published, service, api)
        streams, events = await api.streams(), await api.published()
    return Run(
        streams=asked.streams,
        fps=asked.fps,
        empty_mb=empty_mb,
        looks=looks,
        stalls=events.get("media.stalled", 0),
        reconnects=sum(stream.counters.reconnects for stream in streams),
        dropped=sum((Counter(stream.counters.dropped) for stream in streams), Counter()),
    )


async def _add(asked: Asked, published: Publishers, api: Api) -> None:
    say(f"adding {asked.streams} streams …")
    # Not adaptive: so many samples a second are wanted, whatever the picture shows.
    policy = {"fps": asked.fps, "adaptive": False}
    for number in range(asked.streams):
        await api.add(published.url, f"live-{number}", policy)
        await asyncio.sleep(_EACH_S)


async def _watch(asked: Asked, published: Publishers, service: Running, api: Api) -> list[Look]:
    pause_s = max(_LEAST_PAUSE_S, asked.seconds / _LOOKS)
    started_s, looks = time.monotonic(), list[Look]()
    while not looks or looks[-1].at_s < asked.seconds:
        if looks:
            await asyncio.sleep(pause_s)
        streams, pids = await api.streams(), service.pids()
        looks.append(
            Look(
                at_s=time.monotonic() - started_s,
                live=sum(stream.state == "live" for stream in streams),
                lags_s=tuple(stream.counters.lag for stream in streams if stream.counters.lag is not None),
                scored=sum(stream.samples for stream in streams),
                held_mb=resident_mb(pids),
                cpu_s=cpu_s(pids),
                publishers_cpu_s=cpu_s([published.pid]),
                watcher_cpu_s=cpu_s([os.getpid()]),
            )
        )
    return looks
