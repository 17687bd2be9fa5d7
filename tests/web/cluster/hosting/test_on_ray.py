"""Twenty streams on three nodes of Ray, while one part after the other is lost: nothing is lost with it, or doubled."""

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

from tests.until import until
from tests.web.cluster.hosting.world import World, running_world
from tests.web.faults.logbook import following


@pytest.mark.timeout(400)
async def test_one_part_after_the_other_is_lost(tmp_path: Path) -> None:
    # One world for all: it takes long to make.
    with running_world(tmp_path) as world:
        media = world.media()
        for lose in (_a_host, _a_node, _a_host_that_wakes_up_late, _nats, _postgresql, _a_web_node):
            await lose(world)
            assert world.media() == media, f"after {lose.__name__} streams are other media"
        await _the_service(world)


async def _a_host(world: World) -> None:
    async with world.observed():
        reconnects = world.reconnects()
        _host_process(world, "one").kill()
        await world.lost(reconnects)
        await world.live_again()
        await world.hosts_up()


async def _a_node(world: World) -> None:
    async with world.observed():
        reconnects = world.reconnects()
        await asyncio.to_thread(world.ray.kill, "two")
        await world.lost(reconnects)
        await world.live_again()
        await asyncio.to_thread(world.ray.add, "two")
        await world.hosts_up()


async def _a_host_that_wakes_up_late(world: World) -> None:
    async with world.observed():
        reconnects = world.reconnects()
        frozen = _host_process(world, "three")
        frozen.send_signal(signal.SIGSTOP)
        try:
            await world.lost(reconnects)
            await world.live_again()
        finally:
            frozen.send_signal(signal.SIGCONT)
        await world.hosts_up()
        assert _host_process(world, "three").pid == frozen.pid, "it was started anew, and did not wake up"
        await world.live_again()


async def _nats(world: World) -> None:
    async with world.observed() as everybody:
        await asyncio.to_thread(world.nats.stop, number=signal.SIGKILL)
        await world.live_again()
        had = [len(one.events) for one in everybody]
        await asyncio.to_thread(world.nats.start)
        await until(lambda: all(len(one.events) > count for one, count in zip(everybody, had, strict=True)))


async def _postgresql(world: World) -> None:
    async with world.observed():
        await asyncio.to_thread(world.postgres.stop)
        await world.live_again()
        await asyncio.to_thread(world.postgres.start)
        await world.live_again()


async def _a_web_node(world: World) -> None:
    """Whoever was on it goes on at another."""
    everybody = await world.subscribers()
    with world.web_node() as node:
        async with following(node.url, everybody):
            await until(lambda: all(one.events for one in everybody))
            await asyncio.to_thread(node.kill)
            await until(lambda: all(one.lost.is_set() for one in everybody))
    async with following(world.web_nodes[0].url, everybody):
        await world.compare(everybody)


async def _the_service(world: World) -> None:
    """The next one takes up all streams, as new media."""
    ids, media = set(world.samples()), world.media()
    async with world.observed():
        await asyncio.to_thread(world.replace_service)
        await world.live_again()
        await world.hosts_up()
    assert set(world.samples()) == ids
    assert not world.media() & media


def _host_process(world: World, node: str) -> psutil.Process:
    [process] = world.ray.nodes[node].actors("HostActor")
    return process
