"""Samples of a host without a detector: gathered, sent to scorers elsewhere, given up or sent again with these lost."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from inference.scorer import SampleDropped, ScoringFailed
from tests.until import WITHIN_S, until
from tests.web.cluster.hosting.lent import DETECTOR, Scorer, borrowed, sample
from web.cluster.hosting.borrowing import Borrowed
from web.cluster.hosting.underway import BATCH

OTHER = replace(DETECTOR, version="2")


@asynccontextmanager
async def borrowing(
    scorers: Mapping[str, Scorer], *, asked: int | None = None, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Borrowed]:
    """A host that knows these, once so many of them may be asked: all."""
    host = borrowed(clock)
    try:
        host.know(scorers)
        await until(lambda: host.scorers == (len(scorers) if asked is None else asked))
        yield host
    finally:
        await host.aclose()


async def reason(score: "asyncio.Future[float]") -> str:
    """Why it was given up."""
    with pytest.raises(SampleDropped) as given_up:
        async with asyncio.timeout(WITHIN_S):
            await score
    return given_up.value.reason


async def test_samples_of_all_streams_travel_together_and_each_gets_its_own_score() -> None:
    scorer = Scorer()
    async with borrowing({"a": scorer}) as host:
        scores = [host.lane().submit(sample(level), live=True) for level in (10, 20, 30)]
        told = host.lane().tell(sample(40), live=True)
        assert await asyncio.gather(*scores) == [10 / 255, 20 / 255, 30 / 255]
        assert (await told).prob == round(40 / 255, 4)
        assert scorer.batches == [[10, 20, 30, 40]]


async def test_what_the_detector_fails_on_fails_alone() -> None:
    async with borrowing({"a": Scorer()}) as host:
        bright, dark = (host.lane().submit(sample(level), live=True) for level in (255, 1))
        with pytest.raises(ScoringFailed, match="too bright"):
            await bright
        assert await dark == 1 / 255


async def test_batches_go_where_fewer_are_under_way() -> None:
    one, two = Scorer(), Scorer()
    async with borrowing({"one": one, "two": two}) as host:
        one.frozen.clear()
        lanes = [host.lane() for _ in range(2 * BATCH)]
        scores = [lane.submit(sample(1), live=True) for lane in lanes]
        await asyncio.gather(*scores[BATCH:])
        assert (len(one.levels), len(two.levels)) == (BATCH, BATCH)
        await host.lane().submit(sample(2), live=True)
        assert two.levels[-1] == 2
        one.frozen.set()
        await asyncio.gather(*scores)


async def test_a_sample_that_nobody_waits_for_is_not_sent() -> None:
    scorer = Scorer()
    async with borrowing({"a": scorer}) as host:
        lane = host.lane()
        lane.submit(sample(1), live=True).cancel()
        await lane.submit(sample(2), live=True)
        assert scorer.levels == [2]


async def test_live_samples_are_given_up_for_newer_ones_while_scorers_have_too_much_to_do() -> None:
    scorer = Scorer()
    async with borrowing({"a": scorer}) as host:
        scorer.frozen.clear()
        busy = [host.lane().submit(sample(1), live=True) for _ in range(BATCH)]
        lane = host.lane()
        first, *others = [lane.submit(sample(level), live=True) for level in range(2, 7)]
        assert await reason(first) == "newer"
        assert host.strained
        scorer.frozen.set()
        await asyncio.gather(*busy, *others)
        assert scorer.levels[BATCH:] == [3, 4, 5, 6]


async def test_live_samples_that_waited_too_long_are_given_up_and_stored_ones_are_not() -> None:
    scorer, behind_s = Scorer(), [0.0]
    async with borrowing({"a": scorer}, clock=lambda: time.monotonic() + behind_s[0]) as host:
        scorer.frozen.clear()
        busy = [host.lane().submit(sample(1), live=True) for _ in range(BATCH)]
        await until(lambda: len(scorer.levels) == BATCH)
        live, stored = host.lane().submit(sample(2), live=True), host.lane().submit(sample(3), live=False)
        behind_s[0] = 1.5
        scorer.frozen.set()
        await asyncio.gather(*busy)
        assert await reason(live) == "newer"
        assert await stored == 3 / 255


async def test_stored_samples_wait_while_scorers_have_too_much_to_do() -> None:
    scorer = Scorer()
    async with borrowing({"a": scorer}) as host:
        scorer.frozen.clear()
        lane = host.lane()
        scores = [lane.submit(sample(level % 200), live=False) for level in range(3 * BATCH)]
        await until(lambda: len(scorer.levels) == BATCH)
        scorer.frozen.set()
        assert await asyncio.gather(*scores) == [level % 200 / 255 for level in range(3 * BATCH)]
        assert not host.strained


async def test_of_a_lost_batch_live_samples_are_given_up_and_stored_ones_are_scored_elsewhere() -> None:
    one, two = Scorer(), Scorer()
    async with borrowing({"one": one, "two": two}) as host:
        one.frozen.clear()
        live, stored = host.lane().submit(sample(1), live=True), host.lane().submit(sample(2), live=False)
        await until(lambda: len(one.levels) == 2)
        one.gone = True
        one.frozen.set()
        assert await reason(live) == "scorer_lost"
        assert await stored == 2 / 255
        assert two.levels == [2]


async def test_a_sample_over_which_scorers_are_lost_again_and_again_is_given_up() -> None:
    scorers = {str(number): Scorer() for number in range(4)}
    async with borrowing(scorers) as host:
        for scorer in scorers.values():
            scorer.frozen.clear()
        stored = host.lane().submit(sample(9), live=False)
        lost: list[Scorer] = []
        while len(lost) < 3:
            await until(lambda: any(one.levels for one in scorers.values() if one not in lost))
            [scorer] = [one for one in scorers.values() if one.levels and one not in lost]
            scorer.gone = True
            scorer.frozen.set()
            lost.append(scorer)
        assert await reason(stored) == "scorer_lost"


async def test_without_a_scorer_live_samples_are_given_up_and_stored_ones_wait_for_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with borrowing({}) as host:
        lane = host.lane()
        for _ in range(3):
            assert await reason(lane.submit(sample(1), live=True)) == "no_scorer"
        assert host.strained
        assert [one.message for one in caplog.records if one.levelno == logging.ERROR] == [
            "none of 0 scorers answers: live samples are given up until one does"
        ]
        stored = lane.submit(sample(2), live=False)
        host.know({"a": Scorer()})
        assert await stored == 2 / 255
        assert await lane.submit(sample(3), live=True) == 3 / 255


async def test_a_scorer_that_was_lost_is_asked_again_when_it_answers() -> None:
    scorer = Scorer()
    async with borrowing({"a": scorer}) as host:
        lane = host.lane()
        scorer.gone = True
        assert await reason(lane.submit(sample(1), live=True)) == "scorer_lost"
        assert await reason(lane.submit(sample(1), live=True)) == "no_scorer"
        scorer.gone = False
        await until(lambda: host.scorers == 1)
        assert await lane.submit(sample(2), live=True) == 2 / 255


async def test_a_scorer_with_another_detector_is_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    wrong, right = Scorer(OTHER), Scorer()
    async with borrowing({"a": wrong, "b": right}, asked=1) as host:
        for level in range(3):
            await host.lane().submit(sample(level), live=True)
        assert (wrong.levels, right.levels) == ([], [0, 1, 2])
    assert "not scored by a: it has the detector gore 2" in caplog.text


async def test_a_scorer_that_is_there_no_more_is_left_at_once() -> None:
    one, two = Scorer(), Scorer()
    async with borrowing({"one": one, "two": two}) as host:
        one.frozen.clear()
        stored = host.lane().submit(sample(1), live=False)
        await until(lambda: one.levels == [1])
        host.know({"two": two})
        assert await stored == 1 / 255


async def test_what_waits_and_what_is_under_way_is_given_up_at_the_end() -> None:
    scorer = Scorer()
    async with borrowing({"a": scorer}) as host:
        scorer.frozen.clear()
        under_way = [host.lane().submit(sample(1), live=True) for _ in range(BATCH)]
        lane, other = host.lane(), host.lane()
        closed, waiting = lane.submit(sample(2), live=True), other.submit(sample(3), live=False)
        lane.close()
        assert await reason(closed) == "closed"
        await until(lambda: len(scorer.levels) == BATCH)
        await host.aclose()
        assert [await reason(one) for one in (*under_way, waiting)] == ["shutdown"] * (BATCH + 1)
        assert await reason(other.submit(sample(4), live=True)) == "shutdown"
