"""Streams on hosts, as the service sees them: lost with their host, opened again on another, never heard twice."""

import asyncio

import numpy as np
import pytest

from stream.sample import State
from tests.until import until
from tests.web.cluster.hosting.engine import ADDRESS, OPTIONS, STORED, Reading, engine_of, lasting, where
from tests.web.cluster.hosting.making import running, some_hosts
from web.cluster.hosting import host as host_module
from web.cluster.hosting import link as link_module
from web.scored_sample import shown_by


async def test_samples_come_with_their_scores_and_some_with_a_picture() -> None:
    async with some_hosts("a") as (hosts, ways), lasting(engine_of(hosts)) as reading:
        opening = asyncio.create_task(reading.until(lambda it: State.LIVE in it.states))
        source = await ways["a"].source()
        source.live()
        await opening
        for number in range(3):
            source.sample(0.5 * number, 0.1 * number)
        assert await reading.sampled(3) == [0.0, 0.1, 0.2]
        lane = engine_of(hosts).lane()
        assert [await lane.submit(one, live=True) for one in reading.samples] == [one.raw for one in reading.samples]
        pictures = [shown_by(one) for one in reading.samples]
        assert [picture is not None for picture in pictures] == [True, False, True]
        assert pictures[2] is not None
        assert np.allclose(pictures[2].pixels, 51, atol=3)
        assert all(one.pixels.size == 0 for one in reading.samples)


async def test_what_was_opened_for_all_comes_with_all() -> None:
    async with some_hosts("a") as (hosts, ways):
        engine = engine_of(hosts)
        reading = Reading(await engine.pull(ADDRESS, OPTIONS, all_told=True))
        source = await ways["a"].source()
        source.live(STORED)
        source.sample(0.0, 0.8)
        await reading.sampled(1)
        told = await engine.lane().tell(reading.samples[0])
        assert told.prob == pytest.approx(0.8, abs=0.01)
        await reading.source.aclose()


async def test_a_stream_goes_on_elsewhere_as_the_same_media_when_its_host_is_gone() -> None:
    async with some_hosts("a", "b") as (hosts, ways), lasting(engine_of(hosts)) as reading:
        first = asyncio.create_task(reading.sampled(2))
        [home] = await where(ways)
        source = await ways[home].source()
        source.live()
        source.sample(0.0, 0.1)
        source.sample(0.5, 0.2)
        await first
        ways[home].gone = True
        other = ways["b" if home == "a" else "a"]
        again = asyncio.create_task(reading.sampled(3))
        anew = await other.source()
        anew.live()
        anew.sample(0.0, 0.3)
        assert await again == [0.1, 0.2, 0.3]
        assert reading.failure_codes == ["host_lost"]
        assert reading.states == [State.CONNECTING, State.LIVE, State.RECONNECTING, State.RECONNECTING, State.LIVE]
        positions = [sample.position_s for sample in reading.samples]
        assert positions == sorted(set(positions))
        assert [sample.epoch for sample in reading.samples] == [0, 0, 1]


async def test_a_frozen_host_is_given_up_and_says_nothing_when_it_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "SILENT_S", 1.5)
    async with some_hosts("a", "b") as (hosts, ways), lasting(engine_of(hosts)) as reading:
        first = asyncio.create_task(reading.sampled(1))
        [home] = await where(ways)
        frozen, other = ways[home], ways["b" if home == "a" else "a"]
        asleep = await frozen.source()
        asleep.live()
        asleep.sample(0.0, 0.1)
        await first
        frozen.frozen.clear()
        again = asyncio.create_task(reading.sampled(2))
        anew = await other.source()
        anew.live()
        anew.sample(0.0, 0.3)
        await again
        # It goes on with what it had, until it hears that this is over.
        asleep.sample(0.5, 0.9)
        frozen.frozen.set()
        await until(lambda: asleep.closed)
        await until(lambda: all(host.up for host in hosts))
        anew.sample(0.5, 0.4)
        assert await reading.sampled(3) == [0.1, 0.3, 0.4]
        assert [host.times_lost for host in hosts] == [1 if host.id == home else 0 for host in hosts]


async def test_a_host_that_was_restarted_gets_streams_again() -> None:
    async with some_hosts("a") as (hosts, ways), lasting(engine_of(hosts)) as reading:
        first = asyncio.create_task(reading.sampled(1))
        source = await ways["a"].source()
        source.live()
        source.sample(0.0, 0.1)
        await first
        before = ways["a"].host
        ways["a"].gone = True
        again = asyncio.create_task(reading.sampled(2))
        await until(lambda: not hosts.ready)
        await before.aclose()
        ways["a"].new_host()
        ways["a"].gone = False
        anew = await ways["a"].source(1)
        anew.live()
        anew.sample(0.0, 0.2)
        assert await again == [0.1, 0.2]


async def test_a_drained_host_hands_its_live_streams_over_and_ends_what_is_stored() -> None:
    async with some_hosts("a", "b") as (hosts, ways), lasting(engine_of(hosts)) as reading:
        first = asyncio.create_task(reading.sampled(1))
        [home] = await where(ways)
        live = await ways[home].source()
        live.live()
        live.sample(0.0, 0.1)
        await first
        other = "b" if home == "a" else "a"
        hosts.drain(other)
        stored = Reading(await engine_of(hosts).pull(ADDRESS, OPTIONS))
        assert await where(ways, 2) == [home, home]
        video = await ways[home].source(1)
        video.live(STORED)
        await stored.until(lambda it: State.LIVE in it.states)
        hosts.undrain(other)
        assert hosts.drain(home) == 1
        again = asyncio.create_task(reading.sampled(2))
        anew = await ways[other].source()
        anew.live()
        anew.sample(0.0, 0.2)
        await again
        await until(lambda: live.closed)
        video.sample(1.0, 0.7)
        video.end()
        await stored.until(lambda it: State.ENDED in it.states)
        assert await stored.sampled(1) == [0.7]
        assert {host.id: (host.draining, host.streams) for host in hosts} == {home: (True, 0), other: (False, 1)}


async def test_a_host_that_is_gone_for_good_is_forgotten_and_its_streams_are_not() -> None:
    async with some_hosts("a", "b") as (hosts, ways), lasting(engine_of(hosts)) as reading:
        first = asyncio.create_task(reading.sampled(1))
        [home] = await where(ways)
        source = await ways[home].source()
        source.live()
        source.sample(0.0, 0.1)
        await first
        again = asyncio.create_task(reading.sampled(2))
        await hosts.remove(home)
        anew = await ways["b" if home == "a" else "a"].source()
        anew.live()
        anew.sample(0.0, 0.2)
        await again
        assert [host.id for host in hosts] == ["b" if home == "a" else "a"]


async def test_a_stream_leaves_a_host_that_has_too_much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "_COUNT_EVERY_S", 0.01)
    monkeypatch.setattr(host_module, "_GATHER_S", 0.01)
    now_s = 0.0
    async with some_hosts("a", "b", clock=lambda: now_s) as (hosts, ways), lasting(engine_of(hosts)) as reading:
        await until(lambda: all(host.up for host in hosts))
        hosts.drain("b")
        first = asyncio.create_task(reading.sampled(1))
        source = await ways["a"].source()
        source.live()
        source.sample(0.0, 0.1)
        await first
        other = Reading(await engine_of(hosts).pull(ADDRESS, OPTIONS))
        (await ways["a"].source(1)).live()
        await other.until(lambda it: State.LIVE in it.states)
        ways["a"].busy = 1.0
        hosts.undrain("b")
        async with running(ways["a"]):
            await until(lambda: any(host.busy > 0.95 for host in hosts))
        now_s = 10.0
        hosts.balance()
        hosts.balance()
        await other.until(lambda it: State.FAILED in it.states)
        assert other.failure_codes == ["host_lost"]
        assert {host.id: host.streams for host in hosts} == {"a": 1, "b": 0}
