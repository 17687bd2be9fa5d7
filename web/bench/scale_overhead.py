"""The measured part of `bench scale`: the same streams watched by a service alone, and by one with a host on Ray.

Both services and the cluster run all the while, on the same cores; the streams go from one to the other and back, and
of each turn only the processes of the one that has them count.
"""

import asyncio
import math
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from ..commands.common import CommandError
from .material import GOP_S, write_live
from .measure import cpu_s, say
from .scale_cluster import Cluster, running_cluster
from .scale_figures import Overhead, Turn
from .serving import Api, Publishers, Running, Seen, api_of, publishers, running_service

FPS = 1.0
_POLICY = {"fps": FPS, "adaptive": False}
_EACH_S = 0.05
"""Between two streams that are added."""
_SPARE_S = 120.0
_HOST_TIMEOUT_S = 60.0
_COME_UP_S = 60.0
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    streams: int
    rounds: int
    settle_s: float
    turn_s: float
    idle_s: float


class _Side(Protocol):
    """What watches streams."""

    @property
    def service(self) -> Running: ...
    def used_s(self) -> dict[str, float]: ...


@dataclass(frozen=True, slots=True)
class _Local:
    service: Running

    def used_s(self) -> dict[str, float]:
        service, *workers = self.service.pids()
        return {"service": cpu_s([service]), "loop": loop_s(service), "workers": cpu_s(workers)}


@dataclass(frozen=True, slots=True)
class _OnRay:
    service: Running
    cluster: Cluster

    def used_s(self) -> dict[str, float]:
        service, *idle = self.service.pids()
        host, *workers = self.cluster.host_pids()
        own = set(self.cluster.pids()) - {host, *workers}
        return {
            "service": cpu_s([service]),
            "loop": loop_s(service),
            "workers": cpu_s([*idle, *workers]),
            "host": cpu_s([host]),
            "ray": cpu_s(own),
        }


def overhead(plan: Plan, folder: Path) -> Overhead:
    """Measure. Raises `CommandError`."""
    cpus = os.cpu_count() or 1
    turn_s = plan.streams * _EACH_S + plan.settle_s + plan.turn_s
    clip = write_live(folder, turn_s + _SPARE_S)
    with ExitStack() as stack:
        published = stack.enter_context(publishers(clip, gop_s=GOP_S))
        cluster = stack.enter_context(running_cluster(folder / "ray.log", cpus=cpus, streams=plan.streams))
        folders = [folder / "local", folder / "on-ray"]
        for one in folders:
            one.mkdir()
        local = _Local(stack.enter_context(running_service(folders[0], max_streams=plan.streams)))
        more = {"GOREWATCH_ENGINE": "ray", "GOREWATCH_RAY_ADDRESS": cluster.address}
        service = stack.enter_context(running_service(folders[1], max_streams=plan.streams, more=more))
        return asyncio.run(_turns(plan, published, local, _OnRay(service, cluster)))


async def _turns(plan: Plan, published: Publishers, local: _Local, ray: _OnRay) -> Overhead:
    await _host_is_up(ray)
    async with api_of(local.service) as local_api, api_of(ray.service) as ray_api:
        apis: dict[_Side, Api] = {local: local_api, ray: ray_api}
        turns: dict[_Side, list[Turn]] = {local: [], ray: []}
        # What is needed once, by the first stream of each worker, belongs to no turn.
        for api in apis.values():
            await _end_all(api, await _add(plan, published, api))
        await asyncio.sleep(plan.settle_s)
        say(f"no streams, for {plan.idle_s:g} s …")
        idle = await _idle(plan, local, ray)
        for number in range(plan.rounds):
            order: list[_Side] = [local, ray] if number % 2 == 0 else [ray, local]
            for side in order:
                name = "this service" if side is local else "Ray"
                say(f"round {number + 1} of {plan.rounds}: {plan.streams} streams on {name} for {plan.turn_s:g} s …")
                turns[side].append(await _turn(plan, published, side, apis[side]))
    return Overhead(
        streams=plan.streams,
        fps=FPS,
        local=turns[local],
        ray=turns[ray],
        local_idle=idle[0],
        ray_idle=idle[1],
    )


async def _idle(plan: Plan, local: _Local, ray: _OnRay) -> tuple[Turn, Turn]:
    began_s, before = time.monotonic(), (local.used_s(), ray.used_s())
    await asyncio.sleep(plan.idle_s)
    lasted_s = time.monotonic() - began_s
    after = (local.used_s(), ray.used_s())
    first, second = (Turn(0, lasted_s, _less(late, early)) for early, late in zip(before, after, strict=True))
    return first, second


async def _turn(plan: Plan, published: Publishers, side: _Side, api: Api) -> Turn:
    added = await _add(plan, published, api)
    await asyncio.sleep(plan.settle_s)
    before, used_s, began_s = await _scored(api, added), side.used_s(), time.monotonic()
    await asyncio.sleep(plan.turn_s)
    samples, lasted_s = await _scored(api, added) - before, time.monotonic() - began_s
    used = _less(side.used_s(), used_s)
    await _end_all(api, added)
    return Turn(samples, lasted_s, used)


async def _add(plan: Plan, published: Publishers, api: Api) -> set[str]:
    """Streams that went on before, with their key frames evenly spread; their ids, once each has a score."""
    added = set[str]()
    for number in range(plan.streams):
        url = f"{published.url}?phase={number * GOP_S / plan.streams:.6f}"
        added.add(await api.add(url, f"live-{number}", _POLICY))
        await asyncio.sleep(_EACH_S)
    until_s = time.monotonic() + _COME_UP_S
    while (up := sum(stream.samples > 0 for stream in await _of(api, added))) < plan.streams:
        if time.monotonic() > until_s:
            raise CommandError(f"Only {up} of {plan.streams} streams came up in {_COME_UP_S:g} s.")
        await asyncio.sleep(_PAUSE_S)
    return added


async def _end_all(api: Api, added: set[str]) -> None:
    for stream_id in added:
        await api.end(stream_id)


async def _scored(api: Api, added: set[str]) -> int:
    return sum(stream.samples for stream in await _of(api, added))


async def _of(api: Api, added: set[str]) -> list[Seen]:
    """Those alone: others that ended stay in the list for a while."""
    return [stream for stream in await api.streams() if stream.id in added]


async def _host_is_up(ray: _OnRay) -> None:
    until_s = time.monotonic() + _HOST_TIMEOUT_S
    while not ray.cluster.host_pids():
        if time.monotonic() > until_s:
            raise CommandError(f"No host was started on Ray in {_HOST_TIMEOUT_S:g} s; see `gorewatch hosts`.")
        await asyncio.sleep(_PAUSE_S)


def loop_s(pid: int) -> float:
    """Of a service's first thread, which runs its event loop."""
    return math.fsum(one.user_time + one.system_time for one in psutil.Process(pid).threads() if one.id == pid)


def _less(late: Mapping[str, float], early: Mapping[str, float]) -> dict[str, float]:
    return {name: used_s - early[name] for name, used_s in late.items()}
