"""Hosts and scorers on Ray: actors on the nodes that have room for them, placed, supervised and started again by Ray.

Imported only where the engine is Ray: the client is heavy.
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

# Ray tells its makers of each cluster that is started unless it is told not to, before it is imported.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.autoscaler.sdk import request_resources
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ...background import going_on
from ...settings import ConfigError
from .actors import HostActor, RayHost, ScorerActor
from .growing import Growing
from .hosts import Hosts
from .parts import HostOptions
from .places import SCORERS, STREAMS, Place, places

_LOOK_EVERY_S = 1.0
_LOOK_TIMEOUT_S = 10.0
_INIT_TIMEOUT_S = 30.0
_log = logging.getLogger("gorewatch.hosts")


@asynccontextmanager
async def ray_hosts(address: str, options: HostOptions, *, region: str, autoscale: bool) -> AsyncIterator[Hosts]:
    """Hosts on all nodes of a cluster that are for the region, as these come and go.

    Raises `ConfigError` where there is no cluster.

    `options.cpus` is replaced by what a node has. `autoscale`: nodes are asked for when there is too little room.
    """
    knocked = False
    try:
        async with asyncio.timeout(_INIT_TIMEOUT_S):
            knocked = await _knock(address)
            # In a thread: it blocks, and in the main one it would take SIGTERM for itself.
            await asyncio.to_thread(
                ray.init,
                address=address,
                namespace="gorewatch",
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
            _take_back_signals()
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise ConfigError(_not_there(address, knocked=knocked)) from error
    hosts = Hosts()
    keeper = _Keeper(hosts, options, region=region)
    try:
        await keeper.look()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(going_on(keeper.run, "ray-nodes"))
            if autoscale:
                growing = Growing(hosts, lambda bundles: request_resources(bundles=bundles))
                await stack.enter_async_context(going_on(growing.run, "ray-growing"))
            yield hosts
    finally:
        await hosts.aclose()
        await asyncio.to_thread(ray.shutdown)


async def _knock(address: str) -> bool:
    """Whether somebody listens there, which is known of HOST:PORT alone. Raises OSError where nobody does.

    Ray's client would try for a minute, and cannot be stopped.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return False
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await writer.wait_closed()
    return True


def _not_there(address: str, *, knocked: bool) -> str:
    if knocked:
        return (
            f"What listens at {address} does not let this service into a Ray cluster: set RAY_AUTH_MODE and "
            f"RAY_AUTH_TOKEN as they are there, and use the same Ray (here {ray.__version__})."
        )
    return f"No Ray cluster answers at {address}; start one on this machine with `ray start --head`, or join one."


def _take_back_signals() -> None:
    """Ray's client has put its own handlers before Python's, which write a trace of the stack."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if (handler := signal.getsignal(number)) is not None:
            signal.signal(number, handler)
            signal.siginterrupt(number, False)


class _Keeper:
    """Has a host or a scorer where one belongs, and has hosts without a detector told of those that score for them."""

    def __init__(self, hosts: Hosts, options: HostOptions, *, region: str) -> None:
        self._hosts = hosts
        self._region = region
        self._options = options
        self._actors: dict[Place, Any] = {}
        self._remotes: dict[Place, RayHost] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._hosts.balance()
            try:
                await self.look()
            except Exception as error:  # whatever Ray raises, the hosts that are there go on
                _log.error("Ray does not tell its nodes: %r", error)

    async def look(self) -> None:
        async with asyncio.timeout(_LOOK_TIMEOUT_S):
            wanted = places(await asyncio.to_thread(ray.nodes), region=self._region)
        before = self._scorers()
        for gone in self._actors.keys() - set(wanted.values()):
            _log.warning("the node of %s is gone", gone.id)
            if self._remotes.pop(gone, None) is not None:
                await self._hosts.remove(gone.id)
            ray.kill(self._actors.pop(gone))
        for place in set(wanted.values()) - self._actors.keys():
            self._actors[place] = self._start(place)
        scorers = self._scorers()
        if scorers.keys() != before.keys():
            for remote in self._remotes.values():
                remote.know(scorers)
        for place in self._actors.keys() - self._remotes.keys():
            if place.streams:
                self._take_on(place, scorers)

    def _take_on(self, place: Place, scorers: Mapping[str, Any]) -> None:
        _log.info("a host is started on %s, for %d streams", place.id, place.streams)
        remote = self._remotes[place] = RayHost(self._actors[place], scorers)
        self._hosts.add(
            place.id, remote, most_streams=place.streams, cpus=place.cpus, scorer="borrowed" if place.borrows else "own"
        )

    def _scorers(self) -> dict[str, Any]:
        """Those that are lent, by names that tell a node from another of its name."""
        return {f"{place.id} ({place.node_id[:8]})": actor for place, actor in self._actors.items() if place.lends}

    def _start(self, place: Place) -> Any:
        options = replace(self._options, cpus=place.cpus, borrows=place.borrows)
        return (
            ray.remote(HostActor if place.streams else ScorerActor)
            .options(
                num_cpus=place.cpus,
                num_gpus=place.gpus,
                resources={STREAMS: place.streams, SCORERS: int(place.lends)},
                scheduling_strategy=NodeAffinitySchedulingStrategy(place.node_id, soft=False),
                max_restarts=-1,
                max_task_retries=0,
            )
            .remote(options)
        )
