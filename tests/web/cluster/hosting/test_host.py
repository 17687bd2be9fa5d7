"""A host by itself: what it is told to watch, and what it tells."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from stream.address import parse
from stream.errors import Overloaded
from stream.options import SourceOptions
from stream.sample import SourceInfo, State
from tests.until import until
from tests.web.cluster.hosting.making import Way, running
from tests.web.fakes import FakeSource
from web.cluster.hosting import host as host_module
from web.cluster.hosting.messages import (
    Answered,
    Batch,
    Close,
    Counted,
    Hurry,
    Lapsed,
    Open,
    Receive,
    Report,
    Restarted,
    Sampled,
    Stated,
    Taken,
    Trickle,
)

ADDRESS = parse("rtsp://camera.example/live")
STORED = SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False, duration_s=8.0)


def opening(number: int = 1, *, all_told: bool = False) -> Open:
    return Open(number, ADDRESS, SourceOptions(), all_told)


class Listening:
    """Who asks a host for its reports."""

    def __init__(self, way: Way, term: int = 1) -> None:
        self.way = way
        self.term = term
        self.heard: list[Report] = []

    async def begin(self) -> None:
        assert await self.way.begin(self.term)

    async def once(self) -> None:
        batch = await self.way.reports(self.term)
        assert isinstance(batch, Batch)
        self.heard += batch.reports

    async def hear(self, count: int, kind: type[Report]) -> list[Report]:
        """So many of a kind."""
        async with asyncio.timeout(30.0):
            while len(found := [one for one in self.heard if isinstance(one, kind)]) < count:
                await self.once()
        return found

    async def samples(self, count: int) -> list[Sampled]:
        return [one for one in await self.hear(count, Sampled) if isinstance(one, Sampled)]

    async def end(self) -> Stated:
        async with asyncio.timeout(30.0):
            while True:
                for one in self.heard:
                    if isinstance(one, Stated) and one.status.state.final:
                        return one
                await self.once()


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    way = Way()
    service = Listening(way)
    await service.begin()
    async with running(way):
        yield service
    await way.host.aclose()


async def watched(listening: Listening, *, all_told: bool = False) -> FakeSource:
    """A source that it watches, live."""
    await listening.way.order(1, [opening(all_told=all_told)])
    source = await listening.way.source()
    source.live()
    return source


async def test_scores_states_and_totals_are_told_in_order(listening: Listening) -> None:
    source = await watched(listening)
    for number in range(3):
        source.sample(0.5 * number, 0.2 * number)
    source.end()
    end = await listening.end()
    assert end.status.state is State.ENDED
    told = [one for one in listening.heard if not isinstance(one, Counted)]
    assert [type(one) for one in told] == [Stated, Stated, Sampled, Sampled, Sampled, Stated]
    assert [round(one.raw, 2) for one in told if isinstance(one, Sampled)] == [0.0, 0.2, 0.4]
    assert source.released == [0, 1, 2]
    assert source.closed


async def test_a_failure_arrives_as_it_is(listening: Listening) -> None:
    source = await watched(listening)
    source.fail("not_found", "There is nothing.")
    failure = (await listening.end()).status.failure
    assert failure is not None
    assert (failure.code, failure.message) == ("not_found", "There is nothing.")


async def test_what_cannot_be_opened_is_told_too(listening: Listening) -> None:
    listening.way.pool.refuse = Overloaded("No worker process is up; the log says why.")
    await listening.way.order(1, [opening()])
    failure = (await listening.end()).status.failure
    assert failure is not None
    assert failure.code == "overloaded"


async def test_all_that_the_detector_tells_comes_where_it_was_asked_for(listening: Listening) -> None:
    source = await watched(listening, all_told=True)
    source.sample(0.0, 0.8)
    [sampled] = await listening.samples(1)
    assert sampled.taxonomy is not None
    assert sampled.taxonomy.prob == pytest.approx(0.8, abs=0.01)


async def test_pictures_come_every_two_seconds_and_of_what_may_be_gore(listening: Listening) -> None:
    source = await watched(listening)
    for number in range(8):
        source.sample(0.5 * number, 0.9 if number == 5 else 0.05)
    sampled = await listening.samples(8)
    assert [one.position_s for one in sampled if one.jpeg is not None] == [0.0, 2.0, 2.5]


async def test_pictures_come_while_it_hurries_four_a_second_at_most(listening: Listening) -> None:
    source = await watched(listening)
    source.sample(0.0, 0.05)
    await listening.samples(1)
    await listening.way.order(1, [Taken(1, 1), Hurry(1, 5.0)])
    for number in range(1, 8):
        source.sample(0.125 * number, 0.05)
    sampled = await listening.samples(8)
    assert sum(one.jpeg is not None for one in sampled) == 4
    assert source.hurries == [5.0]


async def test_a_live_source_that_nobody_judges_is_not_read_ahead(listening: Listening) -> None:
    source = await watched(listening)
    for number in range(20):
        source.sample(0.5 * number, 0.0)
    assert len(await listening.samples(8)) == 8
    await until(lambda: len(source.released) == 20)
    await listening.way.order(1, [Taken(1, 8)])
    source.sample(10.0, 0.0)
    source.end()
    await listening.end()
    sampled = await listening.samples(9)
    assert [one.position_s for one in sampled][-2:] == [3.5, 10.0]
    counted = [one for one in listening.heard if isinstance(one, Counted)]
    assert counted[-1].counters.dropped == {"behind": 12}


async def test_a_stored_one_waits_and_loses_nothing(listening: Listening) -> None:
    await listening.way.order(1, [opening()])
    source = await listening.way.source()
    source.live(STORED)
    for number in range(100):
        source.sample(0.1 * number, 0.0)
    source.end()
    assert len(await listening.samples(64)) == 64
    for _ in range(100):
        await listening.way.order(1, [Taken(1, 1)])
    await listening.end()
    assert [one.position_s for one in await listening.samples(100)] == [0.1 * number for number in range(100)]


async def test_who_closes_a_source_hears_its_end(listening: Listening) -> None:
    source = await watched(listening)
    source.sample(0.0, 0.1)
    await listening.samples(1)
    await listening.way.order(1, [Close(1)])
    assert (await listening.end()).status.state is State.ENDED
    assert source.closed


async def test_a_publisher_is_answered_and_what_it_sends_later_is_handed_on(listening: Listening) -> None:
    await listening.way.order(1, [Receive(1, "v=0 offer", SourceOptions())])
    assert await listening.hear(1, Answered) == [Answered(1, "v=0\r\nanswer")]
    source = await listening.way.source()
    source.live()
    await listening.hear(2, Stated)
    await listening.way.order(1, [Trickle(1, "a=candidate", restart=False), Trickle(1, "a=ice-ufrag:x", restart=True)])
    assert await listening.hear(1, Restarted) == [Restarted(1, source.restart_answer)]
    assert source.fragments == ["a=candidate", "a=ice-ufrag:x"]
    source.vacant = True
    async with asyncio.timeout(30.0):
        while not any(isinstance(one, Counted) and one.vacant for one in listening.heard):
            await listening.once()


async def test_a_new_term_ends_all_of_the_one_before_which_is_heard_no_more(listening: Listening) -> None:
    source = await watched(listening)
    source.sample(0.0, 0.1)
    assert await listening.way.begin(2)
    assert source.closed
    assert await listening.way.order(1, [opening()]) == Lapsed()
    assert await listening.way.reports(1) == Lapsed()
    assert not await listening.way.begin(2)
    anew = Listening(listening.way, term=2)
    await anew.once()
    assert anew.heard == []


async def test_what_nobody_asks_for_any_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "LEASE_S", 0.05)
    monkeypatch.setattr(host_module, "_COUNT_EVERY_S", 0.01)
    way = Way()
    service = Listening(way)
    await service.begin()
    async with running(way):
        source = await watched(service)
        await until(lambda: source.closed)
        # Whoever asks again, as one who was frozen would, hears that there is nothing any more, and begins anew.
        assert await way.reports(1) == Lapsed()
        assert await way.order(1, [opening()]) == Lapsed()
        assert await way.begin(2)
    await way.host.aclose()
