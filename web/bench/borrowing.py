"""What `benchmarks/borrowing.py` does: what it costs a sample to be scored on another node of a Ray cluster.

Two nodes on this machine, a process on each: one has made-up pictures of the detector's size, the other a scorer whose
model costs nothing. So all that is measured is the way, against the way to the same scorer in the first process.
"""

import asyncio
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .borrowing_actors import BorrowerActor, ScorerActor, Turn, detector_s
from .borrowing_figures import Cost, figures
from .measure import cpu_s, report, say
from .scale_cluster import Cluster, joined, running_cluster

_HOST = "ray::BorrowerActor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    rounds: int
    seconds: float
    batches: tuple[int, ...]


def main(asked: Asked) -> bool:
    """Run, print one JSON line, and say whether the limit held. Raises `CommandError` when it could not run."""
    import ray

    cpus = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="gorewatch-borrowing-") as name, ExitStack() as stack:
        folder = Path(name)
        here = stack.enter_context(running_cluster(folder / "host.log", cpus=cpus, streams=1, host=_HOST))
        there = stack.enter_context(joined(here, folder / "scorer.log", cpus=cpus, scorers=1))
        ray.init(address=here.address, namespace="gorewatch", log_to_driver=False, logging_level=logging.ERROR)
        stack.callback(ray.shutdown)
        own, borrowed = asyncio.run(_measured(ray, asked, (here, there)))
    detector = statistics.median(detector_s(asked.seconds) for _ in range(asked.rounds))
    told = figures(own, borrowed, detector_s=detector)
    report("borrowing", {**told, "rounds": asked.rounds})
    return told["held"] is True


async def _measured(ray: Any, asked: Asked, nodes: tuple[Cluster, Cluster]) -> tuple[list[Cost], list[Cost]]:
    """With a scorer of its own, and with one elsewhere."""
    scorer = ray.remote(ScorerActor).options(num_cpus=0, resources={"scorers": 1}).remote()
    host = ray.remote(BorrowerActor).options(num_cpus=0, resources={"streams": 1}).remote()
    await scorer.begin.remote()
    await host.begin.remote(scorer)
    ways = _Ways(host, scorer, nodes)
    idle = await ways.idle(asked.seconds)
    found: dict[str, list[Cost]] = {"own": [], "borrowed": []}
    for batch in asked.batches:
        await ways.cost("borrowed", batch, asked.seconds / 4, idle)  # What is done once is not counted.
    for number in range(asked.rounds):
        for batch in asked.batches:
            say(f"round {number + 1} of {asked.rounds}: {batch} samples at once …")
            for way, costs in found.items():
                costs.append(await ways.cost(way, batch, asked.seconds, idle))
    return found["own"], found["borrowed"]


class _Ways:
    def __init__(self, host: Any, scorer: Any, nodes: Iterable[Cluster]) -> None:
        self._host = host
        self._scorer = scorer
        self._rays = [pid for node in nodes for pid in set(node.pids()) - set(node.host_pids())]

    async def idle(self, seconds: float) -> float:
        """What Ray takes of a processor by itself."""
        before_s, began_s = cpu_s(self._rays), time.monotonic()
        await asyncio.sleep(seconds)
        return (cpu_s(self._rays) - before_s) / (time.monotonic() - began_s)

    async def cost(self, way: str, batch: int, seconds: float, idle: float) -> Cost:
        ray_s, scorer_s = cpu_s(self._rays), await self._scorer.cpu_s.remote()
        turn: Turn = await self._host.turn.remote(way, batch, seconds)
        scorer_s = await self._scorer.cpu_s.remote() - scorer_s
        ray_s = cpu_s(self._rays) - ray_s - idle * turn.lasted_s
        there = way == "borrowed"
        return Cost(
            batch=batch,
            host_s=turn.cpu_s / turn.samples,
            scorer_s=scorer_s / turn.samples if there else 0.0,
            ray_s=max(ray_s, 0.0) / turn.samples if there else 0.0,
            latency_s=statistics.median(turn.latencies_s),
            samples_per_s=turn.samples / turn.lasted_s,
        )
