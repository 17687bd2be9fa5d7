"""Which host gets what, who has to wait for one, what they are told who find none, and publishers on hosts."""

import asyncio
from pathlib import Path

import pytest

from stream.address import parse
from stream.errors import Overloaded
from tests.until import until
from tests.web.cluster.hosting.engine import ADDRESS, OPTIONS, engine_of, where
from tests.web.cluster.hosting.making import Way, running, some_hosts
from tests.web.fakes import FakePool
from web.cluster.hosting import hosts as hosts_module
from web.cluster.hosting import link as link_module
from web.cluster.hosting.hosts import Hosts


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
        full = [engine.full_for(ADDRESS)]
        await until(lambda: hosts.ready)
        for _ in range(2):
            await engine.pull(ADDRESS, OPTIONS)
            full.append(engine.full_for(ADDRESS))
        assert full == [False, False, True]
        # What is watched here needs no room there.
        assert not engine.full_for(parse("clip.mp4"))
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
        there = await way.source()
        await source.aclose()
        await until(lambda: there.closed)


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
