"""What one service costs that hosts work for: judging, storing and sending the scores of made-up sources."""

import asyncio
import os
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..commands.common import CommandError
from .measure import cpu_s, say
from .scale_cluster import Cluster, running_cluster
from .scale_figures import Served
from .scale_overhead import loop_s
from .serving import Api, Running, Seen, api_of, running_service

_MODULE = "web.bench.scale_synthetic"
_URL = "http://192.0.2.1/live.ts"
"""Nobody opens it."""
_COME_UP_S = 120.0
_PAUSE_S = 0.5
_EACH_S = 0.05
"""Between two streams that are added: of a new host nobody knows yet how many it bears."""
_RARELY_S = 3600.0
_HOST = "ray::Synthetic"
_ROOM = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """How much is measured; each stream has one sample a second."""

    streams: int
    settle_s: float
    turn_s: float


@dataclass(frozen=True, slots=True)
class _Used:
    samples: int
    events: int
    lasted_s: float
    all_s: float
    loop_s: float


def served(plan: ServicePlan, folder: Path) -> Served:
    """Measure. Raises `CommandError`."""
    with ExitStack() as stack:
        cluster = stack.enter_context(
            running_cluster(folder / "synthetic-ray.log", cpus=os.cpu_count() or 1, streams=_ROOM, host=_HOST)
        )
        own = folder / "synthetic"
        own.mkdir()
        more = {
            "GOREWATCH_ENGINE": "ray",
            "GOREWATCH_RAY_ADDRESS": cluster.address,
            "GOREWATCH_EGRESS_ALLOW": "192.0.2.0/24",
            "GOREWATCH_WORKERS": "1",
        }
        service = stack.enter_context(running_service(own, max_streams=2 * plan.streams, more=more, module=_MODULE))
        return asyncio.run(_measured(plan, cluster, service))


async def _measured(plan: ServicePlan, cluster: Cluster, service: Running) -> Served:
    async with api_of(service) as api:
        quiet = await _turn(plan, service, api, event_interval=_RARELY_S)
        added = await _added(plan, api, event_interval=1.0)
        told = await _used(plan, service, api, added)
        say(f"killing the host of {plan.streams} made-up streams …")
        recovered_s, placing_s = await _replaced(plan, cluster, service, api, told)
    sample = quiet.all_s / quiet.samples, quiet.loop_s / quiet.samples
    return Served(
        streams=plan.streams,
        sample_ms=1000.0 * sample[0],
        sample_loop_ms=1000.0 * sample[1],
        event_ms=1000.0 * max(told.all_s - sample[0] * told.samples, 0.0) / max(told.events, 1),
        event_loop_ms=1000.0 * max(told.loop_s - sample[1] * told.samples, 0.0) / max(told.events, 1),
        placing_loop_ms=1000.0 * placing_s,
        recovered_s=recovered_s,
        samples_per_s=told.samples / told.lasted_s,
    )


async def _turn(plan: ServicePlan, service: Running, api: Api, *, event_interval: float) -> _Used:
    added = await _added(plan, api, event_interval=event_interval)
    used = await _used(plan, service, api, added)
    for stream_id in added:
        await api.end(stream_id)
    return used


async def _added(plan: ServicePlan, api: Api, *, event_interval: float) -> set[str]:
    policy = {"fps": 1.0, "adaptive": False, "event_interval": event_interval}
    say(f"adding {plan.streams} made-up streams, an event of each every {event_interval:g} s …")
    added = set[str]()
    for number in range(plan.streams):
        added.add(await api.add(_URL, f"made-up-{number}", policy))
        await asyncio.sleep(_EACH_S)
    await _until(api, added, {})
    await asyncio.sleep(plan.settle_s)
    return added


async def _until(api: Api, added: set[str], before: dict[str, int]) -> None:
    """Until each has more samples than before."""
    until_s = time.monotonic() + _COME_UP_S
    while True:
        seen = [stream for stream in await api.streams() if stream.id in added]
        if all(stream.samples > before.get(stream.id, 0) and stream.state == "live" for stream in seen):
            return
        if time.monotonic() > until_s:
            raise CommandError(f"Not every made-up stream came up in {_COME_UP_S:g} s.")
        await asyncio.sleep(_PAUSE_S)


async def _used(plan: ServicePlan, service: Running, api: Api, added: set[str]) -> _Used:
    before, all_s, own_s, began_s = await _samples(api, added), cpu_s([service.pid]), loop_s(service.pid), _now_s()
    events = await _events(api)
    await asyncio.sleep(plan.turn_s)
    after = await _samples(api, added)
    return _Used(
        sum(after.values()) - sum(before.values()),
        await _events(api) - events,
        _now_s() - began_s,
        cpu_s([service.pid]) - all_s,
        loop_s(service.pid) - own_s,
    )


async def _replaced(
    plan: ServicePlan, cluster: Cluster, service: Running, api: Api, usual: _Used
) -> tuple[float, float]:
    """Kill the host: how long it took until all were live again, and the loop's time a stream beyond the usual."""
    seen = await api.streams()
    before = {stream.id: stream.samples for stream in seen if stream.state == "live"}
    own_s, began_s = loop_s(service.pid), _now_s()
    os.kill(cluster.host_pids()[0], signal.SIGKILL)
    await asyncio.sleep(_PAUSE_S)
    while any(stream.state == "live" for stream in await _of(api, before)):  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(_PAUSE_S)
    counted = {stream.id: stream.samples for stream in await _of(api, before)}
    await _until(api, set(before), counted)
    recovered_s = _now_s() - began_s
    judged = sum((await _samples(api, set(before))).values()) - sum(before.values())
    spent_s = loop_s(service.pid) - own_s - usual.loop_s / usual.samples * judged
    return recovered_s, max(spent_s, 0.0) / plan.streams


async def _of(api: Api, wanted: dict[str, int]) -> list[Seen]:
    return [stream for stream in await api.streams() if stream.id in wanted]


async def _events(api: Api) -> int:
    return (await api.published()).get("gore.prob", 0)


async def _samples(api: Api, added: set[str]) -> dict[str, int]:
    return {stream.id: stream.samples for stream in await api.streams() if stream.id in added}


def _now_s() -> float:
    return time.monotonic()
