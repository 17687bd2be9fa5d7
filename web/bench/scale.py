"""`gorewatch bench scale`: what going through Ray costs a node, and how 20,000 streams live on many of them.

- `ray_overhead`: the share of a node's capacity that Ray costs: 1 - CPU of a sample with `engine = local` over that
  with `engine = ray`, of all processes, the same live streams on the same cores, in turns; the median.
- `service`: CPU of one service by sample and by event, with a host whose sources are made up, and how many streams
  with a sample and an event a second it bears.
- `recovered_s`: in a simulation, from the loss of the host with the most streams until every stream is live again.
"""

import os
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..cluster.hosting import hosts, link
from . import capacity
from .measure import report, say
from .scale_cases import Asked, simulated
from .scale_figures import figures, overhead_figures, served_figures, stream_cores
from .scale_overhead import Plan, overhead
from .scale_service import ServicePlan, served
from .scale_sim import Costs, Timing

_STREAMS_A_CORE = 12
_TERMINATED = 128 + signal.SIGTERM
# What is simulated are the service's own constants.
_TIMING = Timing(
    silent_s=link.SILENT_S,
    pause_s=link.PAUSE_S,
    place_timeout_s=hosts.PLACE_TIMEOUT_S,
    move_every_s=hosts.MOVE_EVERY_S,
)
_ASKED = Asked(streams=20_000, services=1, busy=0.65, arriving_per_s=100.0, seed=8)
_OPENING_S, _CONNECTING_S, _KEY_FRAMES_S, _SPREAD = 0.117, 0.2, 2.0, 0.5
"""CPU of an opening: docs/benchmarks.md; the others are those of the material, and taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    rounds: int
    settle_s: float
    turn_s: float
    made_up: int


_WHOLE = _Times(rounds=5, settle_s=8.0, turn_s=30.0, made_up=300)
_QUICK = _Times(rounds=1, settle_s=4.0, turn_s=10.0, made_up=60)


def main(*, seconds: float | None, quick: bool) -> bool:
    """Measure, print, and say whether every limit held; `seconds` is how long each turn is (default 30, quick 10).

    Raises `CommandError` when it could not run.
    """
    # Whoever ends this ends the cluster with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    times = _QUICK if quick else _WHOLE
    times = replace(times, turn_s=times.turn_s if seconds is None else seconds)
    plan = Plan(
        streams=_STREAMS_A_CORE * (os.cpu_count() or 1),
        rounds=times.rounds,
        settle_s=times.settle_s,
        turn_s=times.turn_s,
        idle_s=times.turn_s,
    )
    with tempfile.TemporaryDirectory(prefix="gorewatch-bench-") as name:
        found = overhead(plan, Path(name))
        service = served(ServicePlan(streams=times.made_up, settle_s=times.settle_s, turn_s=times.turn_s), Path(name))
    costs = Costs(
        stream_cores=stream_cores(found),
        spread=_SPREAD,
        opening_s=_OPENING_S,
        placing_s=service.placing_loop_ms / 1000.0,
        connecting_s=_CONNECTING_S,
        key_frames_s=_KEY_FRAMES_S,
    )
    apart = capacity.services(_ASKED.streams, (service.sample_ms + service.event_ms) / 1000.0)
    say(f"simulating {_ASKED.streams:,} streams of one service, and of {apart} …")
    fleets = {
        "together": simulated(_ASKED, costs, _TIMING),
        "apart": simulated(replace(_ASKED, services=apart), costs, _TIMING),
    }
    told = figures({**overhead_figures(found), **served_figures(service)}, fleets)
    report("scale", told)
    return told["held"] is True
