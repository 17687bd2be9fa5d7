"""Streams on hosts, as the service sees them: lost with their host, opened again on another, never heard twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from stream.address import parse
from stream.errors import Overloaded
from stream.options import SourceOptions
from stream.sample import Sample, Source, SourceInfo, State, Status
from stream.supervise import Reopening
from tests.until import WITHIN_S, until
from tests.web.cluster.hosting.making import Way, running, some_hosts
from tests.web.fakes import FakePool, FakeScorer
from web.cluster.hosting import host as host_module
from web.cluster.hosting import hosts as hosts_module
from web.cluster.hosting import link as link_module
from web.cluster.hosting.hosts import HostedEngine, Hosts
from web.engine import LocalEngine
from web.scored_sample import ScoredSample, shown_by

ADDRESS = parse("rtsp://camera.example/live")
OPTIONS = SourceOptions()
STORED = SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False, duration_s=8.0)


def engine_of(hosts: Hosts, here: FakePool | None = None) -> HostedEngine:
    return HostedEngine(LocalEngine(here or FakePool(), FakeScorer()), hosts)


class Reading:
    """A source, read as the pipeline does it: each sample is given back."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.states: list[State] = []
        self.samples: list[ScoredSample] = []
        self.failure_codes: list[str] = []
        self._items: AsyncIterator[Sample | Status] = aiter(source)

    async def until(self, condition: Callable[["Reading"], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition(self):
                item = await anext(self._items)
                if isinstance(item, ScoredSample):
                    self.samples.append(item)
                    self.source.release(item)
                elif isinstance(item, Status):
                    self.states.append(item.state)
                    if item.failure is not None:
                        self.failure_codes.append(item.failure.code)

    async def sampled(self, count: int) -> list[float]:
        """Scores, once there are so many."""
        await self.until(lambda reading: len(reading.samples) >= count)
        return [round(sample.raw, 2) for sample in self.samples]


@asynccontextmanager
async def lasting(engine: HostedEngine) -> AsyncIterator[Reading]:
    """A live stream that is opened again where it is lost."""
    source = Reopening(lambda: engine.pull(ADDRESS, OPTIONS), live=True)
    try:
        yield Reading(source)
    finally:
        await source.aclose()


async def where(ways: dict[str, Way], count: int = 1) -> list[str]:
    """The hosts that have sources, one name for each source, once there are so many."""

    def found() -> list[str]:
        return [name for name, way in ways.items() for source in way.pool.sources if not source.closed]

    await until(lambda: len(found()) == count)
    return found()


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


async def test_streams_are_spread() -> None:
    async with some_hosts("a", "b", "c") as (hosts, ways):
        await until(lambda: all(host.up for host in hosts))
        engine = engine_of(hosts)
        sources = [await engine.pull(ADDRESS, OPTIONS) for _ in range(12)]
        assert sorted(await where(ways, 12)) == ["a"] * 4 + ["b"] * 4 + ["c"] * 4
        await asyncio.gather(*(source.aclose() for source in sources))
        await until(lambda: all(host.streams == 0 for host in hosts))


async def test_who_comes_when_all_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts_module, "PLACE_TIMEOUT_S", 0.05)
    async with some_hosts("a", most_streams=2) as (hosts, ways):
        engine = engine_of(hosts)
        full = [engine.full]
        await until(lambda: hosts.ready)
        for _ in range(2):
            await engine.pull(ADDRESS, OPTIONS)
            full.append(engine.full)
        assert full == [False, False, True]
        with pytest.raises(Overloaded, match="None of the 1 hosts"):
            await engine.pull(ADDRESS, OPTIONS)
        ways["a"].busy = 1.0
        hosts.drain("a")
        with pytest.raises(Overloaded, match="No host takes streams"):
            await engine.pull(ADDRESS, OPTIONS)


async def test_why_a_host_does_not_come_up_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(link_module, "PAUSE_S", 0.01)
    way = Way()
    tries = 0

    async def begin(term: int) -> bool:
        nonlocal tries
        tries += 1
        raise RuntimeError(
            "Traceback (most recent call last):\n  …\nModelError: There is no model at /models/mine.json."
        )

    monkeypatch.setattr(way, "begin", begin)
    hosts = Hosts()
    hosts.add("a", way, most_streams=1)
    await until(lambda: tries > 3)
    await hosts.aclose()
    told = [record.getMessage() for record in caplog.records]
    assert told == ["the host a does not come up: ModelError: There is no model at /models/mine.json."]


async def test_who_comes_before_the_first_host_waits_for_it() -> None:
    async with some_hosts() as (hosts, _):
        opening = asyncio.create_task(engine_of(hosts).pull(ADDRESS, OPTIONS))
        way = Way()
        hosts.add("late", way, most_streams=1)
        source = await opening
        await way.source()
        await source.aclose()


async def test_a_publisher_is_answered_by_a_host() -> None:
    async with some_hosts("a") as (hosts, ways), running(ways["a"]):
        source, answer = await engine_of(hosts).receive("v=0 offer", OPTIONS)
        assert answer == "v=0\r\nanswer"
        assert ways["a"].pool.offers == ["v=0 offer"]
        assert not source.vacant
        source.trickle("a=candidate")
        there = await ways["a"].source()
        await until(lambda: there.fragments == ["a=candidate"])
        assert await source.restart_ice("a=ice-ufrag:x") == there.restart_answer
        there.vacant = True
        await until(lambda: source.vacant)
        source.give_up()
        await until(lambda: there.closed)


async def test_an_offer_that_a_host_refuses_is_refused() -> None:
    async with some_hosts("a") as (hosts, ways):
        ways["a"].pool.refuse = Overloaded("No worker process is up; the log says why.")
        with pytest.raises(Overloaded, match="No worker process"):
            await engine_of(hosts).receive("v=0 offer", OPTIONS)
        await until(lambda: all(host.streams == 0 for host in hosts))


@pytest.mark.parametrize("address", ["clip.mp4", "udp://0.0.0.0:5000", "srt://0.0.0.0:5000?mode=listener"])
async def test_files_and_ports_of_this_machine_are_watched_here(address: str, tmp_path: Path) -> None:
    here = FakePool()
    async with some_hosts("a") as (hosts, ways):
        await engine_of(hosts, here).pull(parse(address), OPTIONS)
        assert [len(here.sources), len(ways["a"].pool.sources)] == [1, 0]
