"""Hosts on Ray: an actor on each node that has room for streams, placed, supervised and started again by Ray.

Imported only where the engine is Ray: the client is heavy.
"""

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

# Ray tells its makers of each cluster that is started unless it is told not to, before it is imported.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.autoscaler.sdk import request_resources
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ...background import going_on
from ...collecting import collect_rarely
from ...settings import ConfigError
from .growing import RESOURCE, Growing
from .host import Host
from .hosts import Hosts
from .messages import Batch, Lapsed, Order, Taken
from .parts import HostOptions, open_host

REGION_LABEL = "gorewatch-region"
"""Of a node: `ray start --labels gorewatch-region=eu`."""
_LOOK_EVERY_S = 1.0
_LOOK_TIMEOUT_S = 10.0
_INIT_TIMEOUT_S = 30.0
_log = logging.getLogger("gorewatch.hosts")


class HostActor:
    """A `web.cluster.hosting.link.Remote`, in a process of its own on the machine that it stands for."""

    def __init__(self, options: HostOptions) -> None:
        logging.basicConfig(level=logging.INFO)
        self._options = options
        self._parts = AsyncExitStack()
        self._opening: asyncio.Task[Host] | None = None

    async def begin(self, term: int) -> bool:
        if self._opening is None:
            self._opening = asyncio.create_task(self._opened())
        try:
            host = await asyncio.shield(self._opening)
        except Exception:
            self._opening = None
            raise
        return await host.begin(term)

    async def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None:
        return (await self._host()).order(term, orders)

    async def reports(self, term: int, taken: Sequence[Taken]) -> Batch | Lapsed:
        return await (await self._host()).reports(term, taken)

    async def _opened(self) -> Host:
        host = await self._parts.enter_async_context(open_host(self._options))
        collect_rarely()
        return host

    async def _host(self) -> Host:
        if self._opening is None:
            raise RuntimeError("it has not begun")
        return await asyncio.shield(self._opening)


class RayHost:
    """The `Remote` that the service talks to."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def begin(self, term: int) -> bool:
        return bool(await self._actor.begin.remote(term))

    async def order(self, term: int, orders: Sequence[Order]) -> Lapsed | None:
        answer: Lapsed | None = await self._actor.order.remote(term, list(orders))
        return answer

    async def reports(self, term: int, taken: Sequence[Taken]) -> Batch | Lapsed:
        answer: Batch | Lapsed = await self._actor.reports.remote(term, list(taken))
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Room for a host on a node."""

    id: str
    node_id: str
    cpus: float
    gpus: int
    streams: int


def places(nodes: Iterable[Mapping[str, Any]], *, region: str) -> dict[str, Place]:
    """Where hosts belong, by their ids, of nodes as Ray tells them: one on each that has `streams`, one a GPU.

    Nodes whose label `gorewatch-region` names another region are left to the service there.
    A host is called as its node was (`ray start --node-name`), or else by its machine.
    """
    found: dict[str, Place] = {}
    ours = (node for node in nodes if node["Alive"] and node.get("Labels", {}).get(REGION_LABEL, region) == region)
    roomy = [node for node in ours if node["Resources"].get(RESOURCE, 0) >= 1]
    given = Counter(node["NodeName"] for node in roomy)
    for node in roomy:
        resources = node["Resources"]
        streams, gpus = int(resources[RESOURCE]), int(resources.get("GPU", 0))
        parts = max(min(gpus, streams), 1)
        name = node["NodeName"]
        if name == node["NodeManagerAddress"] or given[name] > 1:
            name = f"{node['NodeManagerHostname']}-{node['NodeID'][:8]}"
        for part in range(parts):
            place = Place(
                id=name if parts == 1 else f"{name}-{part}",
                node_id=node["NodeID"],
                cpus=float(resources.get("CPU", 0)) / parts,
                gpus=min(gpus, 1),
                streams=streams // parts,
            )
            found[place.id] = place
    return found


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
    """Has a host where one belongs."""

    def __init__(self, hosts: Hosts, options: HostOptions, *, region: str) -> None:
        self._hosts = hosts
        self._region = region
        self._options = options
        self._actors: dict[Place, Any] = {}

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
        for gone in self._actors.keys() - set(wanted.values()):
            _log.warning("the node of the host %s is gone", gone.id)
            await self._hosts.remove(gone.id)
            ray.kill(self._actors.pop(gone))
        for place in set(wanted.values()) - self._actors.keys():
            _log.info("a host is started on %s, for %d streams", place.id, place.streams)
            self._actors[place] = actor = self._start(place)
            self._hosts.add(place.id, RayHost(actor), most_streams=place.streams, cpus=place.cpus)

    def _start(self, place: Place) -> Any:
        options = replace(self._options, cpus=place.cpus)
        return (
            ray.remote(HostActor)
            .options(
                num_cpus=place.cpus,
                num_gpus=place.gpus,
                resources={RESOURCE: place.streams},
                scheduling_strategy=NodeAffinitySchedulingStrategy(place.node_id, soft=False),
                max_restarts=-1,
                max_task_retries=0,
            )
            .remote(options)
        )
